// SPDX-License-Identifier: MIT
/** From arguments to what a command works with. */
import { parseArgs } from 'node:util';

import { groupId } from '../util/groups.js';
import { LONGEST_TIMER_MS } from '../util/timers.js';
import { SecureStorageError } from '../errors/error.js';
import type { BackendName, OpenOptions } from '../arguments/options.js';
import type { Command, OptionSpec, OptionValues } from './command.js';

/** Options of every command. */
export const commonOptions = {
  json: { type: 'boolean', help: 'print JSON, also for errors (the last line on standard error)' },
  domain: { type: 'string', argument: 'NAME', help: "the domain within the owner's storage (default: default)" },
  group: { type: 'string', argument: 'GROUP', help: 'use the storage of a group, given by name or number' },
  'ta-uuid': { type: 'string', argument: 'UUID', help: 'the Trusted Application, if built under another UUID' },
  backend: {
    type: 'string',
    argument: 'NAME',
    completes: ['optee', 'simulator'],
    help: 'optee, or simulator, which protects nothing (default: $OPTEE_STORAGE_BACKEND, else optee)',
  },
  'simulator-dir': {
    type: 'string',
    argument: 'DIRECTORY',
    completes: 'file',
    help: "the simulator's data (default: $OPTEE_STORAGE_SIMULATOR_DIR, else one of the user's own)",
  },
  timeout: { type: 'string', argument: 'SECONDS', help: 'give up after so long (default: 10)' },
  wait: { type: 'string', argument: 'SECONDS', help: 'try again for so long if the TEE is not ready, as at boot' },
  help: { type: 'boolean', short: 'h', help: 'print this help' },
} as const satisfies Record<string, OptionSpec>;

/** All options of a command, its own first. */
export function optionsOf({ options, withoutStore }: Command): Readonly<Record<string, OptionSpec>> {
  const { json, help } = commonOptions;
  return { ...options, ...(withoutStore === true ? { json, help } : commonOptions) };
}

export interface Arguments {
  readonly options: OptionValues;
  readonly positionals: readonly string[];
}

export function usageError(detail: string): SecureStorageError {
  return new SecureStorageError('ERR_USAGE', { detail });
}

/**
 * Parses the arguments of a command.
 * @throws SecureStorageError ERR_USAGE
 */
export function parse(command: Command, args: readonly string[]): Arguments {
  const { values, positionals, tokens } = parseStrictly(command, args);
  if (values.help === true) return { options: values, positionals };
  if (command.startsProgram === true) checkTerminator(tokens);
  const [min, max] = command.positionals;
  if (positionals.length < min) throw usageError(`${missingIn(command)} is missing`);
  if (positionals.length > max) throw usageError(tooManyFor(command));
  return { options: values, positionals };
}

/** The first argument of the usage line, or of the program that it starts. */
function missingIn({ usage, startsProgram }: Command): string {
  const own = startsProgram === true ? usage.slice(usage.indexOf('-- ') + 3) : usage;
  return own.split(' ')[0] ?? 'an argument';
}

/** What is too much for a command that reads a value may be that value. */
function tooManyFor({ readsSecret, options }: Command): string {
  if (readsSecret !== true || !('file' in options)) return 'there are too many arguments';
  return 'the value is never an argument, because other users can read it there: give it on standard input or with --file';
}

/** Without `--` nobody could tell whose an option is. */
function checkTerminator(tokens: readonly { readonly kind: string }[]): void {
  const first = tokens.find(({ kind }) => kind === 'positional' || kind === 'option-terminator');
  if (first?.kind === 'positional') throw usageError('the command to start comes after --');
}

/** The arguments that are for optee-storage itself. */
export function ownArguments(args: readonly string[]): readonly string[] {
  const end = args.indexOf('--');
  return end < 0 ? args : args.slice(0, end);
}

function parseStrictly(command: Command, args: readonly string[]) {
  const options = optionsOf(command);
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true, tokens: true });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE') throw usageError(optionFault(options, error as Error));
    if (code !== 'ERR_PARSE_ARGS_UNKNOWN_OPTION') throw error;
    const name = command.readsSecret === true ? undefined : /'(-[^']*)'/.exec(message)?.[1];
    const hint = command.startsProgram === true ? ' (those of the program come after --)' : '';
    throw usageError(name === undefined ? 'there is an unknown option' : `there is no option ${name}${hint}`);
  }
}

/** Repeats only the name of an option that exists. */
function optionFault(options: Readonly<Record<string, OptionSpec>>, { message }: Error): string {
  const name = Object.keys(options).find((option) => message.includes(`--${option}`));
  if (name === undefined) return 'an option has a wrong argument';
  return options[name]?.type === 'string' ? `option --${name} needs an argument` : `option --${name} takes no argument`;
}

/** The options of SecureStorage.open() that the common options stand for. */
export function openOptions(options: OptionValues): OpenOptions {
  return {
    backend: backend(text(options, 'backend')),
    simulator: { directory: text(options, 'simulator-dir'), create: options.existing === true ? false : undefined },
    domain: text(options, 'domain'),
    taUuid: text(options, 'ta-uuid'),
    group: group(text(options, 'group')),
    timeoutMs: milliseconds(options, 'timeout'),
    waitMs: milliseconds(options, 'wait'),
  };
}

/** An option's argument, if it was given. */
export function text(options: OptionValues, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

/** The arguments of an option that may be given several times. */
export function texts(options: OptionValues, name: string): readonly string[] {
  const values = options[name];
  return Array.isArray(values) ? values.filter((value): value is string => typeof value === 'string') : [];
}

/** An option's argument as a whole number, if it was given. */
export function wholeNumber(options: OptionValues, name: string): number | undefined {
  const value = text(options, name);
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(number)) throw usageError(`--${name} must be a whole number`);
  return number;
}

/** The conditions --if-absent and --if-revision, for commands that have them. */
export const conditionOptions = {
  'if-absent': { type: 'boolean', help: 'only if the key does not exist yet (else exit code 4)' },
  'if-revision': { type: 'string', argument: 'N', help: 'only if the key has this revision (else exit code 4)' },
} as const satisfies Record<string, OptionSpec>;

export function condition(options: OptionValues): { ifAbsent?: true; ifRevision: number | undefined } {
  const ifRevision = wholeNumber(options, 'if-revision');
  if (options['if-absent'] === true && ifRevision !== undefined) {
    throw usageError('--if-absent and --if-revision exclude each other');
  }
  return options['if-absent'] === true ? { ifAbsent: true, ifRevision } : { ifRevision };
}

function backend(value: string | undefined): BackendName | undefined {
  if (value === undefined || value === 'optee' || value === 'simulator') return value;
  throw usageError('--backend must be optee or simulator');
}

function group(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const id = /^\d+$/.test(value) ? Number(value) : groupId(value);
  if (id === null) throw usageError('--group names a group that /etc/group does not have; give its number');
  return id;
}

/** An option's argument, a number of seconds. */
function milliseconds(options: OptionValues, name: string): number | undefined {
  const value = text(options, name);
  if (value === undefined) return undefined;
  const number = Math.ceil(Number(value) * 1000);
  if (!/^\d*\.?\d+$/.test(value) || number < 1 || number > LONGEST_TIMER_MS) {
    throw usageError(`--${name} must be a number of seconds above 0 and up to 2147483, such as 30 or 0.5`);
  }
  return number;
}
