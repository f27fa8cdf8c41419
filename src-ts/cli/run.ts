// SPDX-License-Identifier: MIT
import { Exit } from '../errors/table.js';
import { openOptions, ownArguments, parse, usageError, type Arguments } from './command-line.js';
import type { Command, OptionValues } from './command.js';
import { SecureStorageError } from '../errors/error.js';
import { commandHelp, overview } from './help.js';
import { harmlessIo, isBrokenPipe, type Io, type Streams } from './terminal/io.js';
import { commandLike, hasCommand, loadCommand, secondWords, withWholeName } from './registry.js';
import type { ProcessControl } from '../native/addon.js';
import type { OpenOptions } from '../arguments/options.js';
import type { SecureStorage } from '../store.js';
import { tellWaiting } from './terminal/waiting.js';
import { report } from './report.js';

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
  /**
   * Keeps what is in memory out of core dumps, debuggers and debug output; called before a secret is read. Throws if it
   * cannot keep it out of that.
   */
  readonly forbidDumps?: () => void;
  /** How it can become another program; undefined where it cannot. */
  readonly control?: () => ProcessControl | undefined;
}

/**
 * Runs optee-storage.
 * @param args the arguments after the program's name
 * @returns the exit code, one of Exit
 */
export async function run(args: readonly string[], streams: Streams, process: Process): Promise<number> {
  const io = harmlessIo(streams);
  try {
    return await dispatch(args, io, process);
  } catch (error) {
    if (isBrokenPipe(error)) return BROKEN_PIPE;
    const [name = ''] = withWholeName(args);
    return report(error, name, io, ownArguments(args).includes('--json'));
  }
}

async function dispatch(args: readonly string[], io: Io, process: Process) {
  if (args.some((arg) => arg.includes(REPLACEMENT)) && process.hasWellFormedArguments?.() === false) {
    // Different keys would become one.
    throw usageError('an argument is not well-formed UTF-8');
  }
  const [name, ...rest] = withWholeName(asOption(args));
  if (name === undefined) throw usageError('no command is given');
  if (isHelp(name) || (!hasCommand(name) && secondWords(name).length > 0 && isHelp(rest[0]))) {
    await io.write(overview(io.columns));
    return Exit.OK;
  }
  const command = loadCommand(name === '--version' || name === '-v' ? 'version' : name);
  if (command === undefined) throw usageError(noCommand(name));
  const parsed = parse(command, rest);
  if (parsed.options.help === true) {
    await io.write(commandHelp(name, command, io.columns));
    return Exit.OK;
  }
  checkOutput(command, parsed.options, io);
  return runCommand(name, command, parsed, io, process);
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

/** Node.js lets writes to what was closed succeed. */
function checkOutput({ isForOutput = false }: Command, options: OptionValues, { isClosed }: Io): void {
  const needed = typeof isForOutput === 'boolean' ? isForOutput : isForOutput(options);
  if (!needed || isClosed !== true) return;
  throw new SecureStorageError('ERR_OUTPUT', {
    detail: 'standard output is closed, and nothing else would be done',
    remedy: 'Leave it open. To throw the output away, redirect it to /dev/null.',
  });
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
      control: () => process.control?.(),
    });
  } finally {
    stopTelling?.();
    await opened?.then(
      (store) => store.close(),
      () => undefined,
    );
  }
}
