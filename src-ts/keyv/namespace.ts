// SPDX-License-Identifier: MIT
/**
 * The namespace that Keyv 5 gives to an adapter by setting a property. It prefixes keys itself ("name:key"), but clears and
 * walks by that property alone, so an adapter that serves two namespaces would clear the wrong one. Keyv 6 sets nothing: it
 * prefixes ("name::key") and hands the namespace over.
 */
import { SecureStorageError } from '../errors/error.js';
import { escapeText } from '../util/escape.js';

/** Which stored keys belong to a namespace. */
export interface Range {
  readonly prefix: string;
  /** What those begin with that belong to another one all the same. */
  readonly others?: string | undefined;
}

export class Namespace {
  /** Whether Keyv 5 has set it, to nothing perhaps. */
  #set = false;
  #name: string | undefined;

  /**
   * Notices when the property is set. The object must not have it before that: Keyv 6 looks for it, and would leave the
   * prefixing to an adapter that has it. So it is its prototype that notices.
   */
  noticeSetting(adapter: object, prototype: object): void {
    const set = (name: unknown) => {
      this.#enter(name as string | undefined);
    };
    // One of its own before the class's, by which instanceof goes.
    const noticing = new Proxy(Object.create(prototype) as object, {
      set: (target, property, value: unknown, receiver) => {
        if (property !== 'namespace') return Reflect.set(target, property, value, receiver);
        set(value);
        return Reflect.defineProperty(adapter, property, { get: () => this.#name, set, enumerable: true });
      },
    });
    Object.setPrototypeOf(adapter, noticing);
  }

  /** @throws SecureStorageError ERR_INVALID_ARG for a key of another namespace, without the prefix, or of perhaps two */
  assertHas(key: string): void {
    if (!this.#set) assertOneNamespace(key, 'a key');
    if (!this.#set || this.#name === undefined) return;
    if (key.startsWith(`${this.#name}:`) && !key.startsWith(`${this.#name}::`)) return;
    throw refused(
      `the key is not of Keyv’s namespace '${this.#name}'`,
      'Leave useKeyPrefix as it is, and begin no key with a colon: namespaces are told apart by what keys begin with.',
    );
  }

  /** @param name as Keyv hands it over; by default what it has set */
  range(name: string | undefined = this.#name): Range {
    if (name === undefined || name === '') return { prefix: '' };
    if (!this.#set) assertOneNamespace(`${name}::`, 'a namespace');
    const [five, six] = [escapeText(`${name}:`), escapeText(`${name}::`)];
    return this.#set ? { prefix: five, others: six } : { prefix: six };
  }

  #enter(given: string | undefined): void {
    const name = given === '' ? undefined : given;
    if (this.#set && name !== this.#name) {
      throw refused(
        'this adapter serves another namespace of Keyv already',
        'Give each namespace an adapter of its own; they may share a store: new KeyvSecureStorage({ store }).',
      );
    }
    if (name?.includes(':')) {
      throw refused(
        'a namespace of Keyv must have no colon',
        'Choose another name: "a" would reach the keys of "a:b". A domain keeps uses apart as well.',
      );
    }
    this.#set = true;
    this.#name = name;
  }
}

/** Keyv 6 puts two colons between namespace and key. If there were more of them, the key would belong to two namespaces. */
function assertOneNamespace(key: string, what: string): void {
  const first = key.indexOf('::');
  // Overlapping: of ":::" the second one begins at its second colon.
  if (first < 0 || !key.includes('::', first + 1)) return;
  throw refused(
    `${what} could belong to two namespaces of Keyv: it has more than one "::"`,
    'Use no "::" in keys and namespaces, and no colon where they meet. A domain keeps uses apart as well.',
  );
}

function refused(detail: string, remedy: string): SecureStorageError {
  return new SecureStorageError('ERR_INVALID_ARG', { detail, remedy });
}
