// SPDX-License-Identifier: MIT
import { detailsOf, isSecureStorageError, SecureStorageError } from '../errors/error.js';
import { errorTable, Exit, type ErrorCode } from '../errors/table.js';
import { openOptions, ownArguments, parse, usageError, type Arguments } from './command-line.js';
import type { Command } from './command.js';
import { commandHelp, overview } from './help.js';
import { isBrokenPipe, type Io } from './terminal/io.js';
import { commandLike, hasCommand, loadCommand, secondWords, withWholeName } from './registry.js';
import type { OpenOptions } from '../arguments/options.js';
import type { SecureStorage } from '../store.js';
import { tellWaiting } from './terminal/waiting.js';

/** What a shell reports for a program that SIGPIPE ended (128 + 13); Node.js ignores that signal. */
const BROKEN_PIPE = 141;

/** What Node.js puts in the place of bytes that are not UTF-8; it may have been given as well. */
const REPLACEMENT = '\ufffd';

/** What the command line uses of the process that it runs in; tests have others. */
export interface Process {
  /** Opens a store. */
  readonly open: (options: OpenOptions) => Promise<SecureStorage>;
  /** Whether the arguments are UTF-8 as they were given; Node.js makes one character of whatever is not. */
  readonly hasWellFormedArguments?: () => boolean;
  /** Keeps what is in memory out of core dumps and debuggers; called before a secret is read. */
  readonly forbidDumps?: () => void;
}

/**
 * Runs optee-storage.
 * @param args the arguments after the program's name
 * @returns the exit code, one of Exit
 */
export async function run(args: readonly string[], io: Io, process: Process): Promise<number> {
  try {
    return await dispatch(args, io, process);
  } catch (error) {
    if (isBrokenPipe(error)) return BROKEN_PIPE;
    const [name = ''] = withWholeName(args);
    return report(inOwnWords(asOutputError(error), name), io, ownArguments(args).includes('--json'));
  }
}

async function dispatch(args: readonly string[], io: Io, process: Process) {
  if (args.some((arg) => arg.includes(REPLACEMENT)) && process.hasWellFormedArguments?.() === false) {
    // Different keys would become one.
    throw usageError('an argument is not well-formed UTF-8');
  }
  const [name, ...rest] = withWholeName(asOption(args));
  if (name === undefined) throw usageError('no command is given');
  if (isHelp(name) || (secondWords(name).length > 0 && isHelp(rest[0]))) {
    await io.write(overview());
    return Exit.OK;
  }
  const command = loadCommand(name === '--version' || name === '-v' ? 'version' : name);
  if (command === undefined) throw usageError(noCommand(name));
  const parsed = parse(command, rest);
  if (parsed.options.help !== true) return runCommand(name, command, parsed, io, process);
  await io.write(commandHelp(name, command));
  return Exit.OK;
}

const isHelp = (word: string | undefined): boolean => word === '--help' || word === '-h';

/** `help COMMAND` is `COMMAND --help`. */
function asOption(args: readonly string[]): readonly string[] {
  return args[0] === 'help' ? [...args.slice(1), '--help'] : args;
}

function noCommand(name: string): string {
  const words = secondWords(name);
  if (words.length > 0) return `${name} is followed by one of ${words.join(', ')}`;
  if (name.startsWith('-')) return 'the command comes first, its options after it';
  // The word itself may be a secret in the wrong place.
  const like = commandLike(name);
  return `there is no such command${like === undefined ? '' : `, but there is ${like}`}`;
}

async function runCommand(
  name: string,
  command: Command,
  { options, positionals }: Arguments,
  io: Io,
  process: Process,
): Promise<number> {
  let opened: Promise<SecureStorage> | undefined;
  let stopTelling: (() => void) | undefined;
  const settings = openOptions(options);
  const json = options.json === true;
  const openWith = (wanted: OpenOptions) => {
    process.forbidDumps?.();
    return process.open(wanted);
  };
  const open = () => {
    // The terminal is the program's, once that is started.
    if (!json && command.startsProgram !== true) stopTelling = tellWaiting(io, name);
    return openWith(settings);
  };
  if (command.readsSecret === true) process.forbidDumps?.();
  try {
    return await command.run({
      io,
      json,
      positionals,
      options,
      open: () => (opened ??= open()),
      settings,
      openWith,
    });
  } finally {
    stopTelling?.();
    await opened?.then(
      (store) => store.close(),
      () => undefined,
    );
  }
}

/** Names the command in place of the method that failed, and options as they are given here. */
function inOwnWords(error: unknown, command: string): unknown {
  const details = error instanceof SecureStorageError ? detailsOf(error) : undefined;
  if (!(error instanceof SecureStorageError) || details === undefined) return error;
  const operation = details.operation === undefined ? undefined : command;
  const detail = details.detail?.replace(/\boptions\.([\w.]+)/g, (_, name: string) => `--${optionNamed(name)}`);
  const help = wrongUse.has(error.code) && hasCommand(command) ? `See "optee-storage ${command} --help".` : undefined;
  return new SecureStorageError(error.code, { ...details, operation, detail, remedy: details.remedy ?? help });
}

const wrongUse: ReadonlySet<ErrorCode> = new Set(['ERR_INVALID_ARG', 'ERR_USAGE']);

/** The option of the command line for one of SecureStorage.open() or a method. */
function optionNamed(property: string): string {
  return property === 'simulator.directory' ? 'simulator-dir' : kebabCase(property);
}

function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Node.js's own error of a stream that could not be written to is one of the table. */
function asOutputError(error: unknown): unknown {
  const { syscall, message } = error as Partial<NodeJS.ErrnoException>;
  if (isSecureStorageError(error) || syscall !== 'write') return error;
  const detail = `standard output could not be written: ${String(message)}`;
  return new SecureStorageError('ERR_OUTPUT', { detail, remedy: 'Make room where it leads to.', cause: error });
}

function report(error: unknown, io: Io, json: boolean): number {
  if (!isSecureStorageError(error)) {
    const { message } = error instanceof Error ? error : new Error('an unknown error');
    io.note(
      json ? `${JSON.stringify({ error: { code: 'ERR_UNEXPECTED', message } })}\n` : `optee-storage: ${message}\n`,
    );
    return Exit.ERROR;
  }
  io.note(json ? `${JSON.stringify({ error })}\n` : `optee-storage: ${described(error)}\n`);
  return errorTable[error.code].exit;
}

function described({ message, code }: SecureStorageError): string {
  return code === 'ERR_USAGE' ? message : `${message} [${code}]`;
}
