// SPDX-License-Identifier: MIT
// @ts-check
/** What test/faults/sample.test.ts tried, and what the report says of it. */
import path from 'node:path';
import { readRecords } from './records.mjs';

/** @typedef {{ size: number, seed: number, operation: string, kind: string, at: number, wrong: string[] }} Case of test/faults/sample.test.ts */
/** @typedef {{ size: number, seed: number, cases: Case[], wrong: Case[] }} Sample */

/** @param {Case} ofSample */
const nameOf = ({ size, seed }) => `${size}|${seed}`;

/** The samples in a folder with records, each with the last attempt of every case. @param {string} folder @returns {Sample[]} */
export function samplesIn(folder) {
  const cases = /** @type {Case[]} */ (
    readRecords(path.join(folder, 'sample.jsonl'), ({ size, seed, operation, kind, at }) =>
      [size, seed, operation, kind, at].join('|'),
    )
  );
  const names = [...new Set(cases.map(nameOf))];
  return names.map((name) => {
    const those = cases.filter((each) => nameOf(each) === name);
    const { size = 0, seed = 0 } = those[0] ?? {};
    return { size, seed, cases: those, wrong: those.filter(({ wrong }) => wrong.length > 0) };
  });
}

/** A sample that was ended has fewer cases than it should. @param {Sample} sample */
export function described({ size, seed, cases, wrong }) {
  const tried = cases.length === size ? `${size} cases` : `${cases.length} of ${size} cases`;
  return `${tried} with the seed ${seed}, ${wrong.length} wrong`;
}

/** What was wrong in samples, as a list. @param {readonly Sample[]} samples */
export function failuresIn(samples) {
  return samples
    .flatMap(({ wrong }) => wrong)
    .map(({ operation, kind, at, wrong }) => `- ${operation}, ${kind} at ${at}: ${wrong.join('; ')}`)
    .join('\n');
}
