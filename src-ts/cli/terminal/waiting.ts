// SPDX-License-Identifier: MIT
import type { Io } from './io.js';

const SECOND_MS = 1000;

/**
 * Tells on a terminal how long a command has been waiting, from the first second on. Nothing else is known: a call into
 * the TEE says nothing of how far it is.
 * @param command its name
 * @returns what ends that
 */
export function tellWaiting({ status }: Io, command: string): () => void {
  if (status === undefined) return () => undefined;
  const began = performance.now();
  const tell = () => {
    status(`${command}: waiting for the TEE, ${((performance.now() - began) / SECOND_MS).toFixed(0)} s`);
  };
  const timer = setInterval(tell, SECOND_MS).unref();
  return () => {
    clearInterval(timer);
    status('');
  };
}
