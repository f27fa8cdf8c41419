// SPDX-License-Identifier: MIT
// @ts-check
/** docs/troubleshooting.md: its tables are made from what the doctor knows, the text around them is written by hand. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../lib/paths.mjs';
import { SetupError } from '../lib/run.mjs';
import { table } from './markdown.mjs';
import { source } from './source.mjs';

/**
 * A cause of the doctor's table.
 * @typedef {object} Cause
 * @property {string} check
 * @property {string} status
 * @property {string} symptom
 * @property {string} found
 * @property {string} fix
 * @property {Readonly<Record<string, string>>} [example]
 */

const TABLES = /(<!-- tables: [^\n]*-->\n)[\s\S]*(<!-- end of tables -->)/;
const MARKS = /** @type {Record<string, string>} */ ({ failed: 'FAIL', warning: 'warn', note: 'note' });

/** The text of docs/troubleshooting.md with its tables as they should be. @returns {string} @throws {SetupError} */
export function troubleshootingText() {
  const text = readFileSync(path.join(ROOT, 'docs/troubleshooting.md'), 'utf8');
  if (!TABLES.test(text)) throw new SetupError('docs/troubleshooting.md does not say where its tables are.');
  const causes = /** @type {Cause[]} */ (Object.values(source('doctor/causes.ts').causes));
  const checks = [...new Set(causes.map(({ check }) => check))];
  const tables = checks.map((check) =>
    section(
      check,
      causes.filter((cause) => cause.check === check),
    ),
  );
  return text.replace(TABLES, (_, begin, end) => `${begin}\n${tables.join('\n\n')}\n\n${end}`);
}

/** @param {string} check @param {Cause[]} causes */
function section(check, causes) {
  return `### ${check}\n\n${table(['you see', 'doctor says', 'the fix'], causes.map(row))}`;
}

/** @param {Cause} cause */
function row({ status, symptom, found, fix, example = {} }) {
  const fill = (/** @type {string} */ text) => text.replace(/\{(\w+)\}/g, (_, name) => example[name] ?? name);
  return [linked(symptom), `**${MARKS[status]}** ${fill(found)}`, fill(fix)];
}

/** @param {string} symptom */
function linked(symptom) {
  return symptom.replace(/\bERR_[A-Z_]+\b/g, (code) => `[\`${code}\`](errors.md#${code.toLowerCase()})`);
}
