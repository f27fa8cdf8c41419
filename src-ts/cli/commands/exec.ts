// SPDX-License-Identifier: MIT
import { closeSync } from 'node:fs';

import { SecureStorageError } from '../../errors/error.js';
import type { ProcessControl } from '../../native/addon.js';
import type { SecureStorage } from '../../store.js';
import { text, texts, usageError } from '../command-line.js';
import type { Command, OptionValues } from '../command.js';
import { isClosedOnExec } from '../terminal/descriptors.js';
import {
  checkDistinct,
  checkHarmless,
  checkValue,
  environmentObject,
  ownEnvironment,
  parseVariable,
  variableOf,
  withVariables,
  type Variable,
} from './exec/environment.js';
import { memoryFile } from './exec/memory-file.js';
import { isProfiled } from './exec/signals.js';
import { becomeProgram, startProgram, type Program } from './exec/program.js';

/** The secrets that a program is to have, by the way in which it gets them. */
interface Wanted {
  readonly variables: readonly Variable[];
  readonly files: readonly Variable[];
}

/** How the program is started. */
interface Start {
  readonly program: Pick<Program, 'command' | 'args' | 'environment'>;
  /** What this process was given, see Io. */
  readonly inherited: readonly number[];
  readonly control: ProcessControl | undefined;
  /** Whether this process stays, as the parent of the program. */
  readonly stays: boolean;
}

export const command: Command = {
  usage: '--env NAME=KEY [...] -- PROGRAM [ARGUMENTS]',
  help: [
    'Starts PROGRAM with secrets in its environment and nowhere else: not in its arguments, in no file on a disk, not in',
    'the environment of this process or its parents. If a key is missing PROGRAM is not started (exit code 3).',
    'This process becomes PROGRAM, with its environment and descriptors: signals and the exit code are those of PROGRAM',
    '(docs/exec.md says where that ends). The exit code is 127 if there is no such program, 126 if it cannot be started.',
    'As process 1 of a container, and with --init, it stays: it passes signals on and reaps orphans. Signals that were',
    'ignored are not: use "-- nohup PROGRAM".',
    '',
    'Other processes of the same user, and root, can read the environment of PROGRAM; what it starts inherits it.',
    '',
    'With --file-env the variable holds a path from which PROGRAM reads the value, any bytes, as often as it likes: a file',
    'in memory without a name, which PROGRAM and what it starts inherit as a descriptor.',
    '',
    '--prefix sets no variable that is set already, and none that decides what is run or trusted (PATH, LD_PRELOAD,',
    'NODE_OPTIONS and others): who may write to the store could otherwise run code. --env sets whatever is named.',
  ],
  positionals: [1, Infinity],
  startsProgram: true,
  completes: 'program',
  options: {
    env: {
      type: 'string',
      multiple: true,
      argument: 'NAME=KEY',
      completes: 'variable',
      help: 'set the variable NAME to the value of KEY (NAME alone: of the key NAME)',
    },
    'file-env': {
      type: 'string',
      multiple: true,
      argument: 'NAME=KEY',
      completes: 'variable',
      help: 'set NAME to the path of a file in memory with the value of KEY (Linux only)',
    },
    init: {
      type: 'boolean',
      help: 'stay as the parent of PROGRAM, pass signals on to it and reap orphans, as an init does',
    },
    prefix: {
      type: 'string',
      argument: 'PREFIX',
      completes: 'key',
      help: 'set a variable for each key that begins so: db/user-name with PREFIX db/ sets USER_NAME',
    },
  },
  async run({ positionals: [command = '', ...args], options, io, open, control: controlOf }) {
    const named = namedIn(options);
    // Before this process keeps others, and so itself, from looking into it.
    const environment = ownEnvironment();
    const control = controlOf();
    // A profiler's signal on its way would end the program.
    const stays = options.init === true || process.pid === 1 || control === undefined || isProfiled();
    // Said before a secret is read, if it is to be said.
    if (stays) environmentObject(environment);
    const store = await open();
    const wanted = await withPrefixed(store, named, text(options, 'prefix'));
    const values = await read(store, wanted);
    // From here on nothing but the program needs them, however long it runs.
    await store.close();
    const program = { command, args, environment };
    return start({ program, inherited: io.inherited ?? [], control, stays }, wanted, values);
  },
};

function namedIn(options: OptionValues): Wanted {
  const [variables = [], files = []] = ['env', 'file-env'].map((option) =>
    texts(options, option).map((given) => parseVariable(given, option)),
  );
  if (files.length > 0 && process.platform !== 'linux') throw usageError('--file-env works on Linux only');
  if (variables.length + files.length === 0 && text(options, 'prefix') === undefined) {
    throw usageError('say which secrets with --env, --file-env or --prefix');
  }
  checkDistinct([...variables, ...files]);
  return { variables, files };
}

/** Adds the keys with the prefix, if one is given. */
async function withPrefixed(store: SecureStorage, wanted: Wanted, prefix: string | undefined): Promise<Wanted> {
  if (prefix === undefined) return wanted;
  const keys = await store.keys({ prefix });
  if (keys.length === 0) {
    throw new SecureStorageError('ERR_NOT_FOUND', { operation: 'exec', detail: 'no key begins with that prefix' });
  }
  const prefixed = keys.map((key) => variableOf(key, prefix));
  checkHarmless(prefixed, process.env);
  const variables = [...wanted.variables, ...prefixed];
  checkDistinct([...variables, ...wanted.files]);
  return { ...wanted, variables };
}

/** Reads all values, in one request if they are few. */
async function read(store: SecureStorage, { variables, files }: Wanted): Promise<ReadonlyMap<string, Buffer>> {
  const found = await store.getMany([...variables, ...files].map(({ key }) => key));
  const values = new Map([...found].filter((entry): entry is [string, Buffer] => entry[1] !== null));
  const missing = [...found.keys()].find((key) => !values.has(key));
  if (missing === undefined) return values;
  wipe(values);
  throw new SecureStorageError('ERR_NOT_FOUND', { operation: 'exec', key: missing });
}

/**
 * Starts the program and forgets the values. What node made of them for a new process cannot be wiped: strings that live
 * until their memory is used again, in a process that no other user can look into.
 */
function start(
  { program, inherited, control, stays }: Start,
  { variables, files }: Wanted,
  values: ReadonlyMap<string, Buffer>,
): Promise<number> {
  // The others are passed on by themselves.
  const descriptors = new Map(inherited.filter(isClosedOnExec).map((descriptor) => [descriptor, descriptor]));
  const own: number[] = [];
  const added = new Map<string, Buffer>();
  const valueOf = ({ key }: Variable) => values.get(key) ?? Buffer.alloc(0);
  let environment: readonly Buffer[] = [];
  try {
    for (const variable of variables) {
      checkValue(variable, valueOf(variable));
      added.set(variable.name, valueOf(variable));
    }
    for (const file of files) {
      const descriptor = memoryFile(valueOf(file), control);
      own.push(descriptor);
      const number = stays ? lowestFree([...inherited, ...descriptors.keys()]) : descriptor;
      descriptors.set(number, descriptor);
      added.set(file.name, Buffer.from(`/proc/self/fd/${String(number)}`));
    }
    environment = withVariables(program.environment, added);
    const whole = { ...program, environment, descriptors };
    return stays || control === undefined ? startProgram(whole, control) : becomeProgram(whole, control);
  } finally {
    for (const descriptor of own) closeSync(descriptor);
    for (const bytes of [...values.values(), ...environment]) bytes.fill(0);
  }
}

function lowestFree(taken: readonly number[]): number {
  let number = 3;
  while (taken.includes(number)) number++;
  return number;
}

function wipe(values: ReadonlyMap<string, Buffer>): void {
  for (const value of values.values()) value.fill(0);
}
