// SPDX-License-Identifier: MIT
// @ts-check
/** The tables of docs/troubleshooting.md, from what the doctor knows (src-ts/doctor/causes.ts). */

/**
 * @typedef {object} Cause
 * @property {string} check
 * @property {string} status
 * @property {string} symptom
 * @property {string} found
 * @property {string} fix
 * @property {Readonly<Record<string, string>>} [example]
 */

const MARKS = /** @type {Record<string, string>} */ ({ failed: 'FAIL', warning: 'warn', note: 'note' });

/** A table for each check that can find something. @param {Readonly<Record<string, Cause>>} causes */
export function troubleshootingTables(causes) {
  const checks = [...new Set(Object.values(causes).map(({ check }) => check))];
  return checks.map((check) => table(Object.values(causes).filter((cause) => cause.check === check))).join('\n');
}

/** @param {Cause[]} causes of one check */
function table(causes) {
  const head = `### ${causes[0]?.check}\n\n| you see | doctor says | the fix |\n|---|---|---|\n`;
  return `${head}${causes.map(row).join('')}`;
}

/** @param {Cause} cause */
function row({ status, symptom, found, fix, example = {} }) {
  const fill = (/** @type {string} */ text) => text.replace(/\{(\w+)\}/g, (_, name) => example[name] ?? name);
  const cells = [codes(symptom), `**${MARKS[status]}** ${fill(found)}`, fill(fix)];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
}

/** @param {string} text */
function codes(text) {
  return text.replace(/\bERR_[A-Z_]+\b/g, '`$&`');
}
