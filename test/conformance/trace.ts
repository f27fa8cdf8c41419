// SPDX-License-Identifier: MIT
/** Long random traces, replayed on several backends: their outcomes must be the same to the last byte and letter. */
import { isDeepStrictEqual } from 'node:util';

import fc from 'fast-check';

import type { OpenOptions } from '../../src-ts/arguments/options.js';
import type { RunContext } from '../../machine/machine.mjs';
import type { Runner } from '../e2e/support/remote-object.js';
import { operations, type Operation } from './operations.js';
import { makePerformer, type Outcome } from './perform.js';
import type { Store } from './store.js';

/** The stores of a trace. Of one of them no value is read, because those generated are random. */
const DOMAINS = ['trace', 'trace/2', 'trace, generated'] as const;
const GENERATED = 2;
/** One more belongs to the group of the process. */
const STORES = DOMAINS.length + 1;

const SHAPE = { stores: STORES, keys: 300, sizes: [0, 1, 100, 3583, 3584, 3585, 5000, 20_000, 70_000], batch: 60 };
/** So many operations go to a process at a time. */
const CHUNK = 100;

/** The same operations for the same seed. */
export function makeTrace(seed: number, count: number): Operation[] {
  return fc.sample(operations(SHAPE).filter(isComparable), { seed, numRuns: count });
}

function isComparable({ store, method, args, misuse }: Operation): boolean {
  if (misuse === true) return true;
  if (store !== GENERATED) return method !== 'generate';
  if (method === 'put') return args[2].returnPrevious !== true;
  return !['get', 'getEntry', 'getMany', 'entries'].includes(method);
}

/** A process with stores of the backend that the options of `open` name. It is called there. */
export interface Replayer {
  readonly process: Runner;
  readonly open: (context: RunContext, options: OpenOptions) => Promise<Store>;
}

/**
 * Carries out a trace in one process, in its order, and returns the outcomes. The stores are cleared at the end, but for
 * one key: the revisions of an owner whose store was empty begin above those of all others on the machine.
 */
export async function replay({ process, open }: Replayer, trace: readonly Operation[]): Promise<Outcome[]> {
  await process.run(begin, open.toString(), makePerformer.toString(), DOMAINS);
  const outcomes: Outcome[] = [];
  for (let at = 0; at < trace.length; at += CHUNK) {
    outcomes.push(...(await process.run(perform, comparable.toString(), trace.slice(at, at + CHUNK))));
  }
  await process.run(end);
  return outcomes;
}

/** Runs there. */
async function begin(context: RunContext, open: string, performer: string, domains: readonly string[]): Promise<void> {
  type Open = (context: RunContext, options: OpenOptions) => Promise<Store>;
  const opening = (0, eval)(`(${open})`) as Open;
  const group = process.getegid?.() ?? 0;
  const all: OpenOptions[] = [...domains.map((domain) => ({ domain })), { domain: domains[0], group }];
  for (const owner of [{}, { group }]) {
    const kept = await opening(context, { timeoutMs: 120_000, domain: 'kept', ...owner });
    await kept.put('kept', '');
    await kept.close();
  }
  const stores: Store[] = [];
  for (const options of all) stores.push(await opening(context, { timeoutMs: 120_000, ...options }));
  const { state } = context;
  state.stores = stores;
  state.perform = ((0, eval)(`(${performer})`) as typeof makePerformer)(stores);
}

/** Runs there. */
async function perform({ require, state }: RunContext, text: string, chunk: readonly Operation[]): Promise<Outcome[]> {
  const { createHash } = require('node:crypto') as typeof import('node:crypto');
  const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  const compare = (0, eval)(`(${text})`) as typeof comparable;
  const outcomes: Outcome[] = [];
  for (const operation of chunk) {
    const outcome = await (state.perform as (operation: Operation) => Promise<Outcome>)(operation);
    outcomes.push(compare(outcome, operation.method, digest));
  }
  return outcomes;
}

/** Runs there. */
async function end({ state }: RunContext): Promise<void> {
  for (const store of state.stores as Store[]) {
    await store.clear({ confirm: true });
    await store.close();
  }
}

/**
 * An outcome without what may differ between backends: which of them it is, and bytes that are random. Long values are
 * told by their digests. Runs there.
 */
function comparable(outcome: Outcome, method: Operation['method'], digest: (bytes: Uint8Array) => string): Outcome {
  if (!('returned' in outcome)) return outcome;
  const shorten = (value: unknown): unknown => {
    if (value instanceof Uint8Array)
      return value.length > 64 ? `${String(value.length)} bytes ${digest(value)}` : value;
    if (typeof value === 'string') return value.length > 200 ? shorten(Buffer.from(value)) : value;
    if (Array.isArray(value)) return value.map(shorten);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, shorten(part)]));
  };
  const returned = outcome.returned as Record<string, unknown>;
  if (method === 'generate') return { returned: { ...returned, value: (returned.value as Buffer).length } };
  if (method === 'info') return { returned: { ...returned, backend: '', secure: '', antiRollback: '' } };
  return { returned: shorten(returned) };
}

/** Where two replays differ first. */
export function firstDifference(trace: readonly Operation[], one: readonly Outcome[], other: readonly Outcome[]) {
  const at = trace.findIndex((_operation, index) => !isDeepStrictEqual(one[index], other[index]));
  return at < 0 ? undefined : { at, operation: trace[at], one: one[at], other: other[at] };
}

/** How often each method came out how. */
export function summary(trace: readonly Operation[], outcomes: readonly Outcome[]): Map<string, number> {
  const counts = new Map<string, number>();
  trace.forEach(({ method }, index) => {
    const outcome = outcomes[index] ?? { returned: undefined };
    const how = 'failed' in outcome ? (outcome.failed.code ?? outcome.failed.message) : 'ok';
    const name = `${method} ${how}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  });
  return new Map([...counts].sort(([a], [b]) => a.localeCompare(b)));
}
