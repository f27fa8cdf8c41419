// SPDX-License-Identifier: MIT
// @ts-check
/** What the sections of the report are made with. */
import { existsSync, readFileSync } from 'node:fs';

/**
 * All records of a file.
 *
 * @template T
 * @param {string} file
 * @returns {T[]}
 */
function readAll(file) {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.filter((line) => line.endsWith('}')).map((line) => /** @type {T} */ (JSON.parse(line)));
}

/**
 * @template T
 * @param {readonly T[]} records
 * @param {(record: T) => string} keyOf
 */
const lastOfEach = (records, keyOf) => [...new Map(records.map((record) => [keyOf(record), record])).values()];

/**
 * The records of a file, the last of each key.
 *
 * @template T
 * @param {string} file
 * @param {(record: T) => string} keyOf
 * @returns {T[]}
 */
export const readRecords = (file, keyOf) => lastOfEach(/** @type {T[]} */ (readAll(file)), keyOf);

/**
 * Says which cases of a file were called wrong and tried again, for only the last attempt of a case is counted.
 *
 * @template {{ wrong: string[], why?: string }} T `why` is the cause that was found, written into the record by hand
 * @param {string} file
 * @param {(record: T) => string} keyOf
 */
export function triedAgain(file, keyOf) {
  const all = /** @type {T[]} */ (readAll(file));
  const counted = new Set(lastOfEach(all, keyOf));
  const again = all.filter((record) => record.wrong.length > 0 && !counted.has(record));
  const lines = again.map((record) => {
    const name = keyOf(record).replaceAll('|', ', ');
    return `- ${name}: "${record.wrong.join('; ')}". ${record.why ?? 'The cause is not known.'}`;
  });
  if (lines.length === 0) return 'No case was tried a second time.';
  return [
    'A case that is wrong is tried again by the next run, and its last attempt is counted above. So it was with:',
    '',
    ...lines,
  ].join('\n');
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
