// SPDX-License-Identifier: MIT
import type { ProcessControl } from '../native/addon.js';
import type { OpenOptions } from '../arguments/options.js';
import type { SecureStorage } from '../store.js';
import type { Io } from './terminal/io.js';

/**
 * What a shell completes an argument to: keys that exist, `NAME=` with a key, the name of a file, a program with its
 * arguments, or one of some words.
 */
export type Completion = 'key' | 'variable' | 'file' | 'program' | readonly string[];

/** An option of a command, in the terms of node:util's parseArgs and with its help. */
export interface OptionSpec {
  readonly type: 'string' | 'boolean';
  /** A letter that stands for it. */
  readonly short?: string;
  /** Name of its argument in the help, for type string. */
  readonly argument?: string;
  /** Whether it may be given several times; its value is an array then. */
  readonly multiple?: boolean;
  /** What its argument is completed to; left out: nothing. */
  readonly completes?: Completion;
  readonly help: string;
}

export type OptionValues = Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;

/** What a command works with. */
export interface Context {
  readonly io: Io;
  readonly json: boolean;
  readonly positionals: readonly string[];
  readonly options: OptionValues;
  /** Opens the store that the options name; it is closed when the command has ended. */
  readonly open: () => Promise<SecureStorage>;
  /** The options of that store, and how any store is opened. */
  readonly settings: OpenOptions;
  readonly openWith: (options: OpenOptions) => Promise<SecureStorage>;
  /** How this process can become another program; undefined where it cannot. */
  readonly control: () => ProcessControl | undefined;
}

/** One command of optee-storage, in a module of its own that is loaded only when it is asked for. */
export interface Command {
  /** Positional arguments as in the usage line, for example `KEY`. */
  readonly usage: string;
  /** Paragraphs of the help. */
  readonly help: readonly string[];
  /** How many positional arguments there must be at least and at most. */
  readonly positionals: readonly [min: number, max: number];
  /**
   * True if it reads a secret, of a store or a key to sign with: its memory is kept from dumps and tracers, and messages
   * repeat no argument, for a misplaced secret could be among them.
   */
  readonly readsSecret?: boolean;
  /** True if its positional arguments are another program and its arguments: they must come after `--`. */
  readonly startsProgram?: boolean;
  /** True if it needs no store: the options that choose one are none of its own. */
  readonly withoutStore?: boolean;
  /**
   * True if it is of no use when nobody gets what it writes: then it does nothing if standard output is closed. Of a
   * command that does so with some options only, by these.
   */
  readonly isForOutput?: boolean | ((options: OptionValues) => boolean);
  /** What its positional arguments are completed to; left out: nothing. */
  readonly completes?: Completion;
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** @returns the exit code; errors are thrown */
  run(context: Context): Promise<number>;
}
