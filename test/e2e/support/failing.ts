// SPDX-License-Identifier: MIT
/** Calls that are meant to fail, and calls that fail for a while. */
import { setTimeout as delay } from 'node:timers/promises';

/** How a call ended. */
export interface Failed {
  /** The error's, or 'none' where the call succeeded. */
  readonly code: string;
  readonly message: string;
  readonly outcomeUnknown: boolean | undefined;
}

/** The error that a call rejects with. */
export async function failed(call: Promise<unknown>): Promise<Failed> {
  const error = await call.then(
    () => ({ code: 'none', message: '' }),
    (reason: unknown) => reason as Failed,
  );
  const { code, message, outcomeUnknown } = error as Failed;
  return { code, message, outcomeUnknown };
}

/** What a store says while a supplicant comes back or catches up with what it missed. */
const PASSING: readonly string[] = ['ERR_TIMEOUT', 'ERR_NO_SUPPLICANT'];

/** Makes a call again until the supplicant has caught up with what it missed. */
export async function caughtUp<T>(call: () => Promise<T>, passing: readonly string[] = PASSING): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await call();
    } catch (error) {
      const { code = '' } = error as { code?: string };
      if (attempt === 300 || !passing.includes(code)) throw error;
      await delay(200);
    }
  }
}
