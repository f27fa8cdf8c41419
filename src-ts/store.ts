// SPDX-License-Identifier: MIT
import { checkBatch, wipe } from './arguments/batch.js';
import { checkOptions, invalidArgument, listOf } from './arguments/checks.js';
import { Call } from './protocol/call.js';
import * as commands from './protocol/commands.js';
import * as maintenance from './protocol/maintenance.js';
import { Connection } from './connection/connection.js';
import { asyncDispose } from './util/dispose.js';
import type { Diagnosis } from './doctor/diagnosis.js';
import { isSecureStorageError, SecureStorageError } from './errors/error.js';
import { describeOwners, ownerNamed, type OwnersInfo } from './connection/store-owners.js';
import { describe, type StoreInfo } from './connection/store-info.js';
import { keyBytes, prefixBytes, valueBytes } from './arguments/keys.js';
import { connect } from './connection/open.js';
import {
  expectedRevision,
  schema,
  type BatchOperation,
  type CallOptions,
  type ClearOptions,
  type DeleteOptions,
  type EntriesOptions,
  type GenerateOptions,
  type GetManyOptions,
  type GetOptions,
  type KeysOptions,
  type ListOptions,
  type OpenOptions,
  type PutOptions,
  type RemoveOwnerOptions,
  type ValueEncoding,
  type VerifyOptions,
} from './arguments/options.js';
import type { Entry, ListEntry } from './protocol/decode.js';
import { packBatch } from './protocol/encode.js';
import { callError, missingError } from './protocol/outcomes.js';
import { getAll, listAll } from './protocol/paging.js';
import { convert, type ValueOf } from './arguments/encoding.js';

const inspect = Symbol.for('nodejs.util.inspect.custom');

/** The methods that change what is stored. */
const changing: ReadonlySet<string> = new Set(['put', 'delete', 'batch', 'generate', 'clear', 'removeOwner']);

/** How many entries SecureStorage.entries() fetches at a time. */
const ENTRIES_PAGE = 64;

/** What {@link SecureStorage.put} did. */
export interface PutResult {
  /** The revision that the key has now. */
  readonly revision: number;
  /** With `returnPrevious`: the value before, null if there was none. */
  readonly previous?: Buffer | null;
}

/** What {@link SecureStorage.generate} did. */
export interface GenerateResult<V = Buffer | string> {
  /** The revision that the key has now. */
  readonly revision: number;
  /** With `return`: the value, a string if an encoding was given, else a Buffer. */
  readonly value?: V;
}

/** What {@link SecureStorage.verify} found. */
export interface VerifyResult {
  /** Objects looked at, of all domains of the owner; of each there should be two copies. */
  readonly objects: number;
  /** Objects with one copy that is damaged or gone; the other one has everything. */
  readonly lostCopies: number;
  /** Copies that were made again, with `repair`. */
  readonly repaired: number;
  /**
   * Objects with both copies lost, and ranges of keys that were lost before: reading their keys fails with
   * ERR_CORRUPT until they are cleared.
   */
  readonly lost: number;
}

/** A key with its value, as {@link SecureStorage.getEntry} and {@link SecureStorage.entries} give them. */
export interface ValueEntry<V = Buffer | string> {
  readonly key: string;
  /** A string if an encoding was given, else a Buffer. */
  readonly value: V;
  /** The revision that the key had. */
  readonly revision: number;
}

/** What getMany() gives for a key that does not exist. */
export type MissingOf<R extends boolean | undefined> = R extends true ? never : null;

/** Some entries, and the key after which to go on; null at the end. */
interface EntriesPage {
  readonly found: Map<string, Entry>;
  readonly next: Buffer | null;
}

/**
 * The secrets of this user (or of a group) in one domain, kept by a Trusted Application in OP-TEE secure storage.
 *
 * - **Keys** are 1 to 1024 bytes of UTF-8 without the control characters U+0000 to U+001F and U+007F, compared byte by
 *   byte.
 * - **Values** are 0 to 1 MiB of any bytes, given as strings (stored as UTF-8) or Uint8Arrays and copied before the
 *   method returns. They are returned as Buffers, which the caller may wipe with `fill(0)`; strings, on request, cannot
 *   be wiped. A key that does not exist has the value `null`, which is not the empty value.
 * - **Quota**: 10 000 keys and 16 MiB of keys and values for each user over all domains, unless the Trusted Application
 *   was built with other numbers; {@link SecureStorage.info} tells.
 * - **Revisions** are whole numbers. Each change of a key gives it a higher one than any key of the same owner ever had.
 *   They are numbers and not bigints because they count changes, and no storage survives 2^53 of them; an answer beyond
 *   that is refused, not rounded.
 * - **Order**: requests are carried out one at a time in the order of the calls. So are those that are sent again because
 *   the Trusted Application or its storage was lost for a moment. Every change is one request; reading many keys or a
 *   value above some 60 KB may take several, and sees a change that was called in between.
 *
 * Every method returns a promise; what fails rejects with a {@link SecureStorageError} whose `code` is stable.
 * If its signal is aborted in time, it rejects with the signal's reason. Every method may fail with ERR_INVALID_ARG,
 * ERR_TIMEOUT, ERR_CLOSED, ERR_BUSY, ERR_UID_CHANGED, ERR_CORRUPT, ERR_STORAGE, ERR_NO_SUPPLICANT, ERR_TA_DEAD,
 * ERR_NO_MEMORY, ERR_FORMAT_TOO_NEW, ERR_PROTOCOL and ERR_TEE, besides the errors named below.
 */
export class SecureStorage {
  readonly #connection: Connection;
  readonly #underWay = new Set<Promise<unknown>>();
  #closed: Promise<void> | undefined;

  /** @internal Used by SecureStorage.open(); a connection cannot be made outside this package. */
  constructor(connection: Connection) {
    if (!(connection instanceof Connection)) {
      throw new SecureStorageError('ERR_INVALID_ARG', { detail: 'a store is opened with SecureStorage.open()' });
    }
    this.#connection = connection;
  }

  /**
   * Opens a store of the process's effective user, or of a group. Keep it for as long as the process needs secrets:
   * opening costs far more than a call. An open store does not keep the process alive. Await it: a promise has no
   * method get (`store.get is not a function`).
   * @throws SecureStorageError ERR_NO_DEVICE, ERR_PERMISSION, ERR_NO_LIBTEEC, ERR_NO_ADDON, ERR_NO_SUPPLICANT,
   * ERR_KERNEL_TOO_OLD, ERR_TA_NOT_FOUND, ERR_TA_SIGNATURE, ERR_TA_VERSION, ERR_NOT_IN_GROUP, ERR_UID_MISMATCH,
   * ERR_SIMULATOR_REFUSED, ERR_NO_SIMULATOR
   * @example
   * ```js
   * const store = await SecureStorage.open();
   * const mail = await SecureStorage.open({ domain: 'mail', timeoutMs: 3000 });
   * ```
   */
  static async open(options?: OpenOptions): Promise<SecureStorage> {
    return new SecureStorage(await connect(options));
  }

  /**
   * Whether open() succeeds with these options now. Rejects only if the options are not valid.
   * @example
   * ```js
   * if (!(await SecureStorage.isAvailable())) console.error('no OP-TEE here: use the simulator');
   * ```
   */
  static async isAvailable(options?: OpenOptions): Promise<boolean> {
    try {
      await (await SecureStorage.open(options)).close();
      return true;
    } catch (error) {
      if (!isSecureStorageError(error) || error.code === 'ERR_INVALID_ARG') throw error;
      return false;
    }
  }

  /**
   * Finds out which link of the chain from this process to its secrets is broken, and what to do about it. Opens a store
   * and reads from it, without changing anything. Looks at device, driver, libraries, tee-supplicant, file systems and
   * all else that an unprivileged process may see. Takes some seconds more than `timeoutMs` at most, also where everything hangs.
   * @returns every check in the order of the chain, and what the store tells about itself. Rejects only if the options are
   * not valid, or with the signal's reason.
   * @example
   * ```js
   * const diagnosis = await SecureStorage.diagnose();
   * if (!diagnosis.ok) console.error(diagnosis.message); // what is wrong, and the fix
   * for (const { id, status, found } of diagnosis.checks) console.log(status, id, found);
   * ```
   */
  static diagnose(options?: OpenOptions): Promise<Diagnosis> {
    const { diagnose } = require('./doctor/diagnose.js') as typeof import('./doctor/diagnose.js');
    return diagnose(options, (given) => SecureStorage.open(given));
  }

  /**
   * Reads a value.
   * @returns null if there is no such key
   * @throws SecureStorageError ERR_INVALID_KEY, ERR_KEY_TOO_LONG, ERR_NOT_UTF8 (with encoding 'utf8')
   * @example
   * ```js
   * const password = await store.get('db/password'); // a Buffer, or null
   * connect(password);
   * password?.fill(0);
   * const url = await store.get('db/url', { encoding: 'utf8' }); // a string, or null
   * ```
   */
  async get<E extends ValueEncoding | undefined = undefined>(
    key: string,
    options?: GetOptions & { readonly encoding?: E },
  ): Promise<ValueOf<E> | null> {
    return (await this.#read('get', key, options))?.value ?? null;
  }

  /**
   * Reads a value together with its revision, for {@link SecureStorage.put} with `ifRevision`.
   * @returns null if there is no such key
   * @throws as {@link SecureStorage.get}
   * @example
   * ```js
   * const { value, revision } = await store.getEntry('counter', { encoding: 'utf8' });
   * await store.put('counter', String(Number(value) + 1), { ifRevision: revision }); // or ERR_CONFLICT
   * ```
   */
  async getEntry<E extends ValueEncoding | undefined = undefined>(
    key: string,
    options?: GetOptions & { readonly encoding?: E },
  ): Promise<ValueEntry<ValueOf<E>> | null> {
    return this.#read('getEntry', key, options);
  }

  /**
   * Reads several values in few requests. Values of one request belong to one moment; many or large ones take several.
   * @returns the keys in the order of their first occurrence, each with its value or null if there is no such key
   * @throws SecureStorageError ERR_INVALID_KEY, ERR_KEY_TOO_LONG, ERR_NOT_UTF8 (with encoding 'utf8'), ERR_NOT_FOUND (with
   * `required`)
   * @example
   * ```js
   * const wanted = ['db/url', 'wifi/home'];
   * const secrets = await store.getMany(wanted, { required: true, encoding: 'utf8' }); // or ERR_NOT_FOUND, naming all
   * connect(secrets.get('db/url'), secrets.get('wifi/home'));
   * ```
   */
  async getMany<E extends ValueEncoding | undefined = undefined, R extends boolean | undefined = undefined>(
    keys: readonly string[],
    options?: GetManyOptions & { readonly encoding?: E; readonly required?: R },
  ): Promise<Map<string, ValueOf<E> | MissingOf<R>>> {
    const { encoding, required = false, ...rest } = checkOptions(options, schema.getMany);
    const wanted = listOf(keys, 'keys', 'an array of strings').map((key, index) => {
      return { key: key as string, bytes: keyBytes(key, `keys[${String(index)}]`) };
    });
    return this.#run('getMany', undefined, rest, async (call) => {
      const found = await getAll(this.#connection, call, wanted);
      try {
        const missing = [...found].flatMap(([key, entry]) => (entry === null ? [key] : []));
        if (required && missing.length > 0) throw missingError(call, missing);
        const values = new Map<string, ValueOf<E> | null>();
        for (const [key, entry] of found) {
          const subject = { operation: call.operation, key };
          values.set(key, entry === null ? null : convert(entry.value, encoding as E, subject));
        }
        return values as Map<string, ValueOf<E> | MissingOf<R>>;
      } catch (error) {
        for (const entry of found.values()) entry?.value.fill(0);
        throw error;
      }
    });
  }

  /**
   * Stores a value under a key, new or not, in one step: after a crash or power cut there is the old value or the new
   * one. The two conditions are checked in the same step; at most one of them can be given.
   * @throws SecureStorageError ERR_INVALID_KEY, ERR_KEY_TOO_LONG, ERR_VALUE_TOO_LARGE, ERR_EXISTS, ERR_CONFLICT,
   * ERR_QUOTA, ERR_TOO_MANY_OWNERS, ERR_TOO_MANY_OBJECTS, ERR_NO_SPACE
   * @example
   * ```js
   * await store.put('db/password', 's3cret');
   * await store.put('device/key', randomBytes(32), { ifAbsent: true }); // or ERR_EXISTS
   * const { previous } = await store.put('token', fresh, { returnPrevious: true });
   * ```
   */
  async put(
    key: string,
    value: string | Uint8Array,
    options: PutOptions & { readonly returnPrevious: true },
  ): Promise<Required<PutResult>>;
  async put(key: string, value: string | Uint8Array, options?: PutOptions): Promise<PutResult>;
  async put(key: string, value: string | Uint8Array, options?: PutOptions): Promise<PutResult> {
    const { returnPrevious: wantPrevious = false, ...rest } = checkOptions(options, schema.put);
    const expected = expectedRevision(rest);
    const bytes = keyBytes(key);
    const copy = valueBytes(value);
    const request = { key: bytes, value: copy, expected, wantPrevious };
    return this.#run('put', key, rest, async (call) => {
      const { revision, previous } = await commands.put(this.#connection, call, request);
      return wantPrevious ? { revision, previous } : { revision };
    }).finally(() => copy.fill(0));
  }

  /**
   * Deletes a key. The data is gone from OP-TEE's view; its encrypted blocks may stay on the medium until overwritten.
   * If the Trusted Application is lost in the middle, the request is sent once more (without a condition only). Where that
   * finds no such key, nobody knows whether there was one, and the call rejects with `outcomeUnknown`.
   * @returns whether there was such a key
   * @throws SecureStorageError ERR_INVALID_KEY, ERR_KEY_TOO_LONG, ERR_CONFLICT
   * @example
   * ```js
   * const existed = await store.delete('db/old-password');
   * ```
   */
  async delete(key: string, options?: DeleteOptions): Promise<boolean> {
    const { ifRevision, ...rest } = checkOptions(options, schema.delete);
    const bytes = keyBytes(key);
    return this.#run('delete', key, rest, async (call) => {
      return (await commands.remove(this.#connection, call, bytes, ifRevision)) !== null;
    });
  }

  /**
   * Whether there is such a key. The value is not read.
   * @throws SecureStorageError ERR_INVALID_KEY, ERR_KEY_TOO_LONG
   * @example
   * ```js
   * if (!(await store.has('device/key'))) await store.generate('device/key');
   * ```
   */
  async has(key: string, options?: CallOptions): Promise<boolean> {
    const rest = checkOptions(options, schema.call);
    const bytes = keyBytes(key);
    return this.#run('has', key, rest, async (call) => {
      return (await commands.stat(this.#connection, call, bytes)) !== null;
    });
  }

  /**
   * Size in bytes and revision of a value, which is not read.
   * @returns null if there is no such key
   * @throws SecureStorageError ERR_INVALID_KEY, ERR_KEY_TOO_LONG
   * @example
   * ```js
   * const before = await store.stat('db/url'); // { size, revision }, or null
   * // later: a higher revision says that the value was changed
   * const changed = (await store.stat('db/url'))?.revision !== before?.revision;
   * ```
   */
  async stat(key: string, options?: CallOptions): Promise<{ size: number; revision: number } | null> {
    const rest = checkOptions(options, schema.call);
    const bytes = keyBytes(key);
    return this.#run('stat', key, rest, (call) => commands.stat(this.#connection, call, bytes));
  }

  /**
   * Lists keys in the order of their bytes, with size and revision; values are not read.
   * @throws SecureStorageError ERR_INVALID_KEY, ERR_KEY_TOO_LONG (for prefix and after)
   * @example
   * ```js
   * for (const { key, size } of await store.list({ prefix: 'wifi/' })) console.log(key, size);
   * const next = await store.list({ after: 'wifi/home', limit: 100 }); // the page that follows
   * ```
   */
  async list(options?: ListOptions): Promise<ListEntry[]> {
    const { prefix = '', after, limit, ...rest } = checkOptions(options, schema.list);
    const range = {
      prefix: prefixBytes(prefix),
      after: after === undefined ? Buffer.alloc(0) : keyBytes(after, 'after'),
      limit,
    };
    return this.#run('list', undefined, rest, (call) => listAll(this.#connection, call, range));
  }

  /**
   * The keys that {@link SecureStorage.list} finds.
   * @throws as {@link SecureStorage.list}
   * @example
   * ```js
   * const networks = await store.keys({ prefix: 'wifi/' }); // ['wifi/home', …]
   * ```
   */
  async keys(options?: KeysOptions): Promise<string[]> {
    const entries = await this.list(checkOptions(options, schema.keys));
    return entries.map(({ key }) => key);
  }

  /**
   * Walks through keys and values in the order of the keys, fetching some at a time. A key that is changed meanwhile
   * comes with its old or new value; timeoutMs applies to each fetch.
   * @throws as {@link SecureStorage.list} and {@link SecureStorage.get}
   * @example
   * ```js
   * for await (const { key, value } of store.entries({ prefix: 'wifi/', encoding: 'utf8' })) join(key, value);
   * ```
   */
  async *entries<E extends ValueEncoding | undefined = undefined>(
    options?: EntriesOptions & { readonly encoding?: E },
  ): AsyncGenerator<ValueEntry<ValueOf<E>>, void, undefined> {
    const { encoding, prefix = '', ...rest } = checkOptions(options, schema.entries);
    const bytes = prefixBytes(prefix);
    for (let after: Buffer | null = Buffer.alloc(0); after !== null;) {
      const page: EntriesPage = await this.#entriesPage({ prefix: bytes, after, limit: ENTRIES_PAGE }, rest);
      after = page.next;
      try {
        for (const [key, entry] of page.found) {
          page.found.delete(key);
          // Deleted since it was listed.
          if (entry === null) continue;
          const value = convert(entry.value, encoding as E, { operation: 'entries', key });
          yield { key, value, revision: entry.revision };
        }
      } finally {
        // What was fetched but not taken.
        for (const entry of page.found.values()) entry?.value.fill(0);
      }
    }
  }

  /**
   * Carries out several puts and deletes in one step: all of them or none, also after a power cut. Up to 1024 operations
   * and 1152 KiB of keys and values, each with a key of its own; each may have a condition. If the Trusted Application is
   * lost in the middle, a batch without any condition is sent once more. Where that finds nothing to delete for one of
   * its operations, nobody knows whether there was something, and the call rejects with `outcomeUnknown`.
   * @returns for each operation the revision that a put gave or that a delete removed, null where there was nothing to
   * delete
   * @throws SecureStorageError ERR_INVALID_KEY, ERR_KEY_TOO_LONG, ERR_VALUE_TOO_LARGE, ERR_BATCH_TOO_LARGE, ERR_EXISTS,
   * ERR_CONFLICT (`key` of the error says which), ERR_QUOTA, ERR_TOO_MANY_OWNERS, ERR_TOO_MANY_OBJECTS, ERR_NO_SPACE
   * @example
   * ```js
   * await store.batch([
   *   { type: 'put', key: 'db/user', value: 'app' },
   *   { type: 'put', key: 'db/password', value: 's3cret', ifAbsent: true },
   *   { type: 'delete', key: 'db/old-password' },
   * ]);
   * ```
   */
  async batch(operations: readonly BatchOperation[], options?: CallOptions): Promise<(number | null)[]> {
    const rest = checkOptions(options, schema.call);
    const { operations: checked, keys, conditional } = checkBatch(operations);
    const packed = packBatch(checked);
    wipe(checked);
    return this.#run('batch', undefined, rest, async (call) => {
      if (keys.length === 0) return [];
      const revisions = await commands.batch(this.#connection, call, { packed, keys, conditional });
      return revisions.map((revision) => (revision === 0 ? null : revision));
    }).finally(() => packed.fill(0));
  }

  /**
   * Stores a value of random bytes that the TEE makes. Without `return` it does not leave the TEE until it is read.
   * @throws SecureStorageError ERR_INVALID_KEY, ERR_KEY_TOO_LONG, ERR_EXISTS, ERR_CONFLICT, ERR_QUOTA, ERR_TOO_MANY_OWNERS,
   * ERR_TOO_MANY_OBJECTS, ERR_NO_SPACE
   * @example
   * ```js
   * await store.generate('session/key', { size: 32, ifAbsent: true });
   * ```
   */
  async generate<E extends GenerateOptions['encoding'] = undefined>(
    key: string,
    options: GenerateOptions & { readonly return: true; readonly encoding?: E },
  ): Promise<Required<GenerateResult<ValueOf<E>>>>;
  async generate(key: string, options?: GenerateOptions): Promise<GenerateResult>;
  async generate(key: string, options?: GenerateOptions): Promise<GenerateResult> {
    const { encoding, size = 32, return: wantValue = false, ...rest } = checkOptions(options, schema.generate);
    const request = { key: keyBytes(key), size, expected: expectedRevision(rest), wantValue };
    return this.#run('generate', key, rest, async (call) => {
      const { revision, value } = await commands.generate(this.#connection, call, request);
      return value === null ? { revision } : { revision, value: convert(value, encoding, call) };
    });
  }

  /**
   * Deletes every key of the domain that begins with a prefix (`db/pw` is a prefix of `db/pw2` too), all or none, and
   * forgets what was lost to damage among them. If the Trusted Application is lost in the middle, the request is sent once
   * more. Where that finds no key, nobody knows how many there were, and the call rejects with `outcomeUnknown`.
   * @returns how many keys were deleted
   * @throws SecureStorageError ERR_INVALID_KEY, ERR_KEY_TOO_LONG (for the prefix)
   * @example
   * ```js
   * await store.clear({ prefix: 'wifi/', confirm: true });
   * ```
   */
  async clear(options: ClearOptions): Promise<number> {
    const { prefix = '', confirm, ...rest } = checkOptions(options, schema.clear);
    if (confirm === undefined) throw invalidArgument('options.confirm', 'true', undefined);
    const bytes = prefixBytes(prefix);
    return this.#run('clear', undefined, rest, (call) => commands.clear(this.#connection, call, bytes));
  }

  /**
   * What is known about the store: backend, owner, versions, limits, use, protection.
   * @example
   * ```js
   * const { used, limits, secure } = await store.info();
   * console.log(`${used.keys} of ${limits.keys} keys`, secure ? 'in OP-TEE' : 'not protected');
   * ```
   */
  async info(options?: CallOptions): Promise<StoreInfo> {
    const rest = checkOptions(options, schema.call);
    return this.#run('info', undefined, rest, async (call) => {
      return describe(this.#connection, await commands.info(this.#connection, call));
    });
  }

  /**
   * Reads both copies of everything that the owner has stored, in all its domains, before they are needed. With `repair`
   * a copy that is lost is made again from the other one. It takes as long as reading everything twice; timeoutMs is for
   * all of it, and stopping early loses nothing.
   * @throws SecureStorageError ERR_CORRUPT if the store as a whole is lost, with `repair` also ERR_NO_SPACE and
   * ERR_TOO_MANY_OBJECTS
   * @example
   * ```js
   * const { lostCopies, repaired, lost } = await store.verify({ repair: true, timeoutMs: 60_000 });
   * if (lost > 0) console.error(`${lost} objects are lost`);
   * ```
   */
  async verify(options?: VerifyOptions): Promise<VerifyResult> {
    const { repair = false, ...rest } = checkOptions(options, schema.verify);
    return this.#run('verify', undefined, rest, (call) => maintenance.verify(this.#connection, call, repair));
  }

  /**
   * Lists the users and groups that have a store, for root alone (user 0 outside of all user namespaces, in a store that
   * was opened without a group). Keys and values of others are not shown to root either.
   * @throws SecureStorageError ERR_NOT_ROOT
   * @example
   * ```js
   * for (const { login, id, keys } of (await store.owners()).owners) console.log(login, id, keys);
   * ```
   */
  async owners(options?: CallOptions): Promise<OwnersInfo> {
    const rest = checkOptions(options, schema.call);
    return this.#run('owners', undefined, rest, async (call) => {
      const { entries, shared } = await maintenance.owners(this.#connection, call);
      return describeOwners(entries, shared);
    });
  }

  /**
   * Removes the store of a user or group with all its keys, for root alone, as {@link SecureStorage.owners}: for one that
   * nobody comes back to. The keys are gone in one step; after an error with `outcomeUnknown` call it again.
   * @returns how many keys were removed, null if there is no such store
   * @throws SecureStorageError ERR_NOT_ROOT
   * @example
   * ```js
   * await store.removeOwner({ uid: 1007, confirm: true });
   * ```
   */
  async removeOwner(options: RemoveOwnerOptions): Promise<number | null> {
    const { uid, gid, owner, login, confirm, ...rest } = checkOptions(options, schema.removeOwner);
    if (confirm === undefined) throw invalidArgument('options.confirm', 'true', undefined);
    const whose = ownerNamed({ uid, gid, owner, login });
    return this.#run('removeOwner', undefined, rest, (call) => maintenance.removeOwner(this.#connection, call, whose));
  }

  /**
   * Closes the store once the calls under way have ended; later ones get ERR_CLOSED. May be called again. Never rejects.
   * `await using store = await SecureStorage.open()` closes it at the end of the block.
   * @example
   * ```js
   * process.once('SIGTERM', () => store.close());
   * ```
   */
  close(): Promise<void> {
    this.#closed ??= Promise.allSettled(this.#underWay).then(() => this.#connection.close());
    return this.#closed;
  }

  [asyncDispose](): Promise<void> {
    return this.close();
  }

  /** @internal What a log shows of a store: nothing that is kept in it. */
  toJSON(): Record<string, unknown> {
    const { backend, domain } = this.#connection.settings;
    return { backend: backend.name, domain, closed: this.#closed !== undefined };
  }

  [inspect](): string {
    return `SecureStorage ${JSON.stringify(this.toJSON())}`;
  }

  async #read<E extends ValueEncoding | undefined>(
    operation: string,
    key: string,
    options?: GetOptions & { readonly encoding?: E },
  ): Promise<ValueEntry<ValueOf<E>> | null> {
    const { encoding, ...rest } = checkOptions(options, schema.get);
    const bytes = keyBytes(key);
    return this.#run(operation, key, rest, async (call) => {
      const entry = await commands.get(this.#connection, call, bytes);
      return entry && { key, value: convert(entry.value, encoding as E, call), revision: entry.revision };
    });
  }

  async #entriesPage(range: Parameters<typeof listAll>[2], options: CallOptions): Promise<EntriesPage> {
    return this.#run('entries', undefined, options, async (call) => {
      const listed = await listAll(this.#connection, call, range);
      const keys = listed.map(({ key }) => ({ key, bytes: Buffer.from(key) }));
      const next = keys.length === range.limit ? (keys.at(-1)?.bytes ?? null) : null;
      return { next, found: await getAll(this.#connection, call, keys) };
    });
  }

  /** Runs a call, makes the errors below into those of the API, and keeps count of it for close(). */
  async #run<T>(
    operation: string,
    key: string | undefined,
    options: CallOptions,
    work: (call: Call) => Promise<T>,
  ): Promise<T> {
    const { signal, timeoutMs = this.#connection.settings.timeoutMs } = options;
    const call = new Call(operation, key, { signal, timeoutMs });
    if (this.#closed !== undefined) throw call.error('ERR_CLOSED');
    signal?.throwIfAborted();
    const running = work(call);
    this.#underWay.add(running);
    try {
      return await running;
    } catch (error) {
      throw callError(call, error, changing.has(operation));
    } finally {
      this.#underWay.delete(running);
    }
  }
}
