// SPDX-License-Identifier: MIT
import { closeSync } from 'node:fs';

import { SecureStorageError } from '../../errors/error.js';
import type { SecureStorage } from '../../store.js';
import { text, texts, usageError } from '../command-line.js';
import type { Command, OptionValues } from '../command.js';
import { checkDistinct, checkHarmless, parseVariable, textOf, variableOf, type Variable } from './exec/environment.js';
import { memoryFile } from './exec/memory-file.js';
import { startProgram } from './exec/program.js';

/** The secrets that a program is to have, by the way in which it gets them. */
interface Wanted {
  readonly variables: readonly Variable[];
  readonly files: readonly Variable[];
}

export const command: Command = {
  usage: '--env NAME=KEY [...] -- PROGRAM [ARGUMENTS]',
  help: [
    'Starts PROGRAM with secrets in its environment and nowhere else: not in its arguments, in no file on a disk, not in',
    'the environment of this process or its parents. If a key is missing PROGRAM is not started (exit code 3).',
    'Signals are passed on, and the exit code is that of PROGRAM; 127 if there is no such program, 126 if it cannot be',
    'started. Other processes of the same user, and root, can read the environment of PROGRAM; what it starts inherits it.',
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
    prefix: {
      type: 'string',
      argument: 'PREFIX',
      completes: 'key',
      help: 'set a variable for each key that begins so: db/user-name with PREFIX db/ sets USER_NAME',
    },
  },
  async run({ positionals: [program = '', ...args], options, open }) {
    const named = namedIn(options);
    const store = await open();
    const wanted = await withPrefixed(store, named, text(options, 'prefix'));
    const values = await read(store, wanted);
    // From here on nothing but the program needs them, however long it runs.
    await store.close();
    return start(program, args, wanted, values);
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
 * Starts the program and forgets the values. What node made of them for the new process cannot be wiped: strings that
 * live until their memory is used again, in a process that no other user can look into.
 */
function start(
  program: string,
  args: readonly string[],
  { variables, files }: Wanted,
  values: ReadonlyMap<string, Buffer>,
): Promise<number> {
  const descriptors: number[] = [];
  // Without a prototype no name of a variable means anything else.
  const env = Object.assign(Object.create(null) as NodeJS.ProcessEnv, process.env);
  const valueOf = ({ key }: Variable) => values.get(key) ?? Buffer.alloc(0);
  try {
    for (const variable of variables) env[variable.name] = textOf(variable, valueOf(variable));
    for (const file of files) {
      env[file.name] = `/proc/self/fd/${String(3 + descriptors.length)}`;
      descriptors.push(memoryFile(valueOf(file)));
    }
    return startProgram({ command: program, args, env, descriptors });
  } finally {
    for (const descriptor of descriptors) closeSync(descriptor);
    wipe(values);
  }
}

function wipe(values: ReadonlyMap<string, Buffer>): void {
  for (const value of values.values()) value.fill(0);
}
