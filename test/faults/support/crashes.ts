// SPDX-License-Identifier: MIT
/** Crashes of OP-TEE itself, which a client that is killed can bring about (docs/security.md, random.test.ts). */
import { setTimeout as delay } from 'node:timers/promises';

import type { Machine } from '../../../machine/machine.mjs';

/** How often it has crashed, which stops the processor it ran on, and soon the machine. */
export const crashes = (machine: Machine): number => machine.secureLog().split(/Panic '.*' at core\//).length - 1;

/**
 * Waits for some work on the machine, or for OP-TEE to crash amid it; the work is given up then.
 * @param work ends, where the signal is aborted, before it does anything more to the machine, which is set back then
 * @returns undefined where it crashed
 */
export async function unlessCrashed<T>(
  machine: Machine,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const before = crashes(machine);
  const given = new AbortController();
  let isOver = false;
  const crashed = async (): Promise<undefined> => {
    while (!isOver && crashes(machine) === before) await delay(200);
    if (!isOver) given.abort(new Error('OP-TEE has crashed'));
  };
  const working = work(given.signal);
  working.catch(() => undefined); // it may fail when the machine is set back, long after it was given up
  return Promise.race([working, crashed()]).finally(() => (isOver = true));
}
