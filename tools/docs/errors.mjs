// SPDX-License-Identifier: MIT
// @ts-check
/** docs/errors.md from the table of errors and from what maps the results of the TEE to it. */
import { table } from './markdown.mjs';
import { source } from './source.mjs';

/** @typedef {import('../../src-ts/errors/table.js').ErrorCode} ErrorCode */

const HEAD = `<!-- Made from src-ts/errors/table.ts and src-ts/protocol/outcomes.ts by "npm run docs"; not to be edited here. -->
# Errors

Whatever this package rejects with is a \`SecureStorageError\` (or the reason of an aborted \`signal\`). Its \`code\` is
stable, its \`message\` says what happened and what to do next and may get better, and neither ever contains a value.

\`\`\`js
const { SecureStorage, isSecureStorageError } = require('optee-secure-storage');

try {
  await store.put('db/password', secret, { ifAbsent: true });
} catch (error) {
  if (!isSecureStorageError(error)) throw error;
  if (error.code === 'ERR_EXISTS') return; // somebody else was first
  if (error.outcomeUnknown) {
    // e.g. ERR_TIMEOUT: the change was made wholly or not at all, and reading the key tells which
  }
  if (error.retryable) {
    // e.g. ERR_BUSY: nothing has changed, and the same call may succeed a little later
  }
  throw error;
}
\`\`\`

\`outcomeUnknown\` and \`retryable\` are never both true. **Again** in the table is for calls that are known to have changed
nothing: \`retryable\` is true for those with "later". **Unknown** has the codes with which \`outcomeUnknown\` can be true. Any
other error can have it if it ended a second attempt or a later part of a change: the session was lost and could not be
opened again, or \`removeOwner()\` had begun.

The command line prints the message, with its code unless it is ERR_USAGE, on standard error (\`--json\`: \`{"error":{"code":…}}\`) and ends with
the exit code of the table.`;

/** The ways to try again, as {@link entry} says them. */
const AGAIN = {
  no: 'No: it fails in the same way until something is changed',
  later: 'Yes, a little later',
  'read-first': 'Read the key first: somebody else has changed it',
};
const AFTER_A_CHANGE = '; after a change with `outcomeUnknown`, read the key first';

/** The text of docs/errors.md. @returns {string} */
export function errorsText() {
  const sources = load();
  const codes = /** @type {ErrorCode[]} */ (Object.keys(sources.errorTable));
  const rows = codes.map((code) => {
    const { meaning, exit, retry, undecided } = sources.entryOf(code);
    const again = retry === 'read-first' ? 'read first' : retry;
    return [`[\`${code}\`](#${code.toLowerCase()})`, meaning, String(exit), again, undecided ? 'can be' : ''];
  });
  const results = resultsByCode(sources);
  const sections = codes.map((code) => entry(code, sources.entryOf(code), results.get(code) ?? []));
  return [HEAD, table(['Code', 'Meaning', 'Exit', 'Again', 'Unknown'], rows), ...sections].join('\n\n').concat('\n');
}

/** @param {ErrorCode} code @param {ReturnType<typeof import('../../src-ts/errors/table.js').entryOf>} about @param {string[]} results */
function entry(code, { meaning, causes, remedy, retry, exit, undecided }, results) {
  const told = code === 'ERR_TEE' ? ['any that is not named here'] : results;
  return [
    `## ${code}`,
    `${meaning.charAt(0).toUpperCase()}${meaning.slice(1)}.`,
    `**Causes**\n${list(causes)}`,
    `**What to do** ${remedy}`,
    list([
      `**Again?** ${AGAIN[retry]}${undecided ? AFTER_A_CHANGE : ''}`,
      `**Exit code** ${exit}`,
      ...(told.length > 0 ? [`**Results of the TEE** ${told.join(', ')}`] : []),
    ]),
  ].join('\n\n');
}

/** @param {readonly string[]} items */
function list(items) {
  return items.map((item) => `* ${item}`).join('\n');
}

/** The sources as they are, without a build. */
function load() {
  return {
    .../** @type {typeof import('../../src-ts/errors/table.js')} */ (source('errors/table.ts')),
    .../** @type {typeof import('../../src-ts/protocol/outcomes.js')} */ (source('protocol/outcomes.ts')),
    .../** @type {typeof import('../../src-ts/protocol/contract.js')} */ (source('protocol/contract.ts')),
    .../** @type {typeof import('../../src-ts/tee/seam.js')} */ (source('tee/seam.ts')),
    .../** @type {typeof import('../../src-ts/tee/results.js')} */ (source('tee/results.ts')),
    .../** @type {typeof import('../../src-ts/protocol/call.js')} */ (source('protocol/call.ts')),
  };
}

/**
 * The results of the TEE that lead to each code, found by asking what maps them.
 * @param {ReturnType<typeof load>} sources @returns {Map<string, string[]>}
 */
function resultsByCode({ TaError, TeeResult, ...sources }) {
  const named = [
    ...Object.entries(TeeResult).map(([name, result]) => ({ name: `TEE_ERROR_${name}`, result })),
    ...Object.entries(TaError).map(([name, result]) => ({ name: `SECSTOR_ERROR_${name}`, result })),
  ].filter(({ result }) => result !== TeeResult.SUCCESS);
  /** @type {Map<string, string[]>} */
  const found = new Map();
  for (const { name, result } of named) {
    for (const [code, where] of wheresOf(result, sources)) {
      const text = `\`${name}\` (0x${result.toString(16)}${where})`;
      found.set(code, [...(found.get(code) ?? []), text]);
    }
  }
  return found;
}

/**
 * What one result becomes, by code: in words where and from which component it must come, none if from anywhere.
 * @param {number} result @param {Omit<ReturnType<typeof load>, 'TaError' | 'TeeResult'>} sources
 */
function wheresOf(result, { Call, commandError, openError, Login, Origin, TA_UUID, bareOutcome }) {
  const call = new Call('get', undefined, { timeoutMs: 1000 });
  const user = { uuid: TA_UUID, login: Login.USER, params: [] };
  const group = { ...user, login: Login.GROUP, group: 1 };
  const origins = /** @type {(keyof typeof Origin)[]} */ (Object.keys(Origin));
  const outcomes = origins.map((name) => bareOutcome(result, Origin[name]));
  const places = {
    'opening a store': outcomes.map((outcome) => openError(call, outcome, user).code),
    "opening a group's store": outcomes.map((outcome) => openError(call, outcome, group).code),
    'a command': outcomes.map((outcome) => commandError(call, outcome, false).code),
  };
  const codes = new Set(Object.values(places).flat());
  const all = Object.keys(places).length;
  return [...codes].map((code) => {
    const parts = Object.entries(places).flatMap(([place, those]) => {
      const from = origins.filter((_, index) => those[index] === code);
      if (from.length === 0) return [];
      return from.length === origins.length ? [place] : [`${place}, from ${from.join(' or ')}`];
    });
    const whole = parts.length === all && parts.every((part) => part in places);
    return /** @type {const} */ ([code, whole ? '' : `, ${onlyUsers(parts).join('; ')}`]);
  });
}

/** A group's store goes without saying where it is no different. @param {string[]} parts */
function onlyUsers(parts) {
  return parts.filter((part) => !parts.includes(part.replace("a group's store", 'a store')) || !part.includes('group'));
}
