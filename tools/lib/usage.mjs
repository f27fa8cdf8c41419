// SPDX-License-Identifier: MIT
// @ts-check
/** What a tool was asked for; its usage is the comment at its head, so that nothing is said twice. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { SetupError } from './run.mjs';

/** The tool was asked for something that it does not know: its user is shown the usage, and the exit code is 2. */
export class UsageError extends SetupError {
  exitCode = 2;

  /** @param {string} fault one sentence @param {string | URL} file of the tool */
  constructor(fault, file) {
    super(`${fault}\n\n${usageOf(file)}`);
    this.name = 'UsageError';
  }
}

/** The tool was asked for its usage and nothing else. */
export class UsageAsked extends Error {}

/** The comment at the head of a file, without what makes it one. @param {string | URL} file */
export function usageOf(file) {
  const [, comment] = /^\/\*\*(.*?)\*\/$/ms.exec(readFileSync(file, 'utf8')) ?? [];
  if (comment === undefined) throw new Error(`${String(file)} has no comment at its head`);
  return comment.replace(/^ *\*? ?/gm, '').trim();
}

/** What parseArgs() throws about arguments. @param {unknown} error @returns {error is Error} */
function isFaultOfUser(error) {
  const code = /** @type {{ code?: unknown } | undefined} */ (error)?.code;
  return typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS_');
}

/** The first sentence of node's message: the others are advice that is not for users of tools. @param {Error} error */
const faultOf = ({ message }) => `${/^[^\n]*?(?=\.(?:\s|$)|\n|$)/.exec(message)?.[0] ?? message}.`;

/**
 * @template {NonNullable<import('node:util').ParseArgsConfig['options']>} T
 * @typedef {object} Accepted
 * @property {T} options
 * @property {readonly string[]} [names] the words that may stand beside the options
 * @property {number} [most] how many words may stand there; if there are names, as many as one likes
 */

/**
 * @template {NonNullable<import('node:util').ParseArgsConfig['options']>} T
 * @typedef {ReturnType<typeof parseArgs<{ options: T, allowPositionals: true }>>['values']} Values
 */

/**
 * Reads a tool's arguments, before it does anything. `--help` and `-h` every tool knows.
 *
 * @template {NonNullable<import('node:util').ParseArgsConfig['options']>} T
 * @param {string} url the tool's import.meta.url
 * @param {Accepted<T>} accepted
 * @param {readonly string[]} [args]
 * @returns {{ values: Values<T>, positionals: string[] }}
 * @throws {UsageError | UsageAsked}
 */
export function readArguments(url, { options, names, most = names ? Infinity : 0 }, args = process.argv.slice(2)) {
  const file = fileURLToPath(url);
  const all = { ...options, help: /** @type {const} */ ({ type: 'boolean', short: 'h' }) };
  const { values, positionals } = parsed(file, () =>
    parseArgs({ args: [...args], options: all, allowPositionals: true }),
  );
  if (/** @type {{ help?: boolean }} */ (values).help) throw new UsageAsked(usageOf(file));
  const surplus = positionals[most];
  if (surplus !== undefined) throw new UsageError(`There is an argument too many: "${surplus}".`, file);
  const unknown = positionals.find((word) => names && !names.includes(word));
  if (unknown !== undefined) throw new UsageError(`"${unknown}" is none of: ${names?.join(' ')}.`, file);
  return { values: /** @type {Values<T>} */ (values), positionals };
}

/** @template R @param {string} file @param {() => R} parse @returns {R} */
function parsed(file, parse) {
  try {
    return parse();
  } catch (error) {
    if (isFaultOfUser(error)) throw new UsageError(faultOf(error), file);
    throw error;
  }
}
