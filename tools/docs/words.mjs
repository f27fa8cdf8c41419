#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/**
 * Counts sentences of more than 30 words in README and documents, and looks for words that make them hard to read. Prints
 * where they are; fails on any such word, and on more long sentences than a few.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { trackedFiles } from '../lib/git.mjs';
import { ROOT } from '../lib/paths.mjs';
import { isProgram, runTool } from '../lib/tool.mjs';
import { readArguments } from '../lib/usage.mjs';

/** So many words a sentence may have. */
const WORDS = 30;
/** So many longer ones there may be in all: some lists are easier to read in one sentence. */
const LONG_SENTENCES = 3;

/** Documents for users and contributors. */
const DOCUMENTS = ['*.md', ':!machine', ':!soft-tee'];
/** Its sentences are those of errors on a terminal, which have rules of their own. */
const ELSEWHERE = ['docs/errors.md'];

/** Each with what to say in its place. @type {readonly (readonly [RegExp, string])[]} */
const AVOID = [
  [/\bamid(?:st)?\b/i, 'during'],
  [/\bmend(?:s|ed|ing)?\b/i, 'fix'],
  [/\banew\b/i, 'again'],
  [/\blest\b/i, 'so that … not'],
  [/\b(?:come|comes|came) across\b/i, 'find'],
  [/\bby way of\b/i, 'through'],
  [/\b(?:whoever|whatever|whosever|whichever|wherever)\b/i, 'who, what or any'],
  [/\bof which\b/i, 'a sentence of its own'],
  [/\basked for by name\b/i, 'selected explicitly'],
  [/\bmust be booted\b|\bbefore a boot\b|\bneeds a boot\b/i, 'must be rebooted'],
  [/\bkeeps? (?:the|a) process from ending\b/i, 'keep the process alive'],
  [/\b(?:is|are) told\b/i, 'is reported'],
  [/\b\w+n't\b|\b\w+n’t\b/i, 'the long form: cannot, does not'],
];

/** @typedef {{ line: number, text: string }} Sentence */

/** The sentences of a document; cells of tables and items of lists end one. @param {string} markdown @returns {Sentence[]} */
export function sentencesOf(markdown) {
  /** @type {Sentence[]} */
  const blocks = [];
  let fence = false;
  let open = false;
  for (const [index, line] of markdown
    .replace(/<!--[\s\S]*?-->/g, (comment) => comment.replace(/[^\n]/g, ''))
    .split('\n')
    .entries()) {
    if (/^\s*(```|~~~)/.test(line)) fence = !fence;
    const isCode = fence || /^\s*(```|~~~)/.test(line) || (/^ {4,}(?![*-] |\d+\. )/.test(line) && !open);
    const isHeading = /^#/.test(line);
    if (isCode || isHeading || line.trim() === '' || /^\|[\s:|-]+\|$/.test(line)) {
      open = false;
      continue;
    }
    if (line.startsWith('|')) {
      // In a cell, a semicolon stands between items of a list.
      for (const cell of line.split(/(?<!\\)\||; /)) blocks.push({ line: index + 1, text: cell.trim() });
      open = false;
      continue;
    }
    const item = /^\s*(?:[*-]|\d+\.)\s+(.*)$/.exec(line);
    // What a record says is quoted as it is.
    const text = (item?.[1] ?? line).trim().replace(/^[^"]*: ".*"\. .*$/, '');
    const last = blocks.at(-1);
    if (open && item === null && last) last.text += ` ${text}`;
    else blocks.push({ line: index + 1, text });
    open = true;
  }
  return blocks.flatMap(({ line, text }) =>
    plain(text)
      .split(/(?<=[.!?][)"”*]*)\s+(?=[^a-z\s])/)
      .map((sentence) => ({ line, text: sentence })),
  );
}

/** Text as it is read: code is a word, of a link its text. @param {string} text */
function plain(text) {
  return (
    text
      .replace(/``? ?[^`]+ ?``?/g, 'CODE')
      // A sentence may begin with a link, whose text is often a file's name.
      .replace(/!?\[([^\]]*)\]\([^)]*\)/g, (_, shown) =>
        shown.replace(/^[a-z]/, (/** @type {string} */ first) => first.toUpperCase()),
      )
      .replace(/<[^>]+>/g, ' ')
      .replace(/\*\*|(?<!\w)[*_]|[*_](?!\w)/g, '')
  );
}

/** @param {string} sentence */
const wordsIn = (sentence) => sentence.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;

/** @param {string} markdown @returns {{ long: string[], avoided: string[] }} each as "line: what" */
export function hardToRead(markdown) {
  const sentences = sentencesOf(markdown);
  const long = sentences.filter(({ text }) => wordsIn(text) > WORDS);
  const avoided = sentences.flatMap(({ line, text }) =>
    AVOID.flatMap(([word, better]) => {
      const [found] = word.exec(text) ?? [];
      return found === undefined ? [] : [`${line}: "${found}": say ${better}`];
    }),
  );
  return { long: long.map(({ line, text }) => `${line}: ${wordsIn(text)} words: ${text.slice(0, 500)}`), avoided };
}

async function main() {
  readArguments(import.meta.url, { options: {} });
  let [long, avoided] = [0, 0];
  for (const name of trackedFiles(...DOCUMENTS).filter((file) => !ELSEWHERE.includes(file))) {
    const found = hardToRead(readFileSync(path.join(ROOT, name), 'utf8'));
    long += found.long.length;
    avoided += found.avoided.length;
    for (const what of [...found.avoided, ...found.long]) process.stdout.write(`${name}:${what}\n`);
  }
  process.stdout.write(
    `${long} sentences of more than ${WORDS} words (${LONG_SENTENCES} at most), ${avoided} words to avoid\n`,
  );
  process.exitCode = avoided > 0 || long > LONG_SENTENCES ? 1 : 0;
}

if (isProgram(import.meta.url)) runTool(main);
