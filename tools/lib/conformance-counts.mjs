// SPDX-License-Identifier: MIT
// @ts-check
/** What of the conformance suite ran on which backend, from jest's report. */

/** By these the suite (test/conformance/) marks itself and what a backend cannot be made to do. */
const SUITE = /^conformance: (.*)$/;
const LEFT_OUT = /^(.*) \[left out: (.*)\]$/;

/** @typedef {{ title: string, ancestorTitles: string[], status: string }} Case one of the assertionResults of a report */
/** @typedef {{ name: string, reason: string }} LeftOut */
/** @typedef {{ backend: string, passed: number, failed: number, leftOut: LeftOut[] }} Conformance */

/** Whether a case was left out with its reason, which is neither passed nor failed. @param {Case} result */
export function isLeftOut({ ancestorTitles: [suite = ''], title, status }) {
  return status === 'pending' && SUITE.test(suite) && LEFT_OUT.test(title);
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
