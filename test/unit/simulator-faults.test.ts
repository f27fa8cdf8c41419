// SPDX-License-Identifier: MIT
/** The simulator where something around it goes wrong: its directory, the system's limits, its thread, the clock. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

import { SecureStorage } from '../../src-ts/index.js';
import { PROTOCOL_VERSION, TA_UUID } from '../../src-ts/protocol/contract.js';
import { TeeResult } from '../../src-ts/tee/results.js';
import { Directory } from '../../src-ts/simulator/directory.js';
import { EncryptedFiles } from '../../src-ts/simulator/encrypted-files.js';
import { presentHolder } from '../../src-ts/simulator/holder.js';
import { clientOfProcess } from '../../src-ts/simulator/login.js';
import { now, State, type Reply, type Request } from '../../src-ts/simulator/messages.js';
import { SimulatorThread } from '../../src-ts/simulator/thread.js';
import { Token } from '../../src-ts/simulator/token.js';
import { ParamType } from '../../src-ts/tee/params.js';
import { encodeUuid } from '../../src-ts/util/uuid.js';
import { Login } from '../../src-ts/tee/seam.js';
import { errorOf } from '../conformance/errors.js';
import { freshFolder } from './support/folders.js';

const dist = path.resolve(__dirname, '../../dist');
const open = (directory: string, domain = 'default') =>
  SecureStorage.open({ backend: 'simulator', simulator: { directory }, domain, timeoutMs: 60_000 });
const lockOf = (directory: string) => path.join(directory, 'v1', 'lock');
const objectsOf = (directory: string) => path.join(directory, 'v1', 'objects');

/** Runs a script with the functions of this one in another process, and returns what it prints as JSON. */
const elsewhere = (directory: string, script: string, { shell = '', built = dist } = {}): unknown => {
  const source = `
    const fs = require('node:fs');
    const { SecureStorage } = require(${JSON.stringify(built)});
    const directory = ${JSON.stringify(directory)};
    const open = (domain = 'default') =>
      SecureStorage.open({ backend: 'simulator', simulator: { directory }, domain, timeoutMs: 3_600_000 });
    const codeOf = (promise) => promise.then(() => 'done', (error) => error.code);
    (async () => { ${script} })().then((result) => console.log(JSON.stringify(result ?? null)));`;
  const output = execFileSync('sh', ['-c', `${shell} exec "$0" -e "$1"`, process.execPath, source], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 50_000,
  });
  return JSON.parse(output);
};

describe('the directory', () => {
  test.each(['after a change', 'before any change'])(
    'that was replaced under an open store is not damaged, %s',
    async (when) => {
      const directory = freshFolder();
      const store = await open(directory);
      if (when === 'after a change') await store.put('k', 'v');
      rmSync(directory, { recursive: true });
      elsewhere(directory, `const store = await open(); await store.put('theirs', 'precious'); await store.close();`);
      const error = await errorOf(store.put('k', 'v'));
      expect(error).toMatchObject({ code: 'ERR_STORAGE', outcomeUnknown: false });
      expect(error.message).toContain('is another directory than it was');
      expect(await store.get('theirs', { encoding: 'utf8' })).toBe('precious');
      await store.put('k', 'v');
      await store.close();
      expect(elsewhere(directory, 'return (await open()).keys();')).toEqual(['k', 'theirs']);
    },
  );

  test('that was replaced by another that nobody has changed is noticed as well', async () => {
    const directory = freshFolder();
    const store = await open(directory);
    rmSync(directory, { recursive: true });
    elsewhere(directory, 'await (await open()).close();');
    expect(await errorOf(store.put('k', 'v'))).toMatchObject({ code: 'ERR_STORAGE', outcomeUnknown: false });
    await store.put('k', 'v');
    await store.close();
    expect(elsewhere(directory, 'return (await open()).keys();')).toEqual(['k']);
  });

  test('without its folder of objects takes no change, and says so', async () => {
    const directory = freshFolder();
    const store = await open(directory);
    await store.put('k', 'v');
    rmSync(objectsOf(directory), { recursive: true });
    expect(await errorOf(store.put('k', 'w'))).toMatchObject({ code: 'ERR_STORAGE' });
    await store.close();
  });

  test('that cannot be made leaves nothing half made behind', () => {
    const directory = freshFolder();
    const result = elsewhere(directory, 'return codeOf(open());', { shell: 'ulimit -f 0;' });
    expect([result, readdirSync(directory)]).toEqual(['ERR_STORAGE', []]);
  });

  test('that no file system makes is an error at once', () => {
    // The time that it may take is longer than that of this test.
    expect(elsewhere('/proc/nowhere', 'return codeOf(open());')).toBe('ERR_STORAGE');
  });

  test('is free for others, and for other stores, after no file could be opened', () => {
    const directory = freshFolder();
    const script = `
      const [store, other] = [await open(), await open('other')];
      await store.put('k', 'v');
      const files = [];
      try { for (;;) files.push(fs.openSync('/dev/null')); } catch {}
      const without = await codeOf(store.get('k'));
      for (const file of files) fs.closeSync(file);
      return [without, await codeOf(store.get('k')), await codeOf(other.put('k', 'v'))];`;
    expect(elsewhere(directory, script, { shell: 'ulimit -n 64;' })).toEqual(['ERR_STORAGE', 'done', 'done']);
  });

  test('is free again when its note could not be read, and a note that cannot be written stops the change', () => {
    const directory = freshFolder();
    const blobs = new Directory(directory);
    const free = path.join(lockOf(directory), 'free');
    const note = readFileSync(free);
    rmSync(free);
    mkdirSync(free);
    expect(() => blobs.enter(now() + 300)).toThrow('EISDIR');
    expect(readdirSync(lockOf(directory))).toEqual(['free']);
    rmSync(free, { recursive: true });
    writeFileSync(free, note);

    blobs.enter(now() + 300);
    const held = path.join(lockOf(directory), readdirSync(lockOf(directory))[0] ?? '');
    rmSync(held);
    mkdirSync(held);
    expect(() => {
      blobs.write('00', Buffer.from('data'));
    }).toThrow(expect.objectContaining({ result: TeeResult.STORAGE_NOT_AVAILABLE }) as Error);
    expect(readdirSync(objectsOf(directory))).toEqual([]);
  });

  if (process.geteuid?.() === 0) {
    test('of another user is not touched either by a process that was that user', () => {
      const directory = freshFolder();
      execFileSync('chown', ['12345', directory]);
      const script = `
        process.seteuid(12345);
        const store = await open();
        await store.put('k', 'v');
        process.seteuid(0);
        const codes = [await codeOf(open()), await codeOf(open())];
        process.seteuid(12345);
        return [...codes, await codeOf(store.put('k', 'w'))];`;
      expect(elsewhere(directory, script)).toEqual(['ERR_STORAGE', 'ERR_STORAGE', 'done']);
      const owners = readdirSync(objectsOf(directory)).map(
        (name) => statSync(path.join(objectsOf(directory), name)).uid,
      );
      expect(new Set(owners)).toEqual(new Set([12345]));
    });
  }
});

describe('a file', () => {
  const filesWith = (folder: string, assertMayChange: () => void) =>
    new EncryptedFiles(folder, Buffer.alloc(32), assertMayChange);
  const always = () => undefined;

  test('does not get its place if the lock was lost while it was written', () => {
    const folder = freshFolder();
    const others = filesWith(folder, always);
    others.write('00', Buffer.from('old'));
    const told = filesWith(folder, () => {
      throw new Error('the lock is lost');
    });
    expect(() => {
      told.write('00', Buffer.from('late'));
    }).toThrow('the lock is lost');
    // The lock may go between the last look at it and the renaming, too: whoever takes it discards what is unfinished.
    const untold = filesWith(folder, () => {
      others.discardUnfinished();
      others.write('00', Buffer.from('theirs'));
    });
    expect(() => {
      untold.write('00', Buffer.from('late'));
    }).toThrow(expect.objectContaining({ result: TeeResult.STORAGE_NOT_AVAILABLE }) as Error);
    expect(Buffer.from(others.read('00')).toString()).toBe('theirs');
    expect(readdirSync(folder)).toEqual(['00']);
  });

  test('that a killed process had begun is removed', async () => {
    const directory = freshFolder();
    await (await open(directory)).close();
    const begun = path.join(objectsOf(directory), 'new-0123456789abcdef');
    writeFileSync(begun, 'half');
    const token = JSON.stringify(path.join(dist, 'simulator', 'token.js'));
    elsewhere(directory, `new (require(${token}).Token)(directory + '/v1/lock').take(Infinity);`);
    await (await open(directory)).close();
    expect(readdirSync(objectsOf(directory))).not.toContain('new-0123456789abcdef');
  });
});

describe('the thread', () => {
  test.each(['secstor.wasm', 'worker.js'])('that cannot run for want of %s says so', (file) => {
    const copy = freshFolder();
    cpSync(dist, path.join(copy, 'dist'), { recursive: true });
    cpSync(path.resolve(dist, '../package.json'), path.join(copy, 'package.json'));
    rmSync(path.join(copy, 'dist', 'simulator', file));
    const built = path.join(copy, 'dist');
    expect(elsewhere(freshFolder(), 'return codeOf(open());', { built })).toBe('ERR_NO_SIMULATOR');
  });

  test('takes the memory of a request along: no copy of a secret stays behind', async () => {
    const thread = new SimulatorThread(undefined);
    const data = new Uint8Array(Buffer.from('s3cret'));
    const params = [{ type: ParamType.MEMREF_INPUT, data, size: data.length }];
    const running = thread.run({ kind: 'invoke', session: 1, command: 0, params }, { timeoutMs: 60_000 });
    expect(data.byteLength).toBe(0);
    expect((await running).outcome.result).toBe(TeeResult.TARGET_DEAD);
    await thread.end();
  });

  test('has answered in time, though the main thread was too busy to look', async () => {
    const store = await open(freshFolder());
    await store.put('k', 'v');
    await new Promise((resolve) => setImmediate(resolve));
    // Long enough for the thread, whatever the pace of this machine is just now; the main thread is busy for longer.
    const usual = performance.now();
    await store.put('k', 'v');
    const timeoutMs = 1000 + Math.ceil(10 * (performance.now() - usual));
    const answer = store.put('k', 'w', { timeoutMs });
    await Promise.resolve();
    for (const start = performance.now(); performance.now() - start < 1.2 * timeoutMs;);
    expect(await answer).toMatchObject({ revision: 3 });
    await store.close();
  });

  test('closes a session that was given up while it was opened', async () => {
    const directory = freshFolder();
    await (await open(directory)).close();
    const lock = new Token(lockOf(directory), `${presentHolder()}-test`);
    lock.take(now() + 1000);
    const code = new WebAssembly.Module(readFileSync(path.join(dist, 'simulator', 'secstor.wasm')));
    const worker = new Worker(path.join(dist, 'simulator', 'worker.js'), { workerData: { code, directory } });
    const states: Int32Array[] = [];
    const ask = (work: Request['work']) => {
      const state = new Int32Array(new SharedArrayBuffer(4));
      states.push(state);
      worker.postMessage({ id: states.length, state, deadline: now() + 60_000, work } satisfies Request);
      return state;
    };
    const client = clientOfProcess({ login: Login.USER });
    if (client === undefined) throw new Error('this process has no user');
    const params = [
      { type: ParamType.VALUE_INPUT, a: PROTOCOL_VERSION, b: 0 },
      { type: ParamType.MEMREF_INPUT, data: Buffer.from('default'), size: 7 },
    ];
    const asked = () => ask({ kind: 'open', uuid: encodeUuid(TA_UUID), client, params, stopAt: [] });
    // One that waits for the lock is not opened.
    const waiting = asked();
    Atomics.store(waiting, 0, State.WITHDRAWN);
    lock.give();
    // One that is being opened is closed. The thread may be quicker than this one: then the next one is tried.
    let opened = 0;
    for (let won = false; !won; opened++) {
      const opening = asked();
      while (Atomics.load(opening, 0) === State.WAITING);
      won = Atomics.compareExchange(opening, 0, State.BEGUN, State.WITHDRAWN) === State.BEGUN;
    }
    ask({ kind: 'invoke', session: opened, command: 0, params: [] });
    const reply = await new Promise<Reply>((resolve) => {
      worker.on('message', (one: Reply) => {
        if (one.id === states.length) resolve(one);
      });
    });
    // First, because a thread that is there still would keep a failed test from ending.
    await worker.terminate();
    expect(reply).toMatchObject({ answer: { outcome: { result: TeeResult.TARGET_DEAD } } });
  });

  test('waits for the lock whatever a test framework makes of Date', async () => {
    const directory = freshFolder();
    const store = await open(directory);
    const lock = new Token(lockOf(directory), `${presentHolder()}-test`);
    lock.take(now() + 1000);
    const date = jest.spyOn(Date, 'now').mockReturnValue(5);
    try {
      const answer = store.put('k', 'v');
      await sleep(100);
      lock.give();
      expect(await answer).toMatchObject({ revision: 1 });
    } finally {
      date.mockRestore();
      await store.close();
    }
  });

  test('takes as many requests of each session as the addon', async () => {
    const directory = freshFolder();
    const stores = await Promise.all(Array.from({ length: 4 }, (_, n) => open(directory, `d${String(n)}`)));
    const calls = stores.flatMap((store) => Array.from({ length: 300 }, () => store.has('k')));
    expect(new Set(await Promise.all(calls))).toEqual(new Set([false]));
    const large = stores
      .slice(0, 1)
      .flatMap((store) => Array.from({ length: 65 }, (_, n) => store.put(`k${String(n)}`, Buffer.alloc(1024 * 1024))));
    const results = await Promise.allSettled(large);
    expect(results.at(-1)).toMatchObject({ status: 'rejected', reason: { code: 'ERR_BUSY' } });
    await Promise.all(stores.map((one) => one.close()));
  });
});
