// SPDX-License-Identifier: MIT
/** Programs of their own in the machine, to see that they end by themselves. */
import type { Machine, ProcessOptions } from '../../../machine/machine.mjs';

/** What a script sees: the package, and a way to wait until the test lets it go on. */
export interface ScriptContext {
  readonly SecureStorage: typeof import('../../../src-ts/index.js').SecureStorage;
  /** Tells the test that something is reached, and waits for it. */
  readonly pause: () => Promise<void>;
}

/** What became of a script. */
export interface Ended<T> {
  readonly value: T;
  /** Timers that struck after the script had returned: its process waited for them before it ended. */
  readonly timersStruck: number;
  readonly stderr: string;
}

/**
 * Runs a function as a program: nothing ends its process but that there is nothing left to do.
 * @param script is sent as text, like the functions of UserProcess.run
 * @param atPause what the test does while the script waits in `pause`
 */
export async function runScript<T, A extends unknown[]>(
  machine: Machine,
  user: ProcessOptions,
  script: (context: ScriptContext, ...args: A) => Promise<T>,
  args: A,
  atPause: () => Promise<void> = () => Promise.resolve(),
): Promise<Ended<T>> {
  let printed = '';
  let stderr = '';
  const text = `(${program.toString()})(${script.toString()}, ${JSON.stringify(args)})`;
  const process = machine.spawn(['node', '-e', text], {
    ...user,
    onData(stream, bytes) {
      if (stream === 2) stderr += bytes.toString();
      else printed += bytes.toString();
      if (bytes.toString() === 'paused\n') void atPause().then(() => process.end(0));
    },
  });
  const { code, signal } = await process.closed;
  if (code !== 0) throw new Error(`the script ended with ${signal ?? String(code)}:\n${stderr}`);
  return { ...(JSON.parse(printed.replace('paused\n', '')) as Omit<Ended<T>, 'stderr'>), stderr };
}

/** Runs over there. */
function program(script: (context: ScriptContext, ...args: unknown[]) => Promise<unknown>, args: unknown[]): void {
  const { createHook } = require('node:async_hooks') as typeof import('node:async_hooks');
  const timers = new Set<number>();
  let hasReturned = false;
  let timersStruck = 0;
  createHook({
    init: (id, type) => type === 'Timeout' && timers.add(id),
    before: (id) => hasReturned && timers.has(id) && timersStruck++,
  }).enable();
  const { SecureStorage } = require('optee-secure-storage') as typeof import('../../../src-ts/index.js');
  const { writeSync } = require('node:fs') as typeof import('node:fs');
  const pause = async () => {
    writeSync(1, 'paused\n');
    await new Promise((resolve) => process.stdin.resume().once('end', resolve));
  };
  void script({ SecureStorage, pause }, ...args).then((value) => {
    hasReturned = true;
    process.on('exit', () => {
      writeSync(1, JSON.stringify({ value, timersStruck }));
    });
  });
}
