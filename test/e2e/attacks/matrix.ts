// SPDX-License-Identifier: MIT
/** Everybody tries every operation on what everybody else has, knowing keys and revisions. */
import type { OpenOptions } from '../../../src-ts/arguments/options.js';
import type { RunContext, UserProcess } from '../../../machine/machine.mjs';
import { Records } from '../../faults/support/records.js';
import { TEE_GROUP, Uid, type MachineOfFile } from '../support/machine.js';

/** A group of alice and bob. */
export const TEAM = 2000;
export const inTeam = { groups: [TEE_GROUP, TEAM] };

interface Owner {
  readonly name: string;
  readonly process: UserProcess;
  readonly options: OpenOptions;
}

/** What somebody has that others would like to. */
interface Target {
  readonly key: string;
  readonly revision: number;
}

const records = new Records<{ attempts: number; successes: number }>('matrix', () => '');

/** None is the beginning of another one. */
const secretOf = (name: string): string => `secret of ${name}#`;

export function matrixSuite(on: MachineOfFile): void {
  test('no operation of anybody makes a difference between what others have and what nobody has', async () => {
    const owners = await ownersOn(on);
    const targets: Target[] = [];
    for (const { name, process, options } of owners) {
      const revision = await process.run(fill, options, secretOf(name), name.length);
      targets.push({ key: secretOf(name), revision });
    }
    const contents = () => Promise.all(owners.map(({ process, options }) => process.run(contentsThere, options)));
    const before = await contents();

    const attempts: string[] = [];
    const successes: string[] = [];
    for (const { name, process, options } of owners) {
      const theirs = targets.filter(({ key }) => key !== secretOf(name));
      for (const { operation, key, success } of await process.run(attempt, options, theirs)) {
        attempts.push(`${name}: ${operation} of ${key}`);
        if (success) successes.push(`${name}: ${operation} of ${key}`);
      }
    }
    records.add({ attempts: attempts.length, successes: successes.length });
    process.stdout.write(`\n${String(successes.length)} of ${String(attempts.length)} attempts had success\n`);
    expect(successes).toEqual([]);
    expect(attempts.length).toBeGreaterThan(400);
    expect(await contents()).toEqual(before);

    // By the same judgement each operation has success with a key of one's own.
    const [{ process: own, options }] = owners as [Owner];
    const control = await own.run(attempt, options, [{ key: 'control#', revision: 0 }], true);
    expect(control.filter(({ success }) => !success)).toEqual([]);
  });
}

async function ownersOn(on: MachineOfFile): Promise<Owner[]> {
  const [root, alice, bob] = await Promise.all([
    on.user('root', inTeam),
    on.user('alice', inTeam),
    on.user('bob', inTeam),
  ]);
  const owner = (name: string, process: UserProcess, options: OpenOptions = {}): Owner => ({
    name,
    process,
    options: { domain: 'matrix', timeoutMs: 60_000, ...options },
  });
  return [
    owner('root', root),
    owner('alice', alice),
    owner('bob', bob),
    owner('another domain of alice', alice, { domain: 'matrix of alice' }),
    owner('their team', bob, { group: TEAM }),
    owner('group of the number of alice', alice, { group: Uid.alice }),
  ];
}

/** Runs there: stores a key of a size of its own, and one that everybody has; returns the first one's revision. */
async function fill({ require }: RunContext, options: OpenOptions, key: string, size: number): Promise<number> {
  const { SecureStorage } = require('optee-secure-storage') as typeof import('../../../src-ts/index.js');
  const store = await SecureStorage.open(options);
  // Some have their values in objects apart.
  const value = Buffer.alloc(size % 2 === 0 ? size : 5000 + size, size);
  const results = await store.batch([
    { type: 'put', key, value },
    { type: 'put', key: 'of all', value },
  ]);
  await store.close();
  return results[0] ?? 0;
}

/** Runs there. */
async function contentsThere({ require }: RunContext, options: OpenOptions): Promise<string[]> {
  const { SecureStorage } = require('optee-secure-storage') as typeof import('../../../src-ts/index.js');
  const store = await SecureStorage.open(options);
  const contents: string[] = [];
  for await (const { key, value, revision } of store.entries({ encoding: 'hex' })) {
    contents.push(`${key} ${String(revision)} ${value}`);
  }
  await store.close();
  return contents;
}

/**
 * Runs there: tries all operations, and takes for a success whatever comes out otherwise for a key that nobody has.
 * @param own whether the keys shall be one's own: they are stored before an operation where they are not there
 */
async function attempt({ require }: RunContext, options: OpenOptions, targets: Target[], own = false) {
  const { SecureStorage } = require('optee-secure-storage') as typeof import('../../../src-ts/index.js');
  const store = await SecureStorage.open(options);
  // Changes are tried with the revision that the key has, so that nothing is left behind of an attempt in vain.
  type Operation = (key: string, ifRevision: number) => Promise<unknown>;
  const operations: Record<string, Operation> = {
    get: (k) => store.get(k, { encoding: 'hex' }),
    getEntry: (k) => store.getEntry(k, { encoding: 'hex' }),
    getMany: async (k) => [...(await store.getMany([k], { encoding: 'hex' })).values()],
    has: (k) => store.has(k),
    stat: (k) => store.stat(k),
    list: (k) => store.list({ prefix: k }),
    'list from before it': (k) => store.list({ prefix: k.slice(0, -1), after: k.slice(0, -1), limit: 1 }),
    keys: (k) => store.keys({ prefix: k }),
    entries: (k) => store.entries({ prefix: k, encoding: 'hex' }).next(),
    put: (k, ifRevision) => store.put(k, 'taken', { ifRevision }),
    swap: (k, ifRevision) => store.put(k, 'taken', { ifRevision, returnPrevious: true }),
    generate: (k, ifRevision) => store.generate(k, { ifRevision, return: true }),
    'put in a batch': (key, ifRevision) => store.batch([{ type: 'put', key, value: 'taken', ifRevision }]),
    delete: (k) => store.delete(k),
    'delete of its revision': (k, ifRevision) => store.delete(k, { ifRevision }),
    'delete in a batch': (key) => store.batch([{ type: 'delete', key }]),
    clear: (k) => store.clear({ prefix: k, confirm: true }),
  };
  const outcome = async (operation: Operation, key: string, revision: number): Promise<string> => {
    const told = await operation(key, revision).then(
      (value) => JSON.stringify(value),
      (error: unknown) => String(error),
    );
    return told.replaceAll(key, 'KEY').replaceAll(key.slice(0, -1), 'KEY').replaceAll(String(revision), 'REVISION');
  };
  const ofNobodys = new Map<string, string>();
  const outcomes: { operation: string; key: string; success: boolean }[] = [];
  for (const [name, operation] of Object.entries(operations)) {
    for (const { key, revision } of targets) {
      const kept = own ? await store.stat(key) : { revision };
      const has = (kept ?? (await store.put(key, 'of its owner'))).revision;
      // Of the same length, and nearly the same.
      const nobodys = `${key.slice(0, -1)}~`;
      const expected = ofNobodys.get(name) ?? (await outcome(operation, nobodys, has));
      ofNobodys.set(name, expected);
      outcomes.push({ operation: name, key, success: (await outcome(operation, key, has)) !== expected });
    }
  }
  await store.close();
  return outcomes;
}
