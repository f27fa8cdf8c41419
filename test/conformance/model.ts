// SPDX-License-Identifier: MIT
/** What the API promises, with a plain Map for each store. */
import { isUtf8 } from 'node:buffer';

import type { ValueEncoding } from '../../src-ts/arguments/options.js';
import type { BatchedOperation, Operation } from './operations.js';
import type { Outcome } from './perform.js';

interface Stored {
  readonly value: Buffer;
  readonly revision: number;
}

type Domain = Map<string, Stored>;

/** An operation fails so. */
class Fails extends Error {
  constructor(
    readonly code: string,
    readonly key?: string,
  ) {
    super(code);
  }
}

interface Condition {
  readonly ifAbsent?: boolean | undefined;
  readonly ifRevision?: 'current' | 'stale' | undefined;
}

export class Model {
  readonly #domains: readonly Domain[];
  /** As the performer of the operations sees them. */
  readonly #seen: readonly Map<string, number>[];
  readonly #usedBefore: { readonly keys: number; readonly bytes: number };
  /** The highest revision that was given: the stores have one owner. */
  #last = 0;

  /**
   * @param stores empty ones of one owner, each with a domain of its own
   * @param usedBefore what the owner uses elsewhere
   */
  constructor(stores: number, usedBefore: { readonly keys: number; readonly bytes: number }) {
    this.#domains = Array.from({ length: stores }, () => new Map());
    this.#seen = this.#domains.map(() => new Map<string, number>());
    this.#usedBefore = usedBefore;
  }

  /** Makes sure that an operation came out as it must, and notes what it changed. */
  check(operation: Operation, outcome: Outcome): void {
    let expected: unknown;
    try {
      expected = { returned: this.#expected(operation, outcome) };
    } catch (failure) {
      if (!(failure instanceof Fails)) throw failure;
      const { code, key } = failure;
      expected = { failed: expect.objectContaining({ name: 'SecureStorageError', code, key }) as unknown };
    }
    expect(outcome).toEqual(expected);
  }

  #expected({ store, method, args, misuse }: Operation, outcome: Outcome): unknown {
    if (misuse === true) throw new Fails('ERR_INVALID_ARG');
    const domain = this.#domains[store] ?? new Map<string, Stored>();
    switch (method) {
      case 'get': {
        const found = domain.get(valid(args[0]));
        return found === undefined ? null : shown(found.value, args[1].encoding, args[0]);
      }
      case 'getEntry': {
        const found = domain.get(valid(args[0]));
        if (found === undefined) return null;
        return { key: args[0], value: shown(found.value, args[1].encoding, args[0]), revision: found.revision };
      }
      case 'getMany': {
        args[0].forEach(valid);
        return [...new Set(args[0])].map((key) => {
          const found = domain.get(key);
          return [key, found === undefined ? null : shown(found.value, args[1].encoding, key)];
        });
      }
      case 'has':
        return domain.has(valid(args[0]));
      case 'stat':
        return statOf(domain.get(valid(args[0])));
      case 'put': {
        const [key, value, { returnPrevious, ...condition }] = args;
        const previous = domain.get(valid(key))?.value ?? null;
        this.#meets(store, key, condition);
        const revision = this.#set(store, key, Buffer.from(value as string), returnedOf(outcome).revision);
        return returnPrevious === true ? { revision, previous } : { revision };
      }
      case 'generate': {
        const [key, { size = 32, ...condition }] = args;
        this.#meets(store, valid(key), condition);
        const { revision, value } = returnedOf(outcome);
        expect(value).toHaveLength(size);
        return { revision: this.#set(store, key, Buffer.from(value ?? []), revision), value };
      }
      case 'delete': {
        const [key, condition] = args;
        this.#mayExpect(store, key, condition);
        this.#meets(store, valid(key), condition);
        if (!domain.delete(key)) return false;
        this.#seen[store]?.set(key, 0);
        return true;
      }
      case 'batch':
        return this.#batch(store, args[0], outcome);
      case 'list': {
        const { prefix = '', after, limit } = args[0];
        const sorted = this.#sorted(domain, validPrefix(prefix));
        const from = Buffer.from(after === undefined ? '' : valid(after));
        return sorted
          .filter(([key]) => Buffer.compare(Buffer.from(key), from) > 0)
          .slice(0, limit)
          .map(([key, stored]) => ({ key, ...statOf(stored) }));
      }
      case 'keys':
        return this.#sorted(domain, validPrefix(args[0].prefix ?? '')).map(([key]) => key);
      case 'entries':
        return this.#sorted(domain, validPrefix(args[0].prefix ?? '')).map(([key, { value, revision }]) => {
          return { key, value: shown(value, args[0].encoding, key), revision };
        });
      case 'clear': {
        const cleared = this.#sorted(domain, validPrefix(args[0].prefix ?? ''));
        for (const [key] of cleared) domain.delete(key);
        return cleared.length;
      }
      case 'info': {
        const all = this.#domains.flatMap((one) => [...one]);
        const own = all.reduce((sum, [key, { value }]) => sum + Buffer.byteLength(key) + value.length, 0);
        const { keys, bytes } = this.#usedBefore;
        const used = expect.objectContaining({ keys: keys + all.length, bytes: bytes + own }) as unknown;
        return expect.objectContaining({ used });
      }
    }
  }

  #batch(store: number, operations: readonly BatchedOperation[], outcome: Outcome): (number | null)[] {
    const domain = this.#domains[store];
    for (const operation of operations) {
      if (operation.type === 'delete') this.#mayExpect(store, operation.key, operation);
      valid(operation.key);
    }
    const twice = operations.find(({ key }, index) => operations.findIndex((other) => other.key === key) < index);
    if (twice !== undefined) throw new Fails('ERR_INVALID_ARG', twice.key);
    for (const operation of operations) this.#meets(store, operation.key, operation);
    const returned = 'returned' in outcome ? (outcome.returned as (number | null)[]) : [];
    return operations.map((operation, index) => {
      if (operation.type === 'put') {
        return this.#set(store, operation.key, Buffer.from(operation.value as string), returned[index] ?? undefined);
      }
      const removed = domain?.get(operation.key)?.revision ?? null;
      domain?.delete(operation.key);
      this.#seen[store]?.set(operation.key, 0);
      return removed;
    });
  }

  /** A delete cannot expect revision 0. */
  #mayExpect(store: number, key: string, { ifRevision }: Condition): void {
    if (ifRevision === 'current' && (this.#seen[store]?.get(key) ?? 0) === 0) throw new Fails('ERR_INVALID_ARG');
  }

  #meets(store: number, key: string, { ifAbsent, ifRevision }: Condition): void {
    const actual = this.#domains[store]?.get(key)?.revision ?? 0;
    const seen = this.#seen[store]?.get(key) ?? 0;
    const expected = ifRevision === undefined ? undefined : seen + (ifRevision === 'stale' ? 1 : 0);
    const wanted = ifAbsent === true ? 0 : expected;
    if (wanted === undefined || wanted === actual) return;
    throw new Fails(wanted === 0 ? 'ERR_EXISTS' : 'ERR_CONFLICT', key);
  }

  /** @param revision that the store gave: above all that were */
  #set(store: number, key: string, value: Buffer, revision: number | undefined): number {
    expect(revision).toBeGreaterThan(this.#last);
    this.#last = revision ?? this.#last;
    this.#domains[store]?.set(key, { value, revision: this.#last });
    this.#seen[store]?.set(key, this.#last);
    return this.#last;
  }

  #sorted(domain: Domain, prefix: string): [string, Stored][] {
    const inOrder = [...domain].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    return inOrder.filter(([key]) => key.startsWith(prefix));
  }
}

function returnedOf(outcome: Outcome): { revision?: number; value?: Uint8Array } {
  return 'returned' in outcome ? (outcome.returned as object) : {};
}

function statOf(stored: Stored | undefined): { size: number; revision: number } | null {
  return stored === undefined ? null : { size: stored.value.length, revision: stored.revision };
}

/** @throws Fails if it is not a key */
function valid(key: string): string {
  if (key === '') throw new Fails('ERR_INVALID_KEY');
  return validPrefix(key);
}

/** @throws Fails if it is not the beginning of a key */
function validPrefix(text: string): string {
  const points = Array.from(text, (char) => char.codePointAt(0) ?? 0);
  const bad = points.some((point) => point < 0x20 || point === 0x7f || (point >= 0xd800 && point < 0xe000));
  if (bad) throw new Fails('ERR_INVALID_KEY');
  if (Buffer.byteLength(text) > 1024) throw new Fails('ERR_KEY_TOO_LONG');
  return text;
}

function shown(value: Buffer, encoding: ValueEncoding | undefined, key: string): Buffer | string {
  if (encoding === undefined) return value;
  if (encoding === 'utf8' && !isUtf8(value)) throw new Fails('ERR_NOT_UTF8', key);
  return value.toString(encoding);
}
