// SPDX-License-Identifier: MIT
/** The backend for a real TEE: sessions over the native addon, and through it libteec and the kernel's driver. */
import { loadAddon, type Addon, type NativeOutcome, type ProcessControl } from './addon.js';
import { contextFailure } from './open-failure.js';
import { encodeParams, uint32 } from '../tee/params.js';
import { encodeUuid } from '../util/uuid.js';
import { Requests, type Probe } from './requests.js';
import {
  TeeFailure,
  type CallOptions,
  type Outcome,
  type Param,
  type SessionTarget,
  type TeeBackend,
  type TeeSession,
} from '../tee/seam.js';
import { SupplicantProbe } from './supplicant-probe.js';

/** Beyond so many threads that hang in the TEE, opening yet another session cannot help. */
const MAX_PARKED_THREADS = 32;

/** What a backend is made of; tests replace it. */
export interface NativeParts {
  /** @throws TeeFailure 'no-addon' */
  readonly addon: () => Addon;
  readonly probe: Probe;
  readonly contextFailure: () => TeeFailure;
}

/** The backend of the device's TEE. Nothing is loaded or opened before the first session is. */
export function nativeBackend(parts: Partial<NativeParts> = {}): TeeBackend {
  return new NativeBackend({ addon: loadAddon, probe: new SupplicantProbe(), contextFailure, ...parts });
}

/** How many threads hang in calls that missed their deadlines. */
export function parkedThreads(): number {
  return loadAddon().parkedThreads();
}

/**
 * Keeps standard output clean: OP-TEE's libteec prints its errors there, by way of C's `stdout`. From now on everything
 * that C code of this process prints to `stdout` goes to standard error; what JavaScript writes to process.stdout is not
 * affected. For programs whose output is data, before the first session is opened. A library must leave that to the
 * program, so nothing here does it unasked.
 * @returns false if this C library's `stdout` cannot be redirected
 * @throws TeeFailure 'no-addon'
 */
export function redirectStdioToStderr(): boolean {
  return loadAddon().redirectStdioToStderr();
}

/**
 * Keeps what is in this process's memory there: no core dump, and no other process of this user may trace it or read its
 * memory (prctl(2), PR_SET_DUMPABLE). For programs that do nothing but handle secrets; a library must leave that to the
 * program. Programs started from here are not affected.
 * @returns false if the kernel refuses
 * @throws TeeFailure 'no-addon'
 */
export function forbidDumps(): boolean {
  return loadAddon().forbidDumps();
}

/** @throws TeeFailure 'no-addon' */
export function processControl(): ProcessControl {
  return loadAddon();
}

class NativeBackend implements TeeBackend {
  readonly name = 'optee';
  readonly secure = true;
  readonly #parts: NativeParts;

  constructor(parts: NativeParts) {
    this.#parts = parts;
  }

  async open(target: SessionTarget, options: CallOptions): Promise<{ session: TeeSession } | { refused: Outcome }> {
    const addon = this.#parts.addon();
    const uuid = encodeUuid(target.uuid);
    const login = uint32(target.login, 'login');
    const group = uint32(target.group ?? 0, 'group');
    const params = encodeParams(target.params, addon);
    if (addon.parkedThreads() >= MAX_PARKED_THREADS) {
      throw new TeeFailure('timeout', `${String(MAX_PARKED_THREADS)} earlier calls have not come back from the TEE`);
    }
    const requests = new Requests(addon, this.#parts.probe, target.stopAt ?? []);
    try {
      const open = requests.run((session, id) => addon.open(session, id, uuid, login, group, params), options);
      const outcome = this.#outcome(await open);
      if (outcome.result === 0) return { session: new NativeTeeSession(addon, requests) };
      await requests.close();
      return { refused: outcome };
    } catch (error) {
      void requests.close();
      throw error;
    }
  }

  #outcome(outcome: NativeOutcome): Outcome {
    if (outcome.libraryNotFound !== undefined) throw new TeeFailure('no-library', outcome.libraryNotFound);
    if (outcome.noContext) throw this.#parts.contextFailure();
    return plain(outcome);
  }
}

class NativeTeeSession implements TeeSession {
  readonly #addon: Addon;
  readonly #requests: Requests;
  #closed: Promise<void> | undefined;

  constructor(addon: Addon, requests: Requests) {
    this.#addon = addon;
    this.#requests = requests;
  }

  async invoke(command: number, params: readonly Param[], options: CallOptions): Promise<Outcome> {
    const number = uint32(command, 'command');
    const encoded = encodeParams(params, this.#addon);
    return plain(await this.#requests.run((session, id) => this.#addon.invoke(session, id, number, encoded), options));
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#requests.close());
  }
}

/** Leaves out what only opening needs. */
function plain(outcome: NativeOutcome): Outcome {
  const { result, origin, params } = outcome as Exclude<NativeOutcome, { libraryNotFound: string }>;
  return { result, origin, params: params as unknown as Outcome['params'] };
}
