// SPDX-License-Identifier: MIT
/** `optee-storage bench`: what it measures and that nothing of it stays. Figures are not judged. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

import { measureAll } from '../../src-ts/cli/commands/bench/measure.js';
import type { SecureStorage } from '../../src-ts/index.js';
import { buildCommandLine, main, optee, opteeProcess, softEnvironment } from './support/cli.js';
import { errorOf } from './support/errors.js';
import { freshFolder } from './support/folders.js';
import { buildSoftTee, openSoftStore } from './support/soft-tee.js';

const DOMAIN = 'optee-storage bench';
let store: SecureStorage;

beforeAll(async () => {
  store = await openSoftStore({ domain: DOMAIN });
}, 120_000);

afterAll(() => store.close());

const usedKeys = async () => (await store.info()).used.keys;

test('prints a line for each operation and leaves nothing behind, nor touches other keys', async () => {
  await store.put('of somebody', 'x');
  await optee(['put', 'bench/kept'], 'x');
  const before = await usedKeys();
  const { code, stdout, stderr } = await optee(['bench', '--rounds', '20']);
  expect([code, stderr]).toEqual([0, '']);
  const lines = stdout.toString().trimEnd().split('\n');
  expect(lines.map((line) => line.split(/ {2,}/)[0])).toEqual([
    ...['operation', 'has, no such key', 'open and close'],
    ...['put 32 B', 'get 32 B', 'put 4 KiB', 'get 4 KiB', 'put 64 KiB', 'get 64 KiB', 'list 32 keys'],
  ]);
  expect(lines.slice(1).every((line) => /( +\d+)( +\d+\.\d{3}){2} +\d+\.\d$/.test(line))).toBe(true);
  expect(await usedKeys()).toBe(before);
  expect(await store.keys()).toEqual(['of somebody']);
  await store.delete('of somebody');
  await optee(['delete', 'bench/kept']);
}, 60_000);

test('as JSON, with fewer writes than reads', async () => {
  const results = JSON.parse((await optee(['bench', '--rounds', '30', '--json'])).stdout.toString()) as {
    operation: string;
    count: number;
    p50: number;
    p99: number;
  }[];
  expect(results.every(({ p50, p99 }) => p50 > 0 && p99 >= p50)).toBe(true);
  expect(Object.fromEntries(results.map(({ operation, count }) => [operation, count]))).toMatchObject({
    'get 4 KiB': 30,
    'put 4 KiB': 3,
  });
}, 60_000);

test('what an earlier run left is cleared, and also what this one leaves when it is ended early', async () => {
  await store.put('bench/left', 'x');
  const controller = new AbortController();
  const opened: SecureStorage[] = [];
  const open = async () => {
    controller.abort(new Error('enough'));
    opened.push(await openSoftStore({ domain: DOMAIN }));
    return opened.at(-1) ?? store;
  };
  const ended = measureAll(store, open, { reads: 10, writes: 10 }, controller.signal);
  await expect(ended).rejects.toThrow('enough');
  expect(await store.keys()).toEqual([]);
});

test('without room in the quota it stores nothing', async () => {
  const { limits } = await store.info();
  const full = Array.from({ length: 15 }, (_, n) => `full/${String(n)}`);
  for (const key of full) await store.put(key, Buffer.alloc(1024 * 1024));
  await store.put('full/rest', Buffer.alloc(limits.bytes - (await store.info()).used.bytes - 40_000));
  const error = await errorOf(
    measureAll(store, () => openSoftStore(), { reads: 10, writes: 1 }, AbortSignal.timeout(1e6)),
  );
  expect(error.code).toBe('ERR_QUOTA');
  expect(await optee(['bench'])).toMatchObject({ code: 1 });
  expect(await store.clear({ prefix: 'full/', confirm: true })).toBe(16);
}, 60_000);

test.each([
  [['--domain', 'd'], 'a domain of its own'],
  [['--rounds', '9'], '--rounds must be 10 or more'],
  [['--rounds', 'x'], '--rounds must be a whole number'],
])('%j is refused', async (args, message) => {
  const { code, stderr } = await optee(['bench', ...args]);
  expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
});

/** Whether a process catches SIGHUP. Node.js itself does not, bench does as soon as there is something to clean up. */
function catchesSignals(pid: number): boolean {
  const [, caught = ''] = /^SigCgt:\s+(\w+)$/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8')) ?? [];
  return (BigInt(`0x${caught}`) & 1n) !== 0n;
}

test('a signal ends it by that signal, after it has cleaned up', async () => {
  buildSoftTee();
  buildCommandLine();
  const env = softEnvironment(freshFolder());
  const child = spawn(process.execPath, [main, 'bench', '--rounds', '1000000'], { env, stdio: 'inherit' });
  const listed = () => opteeProcess(['list', '--domain', DOMAIN, '--json'], env).stdout.toString();
  const ended = once(child, 'close');
  while (!catchesSignals(child.pid ?? 0)) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill('SIGTERM');
  expect(await ended).toEqual([null, 'SIGTERM']);
  expect(listed()).toBe('[]\n');
}, 60_000);
