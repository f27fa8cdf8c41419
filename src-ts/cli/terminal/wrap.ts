// SPDX-License-Identifier: MIT
/** Lines that a terminal does not break amid words. */

/** What a terminal has if it does not say. */
const USUAL_COLUMNS = 80;
/** Longer lines are hard to read, however wide the terminal is. */
const MOST_COLUMNS = 100;

/** The longest lines for a terminal of so many columns. */
export function lineWidth(columns = USUAL_COLUMNS): number {
  return Math.min(Math.max(columns, 40), MOST_COLUMNS);
}

/**
 * Breaks a text at blanks. A word that is longer than a line stays whole: it may be a path or a command to copy.
 * @param before what the first line begins with; the others begin with as many blanks
 * @param width of all lines together with that
 */
export function wrapped(before: string, text: string, width: number): string[] {
  const indent = ' '.repeat(before.length);
  const lines: string[] = [];
  let line = before;
  for (const word of text.split(' ')) {
    const isFirst = line === before || line === indent;
    if (!isFirst && line.length + 1 + word.length > width) {
      lines.push(line);
      line = `${indent}${word}`;
    } else line = isFirst ? `${line}${word}` : `${line} ${word}`;
  }
  return [...lines, line];
}
