// SPDX-License-Identifier: MIT
/** What an attempt to use a store brings to light. */
import { isSecureStorageError, type ErrorCode, type SecureStorageError } from '../errors/error.js';
import type { StoreInfo } from '../connection/store-info.js';
import type { OwnersInfo } from '../connection/store-owners.js';
import type { CallOptions, ListOptions, OpenOptions } from '../arguments/options.js';
import { NOBODYS_UUID } from '../tee/nobody.js';
import { checkIds, type CheckId } from './diagnosis.js';

/** What of a store the doctor uses. */
export interface Usable {
  info(options?: CallOptions): Promise<StoreInfo>;
  list(options?: ListOptions): Promise<unknown>;
  owners(options?: CallOptions): Promise<OwnersInfo>;
  close(): Promise<void>;
}

export type Open = (options: OpenOptions) => Promise<Usable>;

export interface Evidence {
  /** Why a store cannot be opened or read; undefined if it can. */
  readonly error: SecureStorageError | undefined;
  readonly info: StoreInfo | undefined;
  /** Who has a store; undefined if this process may not know. */
  readonly owners: OwnersInfo | undefined;
  /** Why the supplicant gave no answer; null if it gave one, undefined if it was not asked. */
  readonly supplicant: SecureStorageError | null | undefined;
  /** Milliseconds of one call that needs no storage. */
  readonly warmMs: number | undefined;
}

/** What its answer may take. */
const ANSWER_MS = 5000;
const WARM_CALLS = 5;

/** Errors that say which link is broken; every other one is about the store. */
const brokenLink: Partial<Record<ErrorCode, CheckId>> = {
  ERR_NO_ADDON: 'addon',
  ERR_NO_LIBTEEC: 'libteec',
  ERR_NO_DEVICE: 'device',
  ERR_PERMISSION: 'permission',
  ERR_NO_SUPPLICANT: 'supplicant',
  ERR_TIMEOUT: 'supplicant',
  ERR_TA_NOT_FOUND: 'ta',
  ERR_TA_SIGNATURE: 'ta-signature',
  ERR_TA_VERSION: 'ta-version',
  ERR_FORMAT_TOO_NEW: 'ta-version',
  ERR_KERNEL_TOO_OLD: 'kernel',
  ERR_NOT_IN_GROUP: 'identity',
  ERR_UID_MISMATCH: 'identity',
  ERR_NO_SIMULATOR: 'simulator',
  ERR_SIMULATOR_REFUSED: 'simulator',
};

/** Errors with which the TEE was not even reached, or did not answer: asking once more tells nothing new. */
const unreached: ReadonlySet<ErrorCode> = new Set([
  'ERR_NO_ADDON',
  'ERR_NO_LIBTEEC',
  'ERR_NO_DEVICE',
  'ERR_PERMISSION',
  'ERR_NO_SUPPLICANT',
  'ERR_TIMEOUT',
]);

/** Errors that come from the store, unless OP-TEE itself gives them before the TA has begun. */
const atLoading: ReadonlySet<ErrorCode> = new Set(['ERR_CORRUPT', 'ERR_NO_MEMORY']);

/** The link that an error says is broken. */
export function linkOf({ code, operation, origin }: SecureStorageError): CheckId {
  if (operation === 'open' && origin === 'TEE' && atLoading.has(code)) return 'ta-load';
  return brokenLink[code] ?? 'store';
}

/**
 * Whether the attempt broke at this link, got beyond it, or did not get there.
 * Asking for the supplicant alone does not break what comes after: that may do without it for a while.
 */
export function progress({ error }: Evidence, id: CheckId): 'beyond' | 'broken' | 'not reached' {
  if (error === undefined) return 'beyond';
  const broken = checkIds.indexOf(linkOf(error));
  const asked = checkIds.indexOf(id);
  return asked === broken ? 'broken' : asked < broken ? 'beyond' : 'not reached';
}

/**
 * Opens a store, reads from it without changing anything, and asks the supplicant for something that is not there.
 * Takes no longer than the options allow, and some seconds for what is slow to close.
 * @param real whether there is a supplicant to ask
 * @throws what is not an error of this package, and ERR_INVALID_ARG, which is about the call
 */
export async function gather(options: OpenOptions, open: Open, real: boolean): Promise<Evidence> {
  const { timeoutMs = 10_000 } = options;
  const deadline = performance.now() + timeoutMs;
  const left = () => Math.max(1, Math.ceil(deadline - performance.now()));
  const store = await useStore(options, open, left);
  const ask = real && (store.error === undefined || !unreached.has(store.error.code));
  const limit = Math.min(ANSWER_MS, left());
  return { ...store, supplicant: ask ? await askSupplicant({ ...options, timeoutMs: limit }, open) : undefined };
}

type StoreEvidence = Omit<Evidence, 'supplicant'>;

async function useStore(options: OpenOptions, open: Open, left: () => number): Promise<StoreEvidence> {
  let info: StoreInfo | undefined;
  let owners: OwnersInfo | undefined;
  let warmMs: number | undefined;
  const error = await failure(async () => {
    const store = await open({ ...options, waitMs: undefined, timeoutMs: left() });
    const limits = () => ({ signal: options.signal, timeoutMs: left() });
    try {
      info = await store.info(limits());
      await store.list({ limit: 1, ...limits() });
      // For root alone, and of no importance to whoever can use the store.
      await failure(async () => void (owners = await store.owners(limits())));
      warmMs = await medianMs(() => store.info(limits()));
    } finally {
      await store.close();
    }
  });
  return { error, info, owners, warmMs };
}

/** OP-TEE looks for a Trusted Application by way of the supplicant, each time. That there is none is the answer. */
async function askSupplicant(options: OpenOptions, open: Open): Promise<SecureStorageError | null> {
  const error = await failure(async () => {
    await (await open({ ...options, waitMs: undefined, taUuid: NOBODYS_UUID })).close();
  });
  return error?.code === 'ERR_NO_SUPPLICANT' || error?.code === 'ERR_TIMEOUT' ? error : null;
}

async function failure(attempt: () => Promise<void>): Promise<SecureStorageError | undefined> {
  try {
    await attempt();
    return undefined;
  } catch (error) {
    if (!isSecureStorageError(error) || error.code === 'ERR_INVALID_ARG') throw error;
    return error;
  }
}

async function medianMs(call: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < WARM_CALLS; n++) {
    const began = performance.now();
    await call();
    times.push(performance.now() - began);
  }
  return times.sort((a, b) => a - b)[WARM_CALLS >> 1] ?? 0;
}
