// SPDX-License-Identifier: MIT
import { checkOptions, integer, type Check } from '../arguments/checks.js';
import { asyncDispose } from '../util/dispose.js';
import { SecureStorageError } from '../errors/error.js';
import { ProcessIdentity } from '../connection/identity.js';
import { connect } from '../connection/open.js';
import { schema as openSchema, type OpenOptions } from '../arguments/options.js';
import { Simulator } from '../simulator/backend.js';
import { clientOfProcess, type ClientOf } from '../simulator/login.js';
import { SecureStorage } from '../store.js';
import type { TeeBackend } from '../tee/seam.js';
import { Faults, type Fault } from './faults.js';
import { clientOfUser, GivenIdentity } from './given-user.js';

/** Options of MemoryTee.open(): those of SecureStorage.open() that mean something here, and who opens. */
export interface MemoryOpenOptions extends Omit<OpenOptions, 'backend' | 'simulator'> {
  /** The user id to act as: the store is that user's. @default this process's */
  readonly uid?: number | undefined;
  /** Milliseconds until opening is given up with ERR_TIMEOUT. @default 3000 */
  readonly timeoutMs?: number | undefined;
  /** With `uid`: the groups that the user belongs to, for `group`. @default none */
  readonly groups?: readonly number[] | undefined;
}

/** Shorter than the five seconds after which jest and vitest end a test, so that a fault shows as what it is. */
const TIMEOUT_MS = 3000;

const id = integer(0, 0xffff_fffe);
const ids: Check<number[]> = (value, name) => {
  if (!Array.isArray(value)) throw new SecureStorageError('ERR_INVALID_ARG', { detail: `${name} must be an array` });
  return value.map((one, index) => id(one, `${name}[${String(index)}]`));
};
const { signal, timeoutMs, callTimeoutMs, waitMs, domain, group, taUuid } = openSchema.open;
const schema = { signal, timeoutMs, callTimeoutMs, waitMs, domain, group, taUuid, uid: id, groups: ids };

/**
 * A TEE in memory for the tests of applications: the very Trusted Application with its limits, errors and separation of
 * users, nothing on disk, and faults to order. Each one is a world of its own.
 * @example
 * ```js
 * const tee = await MemoryTee.create();
 * const store = await tee.open();
 * tee.fail({ kind: 'timeout', operation: 'get' });
 * await assert.rejects(store.get('db/password', { timeoutMs: 50 }), { code: 'ERR_TIMEOUT' });
 * await tee.close();
 * ```
 */
export class MemoryTee {
  readonly #simulator = new Simulator(undefined);
  readonly #faults = new Faults(() => this.#simulator.kill());

  /**
   * Begins one; nothing is stored in it.
   * @example
   * ```js
   * const tee = await MemoryTee.create();
   * await tee.close();
   * ```
   */
  static create(): Promise<MemoryTee> {
    return Promise.resolve(new MemoryTee());
  }

  /**
   * Opens a store in it. What is stored lasts until close(), even if all its stores are closed.
   * @throws SecureStorageError as {@link SecureStorage.open}
   * @example
   * ```js
   * const alices = await tee.open({ uid: 1000 });
   * const shared = await tee.open({ uid: 1000, groups: [1200], group: 1200 });
   * ```
   */
  async open(options: MemoryOpenOptions = {}): Promise<SecureStorage> {
    const { uid, groups = [], ...rest } = checkOptions(options, schema);
    const { group, timeoutMs = TIMEOUT_MS } = rest;
    const identity = uid === undefined ? new ProcessIdentity(group) : new GivenIdentity(uid, group);
    const clientOf = uid === undefined ? clientOfProcess : clientOfUser(uid, groups);
    return new SecureStorage(await connect({ ...rest, timeoutMs }, { backend: this.#backend(clientOf), identity }));
  }

  /**
   * Orders a fault for stores of this TEE. It stays ordered until it has happened.
   * @throws SecureStorageError ERR_INVALID_ARG
   * @example
   * ```js
   * tee.fail({ kind: 'busy', operation: 'put', times: 2 });
   * await assert.rejects(store.put('key', 'value'), { code: 'ERR_BUSY' });
   * ```
   */
  fail(fault: Fault): void {
    this.#faults.order(fault);
  }

  /**
   * Takes back the faults that have not happened yet.
   * @example
   * ```js
   * tee.fail({ kind: 'corrupt' });
   * tee.clearFaults(); // what has not happened will not
   * ```
   */
  clearFaults(): void {
    this.#faults.clear();
  }

  /**
   * Ends it with all that is stored; its stores then fail with ERR_CLOSED.
   * @example
   * ```js
   * afterEach(() => tee.close());
   * ```
   */
  async close(): Promise<void> {
    this.#faults.end();
    await this.#simulator.end();
  }

  async [asyncDispose](): Promise<void> {
    await this.close();
  }

  #backend(clientOf: ClientOf): TeeBackend {
    const open: TeeBackend['open'] = (target, options) => this.#simulator.open(target, options, clientOf);
    return this.#faults.around('memory', { secure: false, open });
  }
}
