// SPDX-License-Identifier: MIT
/** What is left of secrets: in a process's memory, in its core dump, in arguments, environments and logs. */
import type { SecureStorage } from '../../../src-ts/index.js';
import type { RunContext } from '../../../machine/machine.mjs';
import { Uid, type MachineOfFile } from '../support/machine.js';
import { inTeam } from './matrix.js';
import { attack, json, pathOf } from './programs.js';

/** The numbers that secrets are made from; the secrets themselves are written down nowhere. */
const Seed = { wiped: 1_000_003, string: 1_000_033, dumped: 1_000_037, held: 1_000_039 } as const;
const PIECES = 8;

export function memorySuite(on: MachineOfFile): void {
  const search = async (seed: number, ...places: (string | number)[]) =>
    (await attack(on, 'find-secret', [seed, ...places], {})) as number[];

  test('after close() and with the Buffers wiped, nothing of a secret is in the memory of the process', async () => {
    const alice = await on.user('alice', inTeam);
    await alice.run(useSecret, makeSecret.toString(), Seed.wiped);
    const [held = 0] = await search(Seed.wiped, alice.pid);
    expect(held).toBeGreaterThanOrEqual(PIECES);
    await alice.run(wipeAndClose);
    expect(await search(Seed.wiped, alice.pid)).toEqual([0]);
  });

  test('a string is in the memory as long as the program has it, whatever is wiped and closed', async () => {
    const alice = await on.user('alice', inTeam);
    await alice.run(useString, makeSecret.toString(), Seed.string);
    const [left = 0] = await search(Seed.string, alice.pid);
    expect(left).toBeGreaterThanOrEqual(PIECES);
  });

  test('a core dump has no secret that was wiped, and each one that was not', async () => {
    const script = `
      const makeSecret = ${makeSecret.toString()};
      const { SecureStorage } = require('/opt/optee-secure-storage');
      const store = await SecureStorage.open({ domain: 'dumped', timeoutMs: 60000 });
      const use = async (seed) => {
        const secret = makeSecret(seed);
        await store.put('k', secret);
        await store.batch([{ type: 'put', key: 'b', value: secret }]);
        secret.fill(0);
        for (const value of (await store.getMany(['k', 'b'])).values()) value.fill(0);
        (await store.put('k', '', { returnPrevious: true })).previous.fill(0);
        return store.get('b');
      };
      (await use(${String(Seed.dumped)})).fill(0);
      globalThis.held = await use(${String(Seed.held)});
      process.abort();`;
    const command = `
      echo /tmp/core > /proc/sys/kernel/core_pattern
      ulimit -c unlimited
      cat > /tmp/dies.js
      setpriv --reuid=${String(Uid.alice)} --init-groups node /tmp/dies.js
      ls /tmp/core > /dev/null && ${pathOf('find-secret')} ${String(Seed.dumped)} /tmp/core
      ${pathOf('find-secret')} ${String(Seed.held)} /tmp/core
      rm /tmp/core /tmp/dies.js`;
    const stdin = `(async () => {${script}})()`;
    const { stdout } = await on.machine.exec(['bash', '-c', command], { stdin, timeoutMs: 240_000 });
    const [wiped, held] = stdout
      .toString()
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as number[])[0] ?? -1);
    expect(wiped).toBe(0);
    expect(held).toBeGreaterThanOrEqual(PIECES);
  });

  test('no process has a secret among its arguments or in its environment, and no log has one', async () => {
    const script = `
      ${pathOf('find-secret')} ${String(Seed.wiped)} /proc/[0-9]*/cmdline /proc/[0-9]*/environ
      dmesg > /tmp/dmesg; ${pathOf('find-secret')} ${String(Seed.wiped)} /tmp/dmesg`;
    const { stdout } = await on.machine.exec(['sh', '-c', script]);
    const [processes = [], dmesg] = stdout
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as number[]);
    expect(processes.length).toBeGreaterThan(10);
    expect(Math.max(...processes)).toBeLessThanOrEqual(0);
    expect(dmesg).toEqual([0]);
    const planted = ['sh', '-c', `exec ${pathOf('find-secret')} ${String(Seed.wiped)} /proc/self/environ`];
    const env = { PLANTED: makeSecret(Seed.wiped).toString() };
    expect(await json(on, planted, { env })).toEqual([PIECES]);

    const logs = on.machine.secureLog() + on.machine.consoleLog();
    expect(logs).toContain('ff06ae7c-d9e8-40c7-ab24-86ad69bffce7');
    for (const seed of Object.values(Seed)) {
      const secret = makeSecret(seed).toString();
      for (let at = 0; at < secret.length; at += 8) expect(logs).not.toContain(secret.slice(at, at + 8));
    }
  });
}

/** 64 printable bytes made from a number, as test/e2e/guest/find-secret.c makes them; sent to processes as text. */
function makeSecret(seed: number): Buffer {
  // Outside of V8's heap, see src-ts/util/wipeable.ts.
  const secret = Buffer.from(new ArrayBuffer(64));
  let state = seed;
  for (let n = 0; n < secret.length; n++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    secret[n] = 33 + ((state >>> 0) % 94);
  }
  return secret;
}

/** Runs there: passes the secret through all of the API that takes or gives values as Buffers. */
async function useSecret({ require, state }: RunContext, make: string, seed: number): Promise<void> {
  const { SecureStorage } = require('optee-secure-storage') as typeof import('../../../src-ts/index.js');
  const makeIt = (0, eval)(`(${make})`) as (seed: number) => Buffer;
  const store = await SecureStorage.open({ domain: 'memory', timeoutMs: 60_000 });
  const secret = makeIt(seed);
  // Of the size that lies in an object apart, and for which the shared memory grows.
  const large = Buffer.from(new ArrayBuffer(70_016));
  for (let at = 0; at + secret.length <= large.length; at += secret.length) large.set(secret, at);
  const buffers: (Buffer | null | undefined)[] = [secret, large];
  const { revision } = await store.put('k', secret);
  await store.put('large', large);
  buffers.push(await store.get('k'), await store.get('large'));
  buffers.push((await store.getEntry('k'))?.value);
  buffers.push(...(await store.getMany(['k', 'large'])).values());
  for await (const { value } of store.entries()) buffers.push(value);
  buffers.push((await store.put('k', secret, { returnPrevious: true })).previous);
  await store.batch([
    { type: 'put', key: 'a', value: secret },
    { type: 'put', key: 'b', value: secret },
  ]);
  const failures: unknown[] = [];
  const fail = (call: Promise<unknown>) =>
    call.then(
      () => failures.push(undefined),
      (error: unknown) => failures.push(error),
    );
  await fail(store.put('k', secret, { ifRevision: revision }));
  await fail(store.put('k', large, { ifAbsent: true }));
  await fail(store.batch([{ type: 'put', key: 'k', value: secret, ifRevision: revision }]));
  await fail(store.put('k\n', secret));
  await fail(store.put('k', large, { signal: AbortSignal.abort() }));
  await fail(store.put('k', large, { timeoutMs: 1 }));
  // The call that nobody waits for any more has its copies until it ends.
  while ((await store.has('k').catch(() => undefined)) === undefined) await new Promise((go) => setTimeout(go, 20));
  if (failures.length !== 6) throw new Error('a call did not settle');
  state.memory = { store, buffers, failures };
}

/** Runs there. */
async function wipeAndClose({ state }: RunContext): Promise<void> {
  const { store, buffers } = state.memory as { store: SecureStorage; buffers: (Buffer | null | undefined)[] };
  for (const buffer of buffers) buffer?.fill(0);
  await store.clear({ confirm: true });
  await store.close();
}

/** Runs there: gets a value as a string, and keeps it. */
async function useString({ require, state }: RunContext, make: string, seed: number): Promise<void> {
  const { SecureStorage } = require('optee-secure-storage') as typeof import('../../../src-ts/index.js');
  const makeIt = (0, eval)(`(${make})`) as (seed: number) => Buffer;
  const store = await SecureStorage.open({ domain: 'memory', timeoutMs: 60_000 });
  const secret = makeIt(seed);
  await store.put('k', secret);
  secret.fill(0);
  state.string = await store.get('k', { encoding: 'utf8' });
  await store.clear({ confirm: true });
  await store.close();
}
