// SPDX-License-Identifier: MIT
// @ts-check
/** What of the conformance suite ran on which backend, and what was left out and why, from jest's report. */

/** By these the suite (test/conformance/) marks itself, and testWith() what a backend or a user cannot be made to do. */
const SUITE = /^conformance: (.*)$/;
const LEFT_OUT = /^(.*) \[left out: (.*)\]$/;

/** @typedef {{ title: string, ancestorTitles: string[], status: string }} Case one of the assertionResults of a report */
/** @typedef {{ name: string, reason: string }} LeftOut */
/** @typedef {{ backend: string, passed: number, failed: number, leftOut: LeftOut[] }} Conformance */

/** Whether a case was left out with its reason, which is neither passed nor failed. @param {Case} result */
export function isLeftOut({ title, status }) {
  return status === 'pending' && LEFT_OUT.test(title);
}

/** What was left out elsewhere than in the suite, by its reason. @param {readonly Case[]} results @returns {string[]} a line each */
export function othersLeftOut(results) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const result of results) {
    if (!isLeftOut(result) || SUITE.test(result.ancestorTitles[0] ?? '')) continue;
    const reason = LEFT_OUT.exec(result.title)?.[2] ?? '';
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].map(([reason, count]) => `${count} left out: ${reason}`);
}

/** Counts by backend. @param {readonly Case[]} results @returns {Conformance[]} */
export function conformanceCounts(results) {
  /** @type {Map<string, Conformance>} */
  const counts = new Map();
  for (const result of results) {
    const backend = SUITE.exec(result.ancestorTitles[0] ?? '')?.[1];
    if (backend === undefined) continue;
    const count = counts.get(backend) ?? { backend, passed: 0, failed: 0, leftOut: [] };
    counts.set(backend, count);
    const [, name = '', reason = ''] = LEFT_OUT.exec(result.title) ?? [];
    if (isLeftOut(result)) count.leftOut.push({ name, reason });
    else if (result.status === 'passed') count.passed++;
    else count.failed++;
  }
  return [...counts.values()];
}

/** A table for people, with each case that was left out and why. @param {readonly Conformance[]} counts */
export function conformanceTable(counts) {
  const width = Math.max(...counts.map(({ backend }) => backend.length));
  return counts.flatMap(({ backend, passed, failed, leftOut }) => [
    `conformance  ${backend.padEnd(width)}  ${passed} passed, ${failed} failed, ${leftOut.length} left out`,
    ...leftOut.map(({ name, reason }) => `    left out: ${name}: ${reason}`),
  ]);
}
