// SPDX-License-Identifier: MIT
import { loadAddon, type NativeOutcome, type NativeSession } from '../../../src-ts/native/addon.js';
import type { EncodedParam } from '../../../src-ts/tee/params.js';
import { until } from '../support/clock.js';
import { Command } from '../support/fake.js';
import { startWorker } from '../support/workers.js';

const uuid = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
const NONE = 0;
const VALUE_IN = 1;
const MEMREF_IN = 5;
const MEMREF_OUT = 6;
const MEMREF_INOUT = 7;

/** A session of the addon itself, without the layer above that checks arguments. */
class Raw {
  readonly session: NativeSession;
  readonly order: number[] = [];
  readonly #outcomes = new Map<number, NativeOutcome>();
  readonly #waiting = new Map<number, () => void>();

  constructor() {
    this.session = loadAddon().createSession((id, outcome) => {
      this.order.push(id);
      if ('notBegun' in outcome) throw new Error('nothing stops this session');
      this.#outcomes.set(id, outcome);
      this.#waiting.get(id)?.();
    }, []);
  }

  static async open(): Promise<Raw> {
    const raw = new Raw();
    loadAddon().open(raw.session, 1000, uuid, 0, 0, []);
    await raw.end(1000);
    raw.order.length = 0;
    return raw;
  }

  invoke(id: number, command: number, ...params: object[]): number {
    return loadAddon().invoke(this.session, id, command, params as EncodedParam[]);
  }

  /** The outcome of a request, when there is one. */
  async end(id: number): Promise<Exclude<NativeOutcome, { libraryNotFound: string }>> {
    if (!this.#outcomes.has(id)) await new Promise<void>((resolve) => this.#waiting.set(id, resolve));
    const outcome = this.#outcomes.get(id);
    if (outcome?.libraryNotFound !== undefined) throw new Error(outcome.libraryNotFound);
    if (outcome === undefined) throw new Error('no outcome');
    return outcome;
  }

  async close(): Promise<void> {
    loadAddon().close(this.session, 1001);
    await this.end(1001);
  }
}

/** The object with a property that is computed when it is read. */
const computed = (object: object, name: string, get: () => unknown): object =>
  Object.defineProperty(object, name, { get });

function errorOf(action: () => unknown): string {
  try {
    return `no error but ${String(action())}`;
  } catch (error) {
    return (error as Error).message;
  }
}

export async function throwingGetters() {
  const raw = await Raw.open();
  const fail = () => {
    throw new Error('mine');
  };
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const params = [
    computed({}, 'type', fail),
    computed({ type: VALUE_IN, b: 0 }, 'a', fail),
    computed({ type: VALUE_IN, a: 0 }, 'b', fail),
    computed({ type: MEMREF_IN, data: uuid }, 'size', fail),
    computed({ type: MEMREF_IN, size: 16 }, 'data', fail),
    computed({ type: MEMREF_OUT, size: 16 }, 'data', fail),
    revoked.proxy,
  ];
  const errors = params.map((param) => errorOf(() => raw.invoke(1, Command.INCREMENT, { type: NONE }, param)));
  errors.push(
    errorOf(() => loadAddon().invoke(raw.session, 1, 0, computed([{ type: NONE }], '0', fail) as EncodedParam[])),
  );
  raw.invoke(2, Command.INCREMENT);
  const { result } = await raw.end(2);
  await raw.close();
  return { errors, result, settled: raw.order };
}

export async function reentrantGetter() {
  const raw = await Raw.open();
  const nested = computed({ type: VALUE_IN, b: 0 }, 'a', () => {
    raw.invoke(2, Command.INCREMENT);
    return 0;
  });
  const closing = computed({ type: VALUE_IN, b: 0 }, 'a', () => loadAddon().close(raw.session, 1001));
  raw.invoke(1, Command.INCREMENT, nested);
  const submitted = raw.invoke(3, Command.INCREMENT, closing);
  await raw.end(1001);
  return { order: raw.order, submitted };
}

export async function oddBytes() {
  const raw = await Raw.open();
  const copyOf = async (id: number, data: Uint8Array) => {
    raw.invoke(id, Command.COPY, { type: MEMREF_IN, data, size: 8 }, { type: MEMREF_OUT, size: 8 });
    const { params } = await raw.end(id);
    return [...(params[1] as { data: Buffer }).data];
  };
  const shared = new Uint8Array(new SharedArrayBuffer(8)).fill(1);
  const view = Buffer.from([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]).subarray(1, 9);
  const detached = new Uint8Array(8).fill(2);
  structuredClone(detached, { transfer: [detached.buffer] });
  const copies = { shared: await copyOf(1, shared), view: await copyOf(2, view), detached: await copyOf(3, detached) };
  const inout = { type: MEMREF_INOUT, size: 3, data: Uint8Array.of(1, 2) };
  raw.invoke(4, Command.INCREMENT, inout, inout);
  const { params } = await raw.end(4);
  const both = params.slice(0, 2).map((param) => [...(param as { data: Buffer }).data]);
  await raw.close();
  return { ...copies, both };
}

export async function givingUpTwice() {
  const raw = await Raw.open();
  const other = await Raw.open();
  const attempts = (id: number) => [
    loadAddon().withdraw(raw.session, id),
    loadAddon().abandon(raw.session, id),
    loadAddon().runningThread(raw.session, id),
  ];
  const unknown = attempts(1);
  raw.invoke(2, Command.INCREMENT);
  await raw.end(2);
  const finished = attempts(2);
  raw.invoke(3, Command.WAIT);
  raw.invoke(4, Command.INCREMENT);
  await until(() => loadAddon().runningThread(raw.session, 3) !== 0);
  const running = [
    loadAddon().abandon(raw.session, 3),
    loadAddon().abandon(raw.session, 3),
    loadAddon().parkedThreads(),
  ];
  const queued = [loadAddon().abandon(raw.session, 4), loadAddon().abandon(raw.session, 4)];
  const behind = raw.invoke(5, Command.INCREMENT);
  other.invoke(1, Command.RELEASE);
  await until(() => loadAddon().parkedThreads() === 0);
  await raw.close();
  await other.close();
  const closed = [...attempts(3), raw.invoke(6, Command.INCREMENT), loadAddon().close(raw.session, 7)];
  return { unknown, finished, running, queued, behind, closed, settled: raw.order };
}

/** Several outcomes arrive at once; the first of them ends the environment. */
export async function exitInSettle() {
  const codes = await Promise.all(
    Array.from(
      { length: 4 },
      () => new Promise((resolve) => startWorker(__filename, 'exitAtFirst').once('exit', resolve)),
    ),
  );
  const raw = await Raw.open();
  raw.invoke(1, Command.INCREMENT);
  const { result } = await raw.end(1);
  await raw.close();
  return { codes, result };
}

/** The worker of that. */
export function exitAtFirst() {
  const settle = () => process.exit(7);
  const sessions = Array.from({ length: 8 }, () => loadAddon().createSession(settle, []));
  for (const session of sessions) {
    loadAddon().open(session, 1, uuid, 0, 0, []);
    loadAddon().invoke(session, 2, Command.INCREMENT, []);
  }
  // The loop stands still until all have answered.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
}
