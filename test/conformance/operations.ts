// SPDX-License-Identifier: MIT
/** Random operations of the whole API, for property tests and for long traces. */
import fc, { type Arbitrary } from 'fast-check';

import type { PutOptions, ValueEncoding } from '../../src-ts/arguments/options.js';
import type { Store } from './store.js';

/**
 * A revision that is not known before the operations are carried out: the last one that the performer saw of the key, or
 * one that differs from it.
 */
export type RevisionNote = 'current' | 'stale';

type Noted<O> = Omit<O, 'ifRevision'> & { ifRevision?: RevisionNote | undefined };

export type BatchedOperation =
  | Noted<{ type: 'put'; key: string; value: string | Uint8Array; ifAbsent?: boolean | undefined }>
  | Noted<{ type: 'delete'; key: string }>;

interface Encoded {
  encoding?: ValueEncoding | undefined;
}

/**
 * An operation as plain data. `store` is the number of the store that it is for; a `misuse` is refused for its
 * arguments, whatever their types here say.
 */
export type Operation = { readonly store: number; readonly misuse?: true } & (
  | { method: 'get' | 'getEntry'; args: [key: string, options: Encoded] }
  | { method: 'getMany'; args: [keys: string[], options: Encoded] }
  | { method: 'put'; args: [key: string, value: string | Uint8Array, options: Noted<Omit<PutOptions, 'signal'>>] }
  | { method: 'delete'; args: [key: string, options: Noted<object>] }
  | { method: 'has' | 'stat'; args: [key: string] }
  | { method: 'list'; args: [options: { prefix?: string; after?: string; limit?: number }] }
  | { method: 'keys'; args: [options: { prefix?: string }] }
  | { method: 'entries'; args: [options: { prefix?: string } & Encoded] }
  | { method: 'batch'; args: [operations: BatchedOperation[]] }
  | { method: 'generate'; args: [key: string, options: Noted<{ size?: number; ifAbsent?: boolean; return: true }>] }
  | { method: 'clear'; args: [options: { prefix?: string; confirm: true }] }
  | { method: 'info'; args: [] }
);

/** Every method of a store but those that end it or are no call to the TEE. */
export type Method = Exclude<keyof Store, 'close' | 'toJSON' | symbol>;

export interface Shape {
  /** How many stores the operations are for. */
  readonly stores: number;
  /** Keys of the usual form, besides a few and odd ones: the more, the fuller the stores become. */
  readonly keys: number;
  /** Sizes of values, each as likely as the others. */
  readonly sizes: readonly number[];
  /** Operations of a batch, at most. */
  readonly batch: number;
}

interface Call {
  readonly method: Operation['method'];
  readonly args: unknown;
  readonly misuse?: true;
}

/** Each is ERR_INVALID_ARG. */
const misuses: readonly Call[] = (
  [
    ['get', [5, {}]],
    ['get', ['k', { encoding: 'latin1' }]],
    ['getMany', ['k', {}]],
    ['getMany', [['k', null], {}]],
    ['put', ['k', 5, {}]],
    ['put', ['k', '\ud800', {}]],
    ['put', ['k', 'v', { ifAbsnt: true }]],
    ['put', ['k', 'v', { timeoutMs: 0 }]],
    ['delete', ['k', { ifAbsent: true }]],
    ['stat', [undefined]],
    ['list', [{ limit: 0 }]],
    ['keys', [{ after: 'k' }]],
    ['entries', [{ prefix: 5 }]],
    ['batch', [[{ type: 'get', key: 'k' }]]],
    ['batch', [[{ type: 'put', key: 'k' }]]],
    ['generate', ['k', { size: 0 }]],
    ['generate', ['k', { encoding: 'utf8' }]],
    ['clear', [{ confirm: false }]],
  ] as const
).map(([method, args]) => ({ method, args, misuse: true }));

/** What one store may be asked to do. */
export function operations({ stores, keys, sizes, batch }: Shape): Arbitrary<Operation> {
  const key = fc.oneof(
    { weight: 10, arbitrary: fc.constantFrom('a', 'a/', 'a/1', 'a/2', 'ab', 'b', 'Z', 'ä', '🔑') },
    { weight: 10, arbitrary: fc.nat({ max: keys - 1 }).map((number) => `app/${String(number)}`) },
    { weight: 2, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }) },
    // Not all of them are keys.
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 6 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0xd700, max: 0xe000 }).map((unit) => String.fromCharCode(unit)) },
    { weight: 1, arbitrary: fc.integer({ min: 1022, max: 1026 }).map((size) => 'k'.repeat(size)) },
  );
  const prefix = fc.constantFrom('', '', 'a', 'a/', 'app/', 'app/1', 'ä', 'none', 'k'.repeat(1000), '\n');
  const value = fc.oneof(
    { weight: 3, arbitrary: fc.uint8Array({ maxLength: 60 }) },
    { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 30 }) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom(...sizes), fc.nat({ max: 255 }))
        .map(([size, byte]) => Buffer.alloc(size, byte)),
    },
  );
  const maybe = <T>(arbitrary: Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 3 });
  const note = fc.constantFrom<RevisionNote>('current', 'current', 'stale');
  const condition = fc.oneof(
    { weight: 4, arbitrary: fc.constant({}) },
    { weight: 1, arbitrary: fc.boolean().map((ifAbsent) => ({ ifAbsent })) },
    { weight: 2, arbitrary: note.map((ifRevision) => ({ ifRevision })) },
  );
  const revision = fc.oneof(
    fc.constant({}),
    note.map((ifRevision) => ({ ifRevision })),
  );
  const encoded = maybe(fc.constantFrom<ValueEncoding>('utf8', 'hex', 'base64')).map((encoding) => ({ encoding }));
  const batched: Arbitrary<BatchedOperation> = fc.oneof(
    fc.tuple(key, value, condition).map(([k, v, c]) => ({ type: 'put' as const, key: k, value: v, ...c })),
    fc.tuple(key, revision).map(([k, r]) => ({ type: 'delete' as const, key: k, ...r })),
  );
  const plain = fc.tuple(key, value).map(([k, v]) => ({ type: 'put' as const, key: k, value: v }));

  const weighted: { weight: number; arbitrary: Arbitrary<Call> }[] = [];
  const add = (weight: number, method: Method & Operation['method'], args: Arbitrary<unknown>) => {
    weighted.push({ weight, arbitrary: args.map((given) => ({ method, args: given })) });
  };
  const previous = maybe(fc.boolean());
  add(10, 'get', fc.tuple(key, encoded));
  add(4, 'getEntry', fc.tuple(key, encoded));
  add(4, 'getMany', fc.tuple(fc.array(key, { maxLength: 12 }), encoded));
  add(
    14,
    'put',
    fc.tuple(
      key,
      value,
      fc.tuple(condition, previous).map(([c, p]) => ({ ...c, returnPrevious: p })),
    ),
  );
  add(7, 'delete', fc.tuple(key, revision));
  add(4, 'has', fc.tuple(key));
  add(4, 'stat', fc.tuple(key));
  const limit = maybe(fc.integer({ min: 1, max: 20 }));
  add(4, 'list', fc.tuple(fc.record({ prefix, after: maybe(key), limit })));
  add(1, 'keys', fc.tuple(fc.record({ prefix })));
  add(2, 'entries', fc.tuple(fc.tuple(prefix, encoded).map(([p, e]) => ({ prefix: p, ...e }))));
  add(3, 'batch', fc.tuple(fc.array(batched, { maxLength: 6 })));
  add(2, 'batch', fc.tuple(fc.uniqueArray(plain, { maxLength: batch, selector: ({ key: k }) => k })));
  const size = maybe(fc.constantFrom(1, 16, 32, 4000));
  add(
    2,
    'generate',
    fc.tuple(
      key,
      fc.tuple(condition, size).map(([c, s]) => ({ ...c, size: s, return: true })),
    ),
  );
  add(1, 'clear', fc.tuple(fc.record({ prefix, confirm: fc.constant(true) })));
  add(1, 'info', fc.tuple());
  weighted.push({ weight: 1, arbitrary: fc.constantFrom(...misuses) });
  return fc
    .tuple(fc.nat({ max: stores - 1 }), fc.oneof(...weighted))
    .map(([store, operation]) => ({ store, ...operation }) as Operation);
}
