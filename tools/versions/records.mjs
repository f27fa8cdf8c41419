// SPDX-License-Identifier: MIT
// @ts-check
/** What came of the last run on each version, kept in git. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../lib/paths.mjs';

/**
 * @typedef {object} Outcome
 * @property {number} passed
 * @property {string[]} failures names of tests
 */

/**
 * @typedef {object} VersionRecord
 * @property {string} date
 * @property {Record<string, Outcome>} suites by the names in suites.mjs
 * @property {string[]} doctor the lines of `optee-storage doctor` that are not "ok", and its last one
 */

/** @typedef {Record<string, VersionRecord>} Records by version */

const FILE = path.join(ROOT, 'test', 'versions', 'records.json');

/** @returns {Records} */
export const readRecords = () => (existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : {});

/** @param {Records} records */
export const writeRecords = (records) => writeFileSync(FILE, `${JSON.stringify(records, undefined, 2)}\n`);
