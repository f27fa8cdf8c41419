// SPDX-License-Identifier: MIT
// @ts-check
/** What the tools must know of Markdown as GitHub shows it. */

/**
 * Gives headings their anchors as GitHub does: lower case, no punctuation, hyphens for blanks, a number for the second
 * of a name. To be asked in the order of the headings of one file.
 * @returns {(heading: string) => string}
 */
export function anchors() {
  /** @type {Map<string, number>} */
  const seen = new Map();
  return (heading) => {
    const slug = textOf(heading)
      .toLowerCase()
      .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  };
}

/** A heading without its markup: the text of links, no emphasis. @param {string} heading */
function textOf(heading) {
  return heading
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/[*`]/g, '')
    .trim();
}

/**
 * A document without what is not prose: fenced code, indented code after a blank line, and, unless `keepSpans`, code
 * spans. Lines stay where they are.
 * @param {string} text @param {{ keepSpans?: boolean }} [options]
 */
export function withoutCode(text, { keepSpans = false } = {}) {
  const emptied = (/** @type {string} */ block) => block.replace(/[^\n]/g, '');
  const prose = text
    .replace(/^( *)(```+|~~~+)[^\n]*\n[\s\S]*?^\1\2 *$/gm, emptied)
    .replace(/(?<=(?:^|\n)\n)(?: {4}[^\n]*\n|\n(?= {4}))+/g, emptied);
  return keepSpans ? prose : prose.replace(/(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g, emptied);
}

/** A table. @param {readonly string[]} head @param {readonly (readonly string[])[]} rows each as many as the head */
export function table(head, rows) {
  const line = (/** @type {readonly string[]} */ cells) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

/** One line, and no bar that is not escaped. @param {string} text */
function cell(text) {
  return text
    .trim()
    .replace(/\s*\n\s*/g, ' ')
    .replace(/(?<!\\)\|/g, '\\|');
}
