// SPDX-License-Identifier: MIT
import { checkOptions } from '../arguments/checks.js';
import { chooseBackend } from './choose-backend.js';
import { Call } from '../protocol/call.js';
import { Connection } from './connection.js';
import { ProcessIdentity, type Identity } from './identity.js';
import { schema, type OpenOptions } from '../arguments/options.js';
import { TA_UUID } from '../protocol/contract.js';
import { callError } from '../protocol/outcomes.js';
import { isSecureStorageError } from '../errors/error.js';
import { whenAborted } from '../tee/limits.js';
import type { TeeBackend } from '../tee/seam.js';
import { timer, withResolvers } from '../util/timers.js';

/** In place of what the options and this process give. */
export interface Substitutes {
  readonly backend?: TeeBackend | undefined;
  readonly identity?: Identity | undefined;
}

/** With members of its own, so that Object.prototype has no say. */
const NONE: Substitutes = { backend: undefined, identity: undefined };

/**
 * Opens a connection by the options of SecureStorage.open().
 * @throws SecureStorageError as SecureStorage.open() documents
 */
export async function connect(options?: OpenOptions, substitutes: Substitutes = NONE): Promise<Connection> {
  const { waitMs = 0, ...checked } = checkOptions(options, schema.open);
  const began = performance.now();
  for (;;) {
    try {
      return await attempt(checked, substitutes);
    } catch (error) {
      const waited = performance.now() - began;
      if (!isSecureStorageError(error) || !error.retryable || waited >= waitMs) throw error;
      await pause(Math.min(pauseAfter(waited), waitMs - waited), checked.signal);
    }
  }
}

async function attempt(checked: OpenOptions, substitutes: Substitutes): Promise<Connection> {
  const { signal, timeoutMs = 10_000, callTimeoutMs = timeoutMs } = checked;
  const { domain = 'default', group, taUuid = TA_UUID } = checked;
  const call = new Call('open', undefined, { signal, timeoutMs });
  try {
    signal?.throwIfAborted();
    const { backend = chooseBackend(checked), identity = new ProcessIdentity(group) } = substitutes;
    return await Connection.open({ backend, taUuid, domain, identity, timeoutMs: callTimeoutMs }, call);
  } catch (error) {
    throw callError(call, error, false);
  }
}

/**
 * Longer and longer, because an attempt that finds no supplicant leaves a thread behind that waits for one, and there may
 * be 32 of them: a minute has some sixteen attempts, and three minutes thirty. Later ones are refused at once, as busy.
 */
function pauseAfter(waitedMs: number): number {
  return Math.min(Math.max(waitedMs / 2, 100), 10_000);
}

/** @throws the signal's reason */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve } = withResolvers<undefined>();
  const stopTimer = timer(() => {
    resolve(undefined);
  }, Math.ceil(ms));
  const stopListening =
    signal &&
    whenAborted(signal, () => {
      resolve(undefined);
    });
  await promise;
  stopTimer();
  stopListening?.();
  signal?.throwIfAborted();
}
