// SPDX-License-Identifier: MIT
/** keytar's functions over a store. */
import { SecureStorageError } from '../errors/error.js';
import { escapeSegment, escapeText, unescapeText } from '../util/escape.js';
import { Limit } from '../protocol/contract.js';
import type { SecureStorage } from '../store.js';

/** An account of a service, as findCredentials() gives it. */
export interface Credential {
  account: string;
  password: string;
}

/**
 * keytar's five functions. A missing argument is thrown at once, as keytar does, and does not reject the promise; what fails
 * later rejects with a SecureStorageError.
 */
export interface Keytar {
  /** @returns the password, null if there is none */
  readonly getPassword: (service: string, account: string) => Promise<string | null>;
  /** Stores a password, in place of the one before. */
  readonly setPassword: (service: string, account: string, password: string) => Promise<void>;
  /** @returns whether there was one */
  readonly deletePassword: (service: string, account: string) => Promise<boolean>;
  /** @returns the password of one of the service's accounts, the first in the order of bytes; null if it has none */
  readonly findPassword: (service: string) => Promise<string | null>;
  /** @returns all accounts of the service in the order of bytes, with their passwords */
  readonly findCredentials: (service: string) => Promise<Credential[]>;
}

/**
 * keytar's functions over a store of your choice: another domain, a group's store, the TEE in memory for tests.
 * `account` of `service` is kept under the key `service/account`. A `/` in the service is written as `%` and two
 * hexadecimal digits, and so are `%` and control characters in both of them. So no two pairs share a key.
 * @param store an open store, or what gives one; it is not closed here
 * @example
 * ```js
 * const keytar = keytarOver(await SecureStorage.open({ domain: 'mail' }));
 * await keytar.setPassword('smtp', 'alice', 's3cret');
 * ```
 */
export function keytarOver(store: SecureStorage | (() => Promise<SecureStorage>)): Keytar {
  const open = typeof store === 'function' ? store : () => Promise.resolve(store);
  return {
    getPassword(service, account) {
      assertGiven({ service, account });
      return getPassword(open, service, account);
    },
    setPassword(service, account, password) {
      assertGiven({ service, account, password });
      return setPassword(open, service, account, password);
    },
    deletePassword(service, account) {
      assertGiven({ service, account });
      return deletePassword(open, service, account);
    },
    findPassword(service) {
      assertGiven({ service });
      return findPassword(open, service);
    },
    findCredentials(service) {
      assertGiven({ service });
      return findCredentials(open, service);
    },
  };
}

type Open = () => Promise<SecureStorage>;

async function getPassword(open: Open, service: string, account: string): Promise<string | null> {
  const key = keyOf(service, account);
  return (await open()).get(key, { encoding: 'utf8' });
}

async function setPassword(open: Open, service: string, account: string, password: string): Promise<void> {
  const key = keyOf(service, account);
  await (await open()).put(key, password);
}

async function deletePassword(open: Open, service: string, account: string): Promise<boolean> {
  const key = keyOf(service, account);
  return (await open()).delete(key);
}

async function findPassword(open: Open, service: string): Promise<string | null> {
  const prefix = keyOf(service, '');
  const store = await open();
  for (;;) {
    const [first] = await store.list({ prefix, limit: 1 });
    if (first === undefined) return null;
    const password = await store.get(first.key, { encoding: 'utf8' });
    // Else it was deleted since it was listed, and another one may be the first now.
    if (password !== null) return password;
  }
}

async function findCredentials(open: Open, service: string): Promise<Credential[]> {
  const prefix = keyOf(service, '');
  const store = await open();
  const found: Credential[] = [];
  for await (const { key, value } of store.entries({ prefix, encoding: 'utf8' })) {
    found.push({ account: unescapeText(key.slice(prefix.length)), password: value });
  }
  return found;
}

/**
 * The key of an account of a service; with account '' what all keys of the service begin with.
 * @throws SecureStorageError ERR_KEY_TOO_LONG
 */
function keyOf(service: string, account: string): string {
  const key = `${escapeSegment(service)}/${escapeText(account)}`;
  const size = Buffer.byteLength(key);
  if (size <= Limit.KEY_MAX) return key;
  const allowed = `${String(size - 1)} bytes in UTF-8, more than ${String(Limit.KEY_MAX - 1)}`;
  throw new SecureStorageError('ERR_KEY_TOO_LONG', {
    detail: `service and account together have ${allowed}`,
    remedy:
      'Use a shorter service or account; a slash in the service, "%" and control characters count three bytes each.',
  });
}

/** What keytar's messages call its parameters. */
const titles = { service: 'Service', account: 'Account', password: 'Password' } as const;
const names = { service: 'service', account: 'username', password: 'password' } as const;

/**
 * Throws what keytar throws, word for word, since programs may look at it: first for what is missing or empty, then for
 * what is no string.
 * @throws Error, TypeError; with the code ERR_INVALID_ARG
 */
function assertGiven(given: { readonly [parameter in keyof typeof titles]?: unknown }): void {
  const parameters = Object.keys(given) as (keyof typeof titles)[];
  const missing = parameters.find((parameter) => isMissing(given[parameter]));
  if (missing !== undefined) throw invalid(new Error(`${titles[missing]} is required.`));
  const wrong = parameters.find((parameter) => typeof given[parameter] !== 'string');
  if (wrong !== undefined) throw invalid(new TypeError(`Parameter '${names[wrong]}' must be a string`));
}

function isMissing(value: unknown): boolean {
  return !value || (Array.isArray(value) && value.length === 0);
}

function invalid(error: Error): Error {
  return Object.assign(error, { code: 'ERR_INVALID_ARG' });
}
