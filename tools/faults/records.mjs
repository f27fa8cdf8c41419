// SPDX-License-Identifier: MIT
// @ts-check
/** What the sections of the report are made with. */
import { existsSync, readFileSync } from 'node:fs';

/**
 * The records of a file, the last of each key.
 *
 * @template T
 * @param {string} file
 * @param {(record: T) => string} keyOf
 * @returns {T[]}
 */
export function readRecords(file, keyOf) {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  const records = lines.filter((line) => line.endsWith('}')).map((line) => /** @type {T} */ (JSON.parse(line)));
  return [...new Map(records.map((record) => [keyOf(record), record])).values()];
}

/** @param {readonly (readonly (string | number)[])[]} rows the first one names the columns. */
export function table([head = [], ...rows]) {
  const line = (/** @type {readonly (string | number)[]} */ cells) => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, column) => (column === 0 ? '---' : '--:'));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}

/** How often each occurs, the most frequent first. @param {readonly string[]} texts */
export function counts(texts) {
  /** @type {Map<string, number>} */
  const found = new Map();
  for (const text of texts) found.set(text, (found.get(text) ?? 0) + 1);
  return [...found].sort(([, a], [, b]) => b - a);
}
