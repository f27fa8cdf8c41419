// SPDX-License-Identifier: MIT
import type { Method, Operation } from './operations.js';
import type { Store } from './store.js';

/** What became of an operation: what it returned, or what is stable of its error. */
export type Outcome = { readonly returned: unknown } | { readonly failed: Failure };

type Invoke = (...args: unknown[]) => Promise<unknown>;

export interface Failure {
  readonly name: string;
  readonly code?: string;
  readonly operation?: string;
  readonly key?: string;
  readonly outcomeUnknown?: boolean;
  readonly message: string;
  readonly result?: number;
  readonly origin?: string;
}

/**
 * Carries operations out on stores. It is sent as text to processes elsewhere, so it uses nothing but its arguments and
 * the globals of Node.js.
 */
export function makePerformer(stores: readonly Store[]): (operation: Operation) => Promise<Outcome> {
  /** The last revision seen of each key of each store, 0 after a delete. */
  const revisions = stores.map(() => new Map<string, number>());

  const noticed = (store: number, key: string, revision: number | null | undefined) => {
    if (typeof revision === 'number') revisions[store]?.set(key, revision);
  };

  /** The options, or an operation of a batch, with a revision in place of the note that stands for one. */
  const resolved = (store: number, key: string, options: object): object => {
    const { ifRevision: note, ...rest } = options as { ifRevision?: string };
    const seen = revisions[store]?.get(key) ?? 0;
    if (note === undefined) return rest;
    return { ...rest, ifRevision: note === 'current' ? seen : seen + 1 };
  };

  const call = async ({ store: number, method, args }: Operation): Promise<unknown> => {
    const store = stores[number];
    if (store === undefined) throw new Error(`there is no store ${String(number)}`);
    const invoke = (...given: unknown[]) => (store as unknown as Record<Method, Invoke>)[method](...given);
    const key = typeof args[0] === 'string' ? args[0] : '';
    switch (method) {
      case 'put':
      case 'generate':
      case 'delete': {
        const options = resolved(number, key, args.at(-1) as object);
        const done = await invoke(...args.slice(0, -1), options);
        if (method !== 'delete') noticed(number, key, (done as { revision: number }).revision);
        else if (done === true) noticed(number, key, 0);
        return done;
      }
      case 'batch': {
        const operations = args[0].map((operation) => resolved(number, operation.key, operation));
        const done = await store.batch(operations as never);
        args[0].forEach((operation, index) => {
          noticed(number, operation.key, operation.type === 'put' ? done[index] : 0);
        });
        return done;
      }
      case 'entries': {
        const entries: unknown[] = [];
        for await (const entry of store.entries(...args)) entries.push(entry);
        return entries;
      }
      case 'getMany':
        // A Map's order counts, and equality of Maps does not look at it.
        return [...(await store.getMany(...args))];
      default:
        return invoke(...args);
    }
  };

  return async (operation) => {
    try {
      return { returned: await call(operation) };
    } catch (error) {
      const { name, code, operation: failed, key, outcomeUnknown, message, result, origin } = error as Failure;
      return { failed: { name, code, operation: failed, key, outcomeUnknown, message, result, origin } as Failure };
    }
  };
}
