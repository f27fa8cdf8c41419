// SPDX-License-Identifier: MIT
import type { Command } from './command.js';

/** What each command does, for the overview. */
export const summaries = {
  put: 'store a value under a key',
  get: 'write the value of a key to standard output',
  delete: 'delete a key',
  list: 'list keys',
  has: 'tell by the exit code whether there is a key',
  stat: 'tell size and revision of a value',
  import: 'store all entries of a JSON or dotenv file',
  generate: 'store random bytes made in the TEE',
  exec: 'start a program with secrets in its environment',
  clear: 'delete every key with a prefix',
  verify: 'read both copies of everything, and repair what one of them has lost',
  info: 'tell about the store: owner, versions, limits, protection',
  doctor: 'find out what keeps secure storage from working, and how to mend it',
  explain: 'say what an error code means, and what to do',
  bench: 'measure how long operations take on this machine',
  completion: 'print a script that makes a shell complete commands, options and keys',
  version: 'tell the versions of package, protocol and Trusted Application',
  owners: 'list, as root, the users and groups that have a store',
  'owners remove': 'remove, as root, the store of a user or group',
  'ta path': 'tell where this package has the parts of the Trusted Application',
  'ta build': 'build the Trusted Application for a board',
  'ta sign': "sign it with the key that the board's OP-TEE trusts",
  'ta install': 'put it where tee-supplicant loads it from',
  'ta remove': 'take it away from there; what is stored stays',
} as const;

type Name = keyof typeof summaries;

/** Each command is required only when it is run: on a board every module counts. */
const loaders: Readonly<Record<Name, () => { command: Command }>> = {
  put: () => require('./commands/put.js') as typeof import('./commands/put.js'),
  get: () => require('./commands/get.js') as typeof import('./commands/get.js'),
  delete: () => require('./commands/delete.js') as typeof import('./commands/delete.js'),
  list: () => require('./commands/list.js') as typeof import('./commands/list.js'),
  has: () => require('./commands/has.js') as typeof import('./commands/has.js'),
  stat: () => require('./commands/stat.js') as typeof import('./commands/stat.js'),
  import: () => require('./commands/import.js') as typeof import('./commands/import.js'),
  generate: () => require('./commands/generate.js') as typeof import('./commands/generate.js'),
  exec: () => require('./commands/exec.js') as typeof import('./commands/exec.js'),
  clear: () => require('./commands/clear.js') as typeof import('./commands/clear.js'),
  verify: () => require('./commands/verify.js') as typeof import('./commands/verify.js'),
  info: () => require('./commands/info.js') as typeof import('./commands/info.js'),
  doctor: () => require('./commands/doctor.js') as typeof import('./commands/doctor.js'),
  explain: () => require('./commands/explain.js') as typeof import('./commands/explain.js'),
  bench: () => require('./commands/bench.js') as typeof import('./commands/bench.js'),
  completion: () => require('./commands/completion.js') as typeof import('./commands/completion.js'),
  version: () => require('./commands/version.js') as typeof import('./commands/version.js'),
  owners: () => require('./commands/owners.js') as typeof import('./commands/owners.js'),
  'owners remove': () => require('./commands/owners/remove.js') as typeof import('./commands/owners/remove.js'),
  'ta path': () => require('./commands/ta/path.js') as typeof import('./commands/ta/path.js'),
  'ta build': () => require('./commands/ta/build.js') as typeof import('./commands/ta/build.js'),
  'ta sign': () => require('./commands/ta/sign.js') as typeof import('./commands/ta/sign.js'),
  'ta install': () => require('./commands/ta/install.js') as typeof import('./commands/ta/install.js'),
  'ta remove': () => require('./commands/ta/remove-ta.js') as typeof import('./commands/ta/remove-ta.js'),
};

export function hasCommand(name: string): boolean {
  return Object.hasOwn(loaders, name);
}

/** The command of a name; undefined if there is none. */
export function loadCommand(name: string): Command | undefined {
  return hasCommand(name) ? loaders[name as Name]().command : undefined;
}

/** Arguments whose first is a command's whole name, also where that is two words. */
export function withWholeName(args: readonly string[]): readonly string[] {
  const [first = '', second = '', ...rest] = args;
  const name = `${first} ${second}`;
  return hasCommand(name) ? [name, ...rest] : args;
}

/** The words that may follow a command's first, as `sign` follows `ta`; none for a command of one word. */
export function secondWords(first: string): string[] {
  const names = Object.keys(loaders).filter((name) => name.startsWith(`${first} `));
  return names.map((name) => name.slice(first.length + 1));
}

/** What people type who come from other programs. */
const elsewhere: Readonly<Record<string, Name>> = {
  ls: 'list',
  keys: 'list',
  rm: 'delete',
  del: 'delete',
  remove: 'delete',
  set: 'put',
  store: 'put',
  add: 'put',
  show: 'get',
  read: 'get',
  exists: 'has',
  status: 'doctor',
  run: 'exec',
};

/** The command that was probably meant by a word that is none. */
export function commandLike(word: string): string | undefined {
  if (Object.hasOwn(elsewhere, word)) return elsewhere[word];
  const names = Object.keys(summaries).filter((name) => !name.includes(' '));
  return names.find((name) => isOneSlipFrom(name, word));
}

/** Whether a letter was left out, added, replaced, or two were exchanged. */
function isOneSlipFrom(name: string, word: string): boolean {
  let at = 0;
  while (at < name.length && name[at] === word[at]) at++;
  const [left, right] = [name.slice(at), word.slice(at)];
  const exchanged = `${right[1] ?? ''}${right[0] ?? ''}${right.slice(2)}`;
  return left.slice(1) === right || left === right.slice(1) || left.slice(1) === right.slice(1) || left === exchanged;
}
