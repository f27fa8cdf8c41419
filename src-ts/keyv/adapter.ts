// SPDX-License-Identifier: MIT
import { EventEmitter } from 'node:events';

import { checkOptions, invalidArgument, listOf, type Check } from '../arguments/checks.js';
import { reading } from '../arguments/given.js';
import { escapeText, unescapeText } from '../util/escape.js';
import { LazyStore } from '../lazy-store.js';
import { schema, type OpenOptions } from '../arguments/options.js';
import { Limit } from '../protocol/contract.js';
import type { SecureStorage, ValueEntry } from '../store.js';
import { decodeExpiring, encodeExpiring, isExpired } from './expiry.js';

import { Namespace } from './namespace.js';

/** Those of SecureStorage.open(), with the domain `keyv` unless another is named; or a store. */
export interface KeyvSecureStorageOptions extends OpenOptions {
  /** As for SecureStorage.open(). @default 'keyv' */
  readonly domain?: string | undefined;
  /** An open store in place of the other options. It is left open by disconnect(). */
  readonly store?: SecureStorage | undefined;
}

const anOpenStore: Check<SecureStorage> = (value, name) => {
  // By shape: it may be of another copy of this package.
  const isOne = reading(name, () => {
    const { getEntry, batch } = (value ?? {}) as Partial<SecureStorage>;
    return typeof getEntry === 'function' && typeof batch === 'function';
  });
  if (!isOne) throw invalidArgument(name, 'an open store', value);
  return value as SecureStorage;
};

const optionSchema = { ...schema.open, store: anOpenStore };

/** What setMany() stores. */
export interface KeyvSecureStorageEntry {
  readonly key: string;
  readonly value: unknown;
  /** Milliseconds from now; without it the entry does not expire. */
  readonly ttl?: number | undefined;
}

/**
 * A storage adapter for Keyv 5 and 6: `new Keyv({ store: new KeyvSecureStorage() })`.
 *
 * Keys are stored as Keyv gives them, which puts its namespace in front; `%` and control characters in them become `%`
 * and two hexadecimal digits. Values are the texts that Keyv makes of them. A time to live is kept with the value: what
 * has expired is not found, and is deleted when it is found, unless it was replaced meanwhile. The whole domain
 * belongs to Keyv: clear() without a namespace empties it.
 *
 * What fails rejects with a SecureStorageError. Keyv turns that into an `error` event, or with `throwOnErrors` (Keyv 5)
 * also throws it; without either, a failure looks like an absent key.
 */
export class KeyvSecureStorage extends EventEmitter {
  /** Keyv 5 gives an iterator only to adapters whose dialect it knows; this one stands for "keys with a prefix". */
  readonly opts: Record<string, unknown> = { dialect: 'redis', url: '' };
  /**
   * Set by Keyv 5, which prefixes keys itself. Not there before that, because Keyv 6 would leave the prefixing to an
   * adapter that has it.
   */
  declare namespace?: string | undefined;
  readonly #namespace = new Namespace();
  readonly #open: () => Promise<SecureStorage>;
  readonly #close: () => Promise<void>;

  /** @throws SecureStorageError ERR_INVALID_ARG */
  constructor(options?: KeyvSecureStorageOptions) {
    super();
    this.#namespace.noticeSetting(this, new.target.prototype);
    const { store, domain = 'keyv', ...rest } = checkOptions(options, optionSchema);
    const lazy = new LazyStore({ ...rest, domain });
    this.#open = store === undefined ? () => lazy.get() : () => Promise.resolve(store);
    this.#close = () => lazy.close();
  }

  /**
   * @returns undefined if there is no such key
   * @throws SecureStorageError as SecureStorage.get(); an `error` event tells of it as well, because Keyv 5 swallows it
   * @example
   * ```js
   * const token = await adapter.get('tokens:1'); // a text, or undefined
   * ```
   */
  async get<Value>(key: string): Promise<Value | undefined> {
    try {
      const name = this.#keyOf(key);
      const store = await this.#open();
      const entry = await store.getEntry(name, { encoding: 'utf8' });
      return (entry === null ? undefined : await textUnlessExpired(store, entry)) as Value | undefined;
    } catch (error) {
      if (this.listenerCount('error') > 0) this.emit('error', error);
      throw error;
    }
  }

  /**
   * @throws SecureStorageError as SecureStorage.getMany()
   * @example
   * ```js
   * const [first, second] = await adapter.getMany(['tokens:1', 'tokens:2']);
   * ```
   */
  async getMany<Value>(keys: string[]): Promise<(Value | undefined)[]> {
    const names = listOf(keys, 'keys', 'an array of strings').map((key) => this.#keyOf(key));
    const found = await (await this.#open()).getMany(names, { encoding: 'utf8' });
    const values = keys.map(async (key, index) => {
      const stored = found.get(names[index] ?? '') ?? null;
      if (stored === null) return undefined;
      const value = decodeExpiring(stored);
      // get() deletes it, if it is still the same.
      return isExpired(value) ? this.get<Value>(key) : (value.text as Value);
    });
    return Promise.all(values);
  }

  /**
   * @param value a text
   * @param ttl milliseconds from now; without it the value does not expire
   * @throws SecureStorageError as SecureStorage.put()
   * @example
   * ```js
   * await adapter.set('tokens:1', 'abc', 60_000); // for a minute
   * ```
   */
  async set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    const text = encodeExpiring(textOf(value), ttl);
    const name = this.#keyOf(key);
    await (await this.#open()).put(name, text);
    return true;
  }

  /**
   * Stores all entries or none; of several with one key the last.
   * @returns true for each entry
   * @throws SecureStorageError as SecureStorage.batch(), ERR_BATCH_TOO_LARGE too
   * @example
   * ```js
   * await adapter.setMany([{ key: 'tokens:1', value: 'abc' }, { key: 'tokens:2', value: 'def' }]);
   * ```
   */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- Keyv 5 declares void here but passes on booleans
  async setMany(entries: readonly KeyvSecureStorageEntry[]): Promise<any> {
    const given = listOf(entries, 'entries', 'an array of entries').map(
      (entry) => (entry ?? {}) as KeyvSecureStorageEntry,
    );
    const texts = new Map(given.map(({ key, value, ttl }) => [this.#keyOf(key), encodeExpiring(textOf(value), ttl)]));
    const puts = [...texts].map(([key, value]) => ({ type: 'put' as const, key, value }));
    await (await this.#open()).batch(puts);
    return entries.map(() => true);
  }

  /**
   * @returns whether there was such a key
   * @throws SecureStorageError as SecureStorage.delete()
   * @example
   * ```js
   * await adapter.delete('tokens:1'); // true if it was there
   * ```
   */
  async delete(key: string): Promise<boolean> {
    const name = this.#keyOf(key);
    return (await this.#open()).delete(name);
  }

  /**
   * Deletes keys, up to 1024 in one step.
   * @returns whether all of them were there
   * @throws SecureStorageError as SecureStorage.batch()
   * @example
   * ```js
   * await adapter.deleteMany(['tokens:1', 'tokens:2']);
   * ```
   */
  async deleteMany(keys: readonly string[]): Promise<boolean> {
    const names = new Set(listOf(keys, 'keys', 'an array of strings').map((key) => this.#keyOf(key)));
    const deletes = [...names].map((key) => ({ type: 'delete' as const, key }));
    const store = await this.#open();
    let all = true;
    for (let at = 0; at < deletes.length; at += Limit.REQUEST_COUNT_MAX) {
      const revisions = await store.batch(deletes.slice(at, at + Limit.REQUEST_COUNT_MAX));
      all &&= !revisions.includes(null);
    }
    return all;
  }

  /**
   * @throws SecureStorageError as SecureStorage.get()
   * @example
   * ```js
   * if (await adapter.has('tokens:1')) console.log('signed in');
   * ```
   */
  async has(key: string): Promise<boolean> {
    return (await this.get(key)) !== undefined;
  }

  /**
   * @throws SecureStorageError as SecureStorage.getMany()
   * @example
   * ```js
   * const [isFirst, isSecond] = await adapter.hasMany(['tokens:1', 'tokens:2']);
   * ```
   */
  async hasMany(keys: string[]): Promise<boolean[]> {
    return (await this.getMany(keys)).map((value) => value !== undefined);
  }

  /**
   * Deletes all keys of the namespace; without a namespace all of the domain. In one step, if Keyv 6 has no namespace of
   * the same name.
   * @throws SecureStorageError as SecureStorage.clear()
   * @example
   * ```js
   * await adapter.clear();
   * ```
   */
  async clear(): Promise<void> {
    const { prefix, others } = this.#namespace.range();
    const store = await this.#open();
    const [other] = others === undefined ? [] : await store.list({ prefix: others, limit: 1 });
    if (other === undefined) {
      await store.clear({ prefix, confirm: true });
      return;
    }
    const keys = (await store.keys({ prefix })).filter((key) => !key.startsWith(others ?? prefix));
    await this.deleteMany(keys.map(unescapeText));
  }

  /**
   * The keys, with the prefix that they are stored under, and values of a namespace; without one, of the domain.
   * @throws SecureStorageError as SecureStorage.entries()
   * @example
   * ```js
   * for await (const [key, text] of adapter.iterator('tokens')) console.log(key, text);
   * ```
   */
  async *iterator(namespace = this.namespace): AsyncGenerator<[string, string], void> {
    const { prefix, others } = this.#namespace.range(namespace);
    const store = await this.#open();
    for await (const entry of store.entries({ prefix, encoding: 'utf8' })) {
      if (others !== undefined && entry.key.startsWith(others)) continue;
      const text = await textUnlessExpired(store, entry);
      if (text !== undefined) yield [unescapeText(entry.key), text];
    }
  }

  #keyOf(key: unknown): string {
    if (typeof key !== 'string') throw invalidArgument('key', 'a string', key);
    this.#namespace.assertHas(key);
    return escapeText(key);
  }

  /**
   * Closes the store, unless it was given to the constructor. Never rejects.
   * @example
   * ```js
   * await adapter.disconnect();
   * ```
   */
  async disconnect(): Promise<void> {
    await this.#close();
  }
}

/** Keyv makes texts of values; it does not where it was told to use no serializer. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  throw invalidArgument('value', "a string, as Keyv's serializers make it", value);
}

/** The text of an entry, undefined if it has expired. Then it is deleted, unless it was replaced meanwhile. */
async function textUnlessExpired(store: SecureStorage, entry: ValueEntry<string>): Promise<string | undefined> {
  const value = decodeExpiring(entry.value);
  if (!isExpired(value)) return value.text;
  // The answer is known, whether or not there can be tidied up now.
  await store.delete(entry.key, { ifRevision: entry.revision }).catch(() => undefined);
  return undefined;
}
