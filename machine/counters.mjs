// SPDX-License-Identifier: MIT
// @ts-check

/** @typedef {import('./machine.d.mts').SupplicantCounters} SupplicantCounters */

/** The layout of guest/supplicant-library/counters.h. */
const NAME_SIZE = 24;
const ENTRY_SIZE = NAME_SIZE + 8;

/** @param {Buffer} file @returns {SupplicantCounters} */
export function parseCounters(file) {
  /** @type {Record<string, number>} */
  const counters = {};
  for (let at = 0; at + ENTRY_SIZE <= file.length; at += ENTRY_SIZE) {
    const name = file.toString('latin1', at, at + NAME_SIZE).replace(/\0.*/s, '');
    counters[name] = Number(file.readBigUInt64LE(at + NAME_SIZE));
  }
  return /** @type {SupplicantCounters} */ (counters);
}

/** @param {SupplicantCounters} now @param {SupplicantCounters | undefined} base @returns {SupplicantCounters} */
export function since(now, base) {
  const names = /** @type {(keyof SupplicantCounters)[]} */ (Object.keys(now));
  return /** @type {SupplicantCounters} */ (
    Object.fromEntries(names.map((name) => [name, now[name] - (base?.[name] ?? 0)]))
  );
}
