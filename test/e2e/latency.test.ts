// SPDX-License-Identifier: MIT
/**
 * A benchmark, not a test of time: get and put from JavaScript beside a command from C that the TA refuses at once, in
 * the same run. Only the ratios mean something, and only roughly: the machine is an emulated one.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { SecureStorage } from '../../src-ts/index';
import type { UserProcess } from '../../machine/machine.mjs';
import { useMachine } from './support/machine';
import { median, printTable } from './support/table';

const YARDSTICK = '/usr/bin/empty-command';
const VALUE_SIZES = [32, 4 * 1024, 64 * 1024];

const folder = mkdtempSync(path.join(tmpdir(), 'optee-latency-'));
const machineOfFile = useMachine(() => {
  const program = path.join(folder, 'empty-command');
  const flags = ['-O2', '-Wall', '-Wextra', '-Werror', '-Ita/include', '-Isrc-native', '-o', program];
  execFileSync('aarch64-linux-gnu-gcc', [...flags, 'test/e2e/guest/empty-command.c', '-ldl']);
  return Promise.resolve({ files: { [YARDSTICK]: program } });
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Median nanoseconds of each of the functions, called in turn. */
async function time(alice: UserProcess, size: number, rounds: number): Promise<{ get: number; put: number }> {
  const samples = await alice.run(
    async ({ state }, bytes, count) => {
      const store = state.store as SecureStorage;
      const value = Buffer.alloc(bytes, 7);
      const get: number[] = [];
      const put: number[] = [];
      const clocked = async (samplesOf: number[], work: () => Promise<unknown>): Promise<void> => {
        const start = process.hrtime.bigint();
        await work();
        samplesOf.push(Number(process.hrtime.bigint() - start));
      };
      await store.put('timed', value);
      for (let n = 0; n < 30; n++) await store.get('timed');
      for (let n = 0; n < count; n++) await clocked(get, () => store.get('timed'));
      for (let n = 0; n < 3; n++) await clocked(put, () => store.put('timed', value));
      await store.delete('timed');
      return { get, put };
    },
    size,
    rounds,
  );
  return { get: median(samples.get), put: median(samples.put) };
}

test(
  'latencies as multiples of an empty command',
  async () => {
    const { machine } = machineOfFile;
    const alice = await machineOfFile.user('alice');
    await alice.run(async ({ require, state }) => {
      const { SecureStorage } = require('optee-secure-storage') as typeof import('../../src-ts/index');
      state.store = await SecureStorage.open({ timeoutMs: 60_000 });
    });
    const yardstick = async (): Promise<number> => {
      const { code, stdout } = await machine.exec([YARDSTICK], { uid: 1000 });
      expect(code).toBe(0);
      return Number(stdout.toString());
    };

    const table: (string | number)[][] = [
      ['', 'empty command', ...VALUE_SIZES.flatMap((size) => [`get ${String(size)} B`, `put ${String(size)} B`])],
    ];
    for (const secrets of [10, 1_000]) {
      await alice.run(async ({ state }, count) => {
        const store = state.store as SecureStorage;
        for (let n = 0; n < count; n += 500) {
          const puts = Array.from({ length: Math.min(500, count - n) }, (_, i) => ({
            type: 'put' as const,
            key: `other/${String(n + i)}`,
            value: 'x'.repeat(32),
          }));
          await store.batch(puts);
        }
      }, secrets);
      const line: (string | number)[] = [`${String(secrets)} secrets`];
      const before = await yardstick();
      const times: { get: number; put: number }[] = [];
      for (const size of VALUE_SIZES) times.push(await time(alice, size, 30));
      // The emulator's pace drifts, so the yardstick is laid on both ends.
      const floor = (before + (await yardstick())) / 2;
      line.push(`${(floor / 1e6).toFixed(2)} ms`);
      for (const { get, put } of times) line.push(`${(get / floor).toFixed(2)} x`, `${(put / floor).toFixed(1)} x`);
      table.push(line);
    }
    printTable('Latency from JavaScript, as multiples of an empty command from C (medians)', table);
  },
  10 * 60_000,
);
