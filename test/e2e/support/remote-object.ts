// SPDX-License-Identifier: MIT
import type { RunContext, UserProcess } from '../../../machine/machine.mjs';

/** What the other side keeps in the `state` of its process; `installShelf` makes it. */
interface Shelf {
  make(text: string, args: unknown[]): Promise<number>;
  call(handle: number, method: string, args: unknown[]): unknown;
  iterate(handle: number, method: string, args: unknown[]): number;
  abort(signal: number, reason: unknown): void;
}

/** Stands for an AbortSignal among the options of a call. */
interface SignalNote {
  readonly remoteSignal: number;
  readonly aborted: boolean;
  readonly reason: unknown;
}

let lastSignal = 0;

/** A process that runs functions: of the machine, or another one on this side. */
export type Runner = Pick<UserProcess, 'run'>;

/**
 * An object that lives in another process. Arguments and results are copied; an AbortSignal among the options
 * of a call (its last argument) is followed by one over there.
 */
export class RemoteObject {
  readonly #process: Runner;
  readonly #handle: number;

  private constructor(process: Runner, handle: number) {
    this.#process = process;
    this.#handle = handle;
  }

  /**
   * Makes an object over there.
   * @param make runs there, see UserProcess.run
   */
  static async make<A extends unknown[]>(
    process: Runner,
    make: (context: RunContext, ...args: A) => unknown,
    ...args: A
  ): Promise<RemoteObject> {
    await process.run(installShelf);
    const handle = await withSignal(process, args, (plain) =>
      process.run(({ state }, text, rest) => (state.shelf as Shelf).make(text, rest), make.toString(), plain),
    );
    return new RemoteObject(process, handle);
  }

  /**
   * Calls a method. The arguments are copied before this returns.
   * @param method its name, or 'Symbol.asyncDispose'
   */
  call(method: string, args: readonly unknown[]): Promise<unknown> {
    return withSignal(this.#process, args, (plain) =>
      this.#process.run(({ state }, ...rest) => (state.shelf as Shelf).call(...rest), this.#handle, method, plain),
    );
  }

  /** Walks through what a method iterates over. */
  async *iterate(method: string, args: readonly unknown[]): AsyncGenerator<unknown, void, undefined> {
    const steps = new RemoteObject(
      this.#process,
      await withSignal(this.#process, args, (plain) =>
        this.#process.run(({ state }, ...rest) => (state.shelf as Shelf).iterate(...rest), this.#handle, method, plain),
      ),
    );
    try {
      for (;;) {
        const step = (await steps.call('next', [])) as IteratorResult<unknown, void>;
        if (step.done === true) return;
        yield step.value;
      }
    } finally {
      await steps.call('return', []);
    }
  }
}

/** Makes a call whose signal, if it has one, is followed over there until the call has ended. */
async function withSignal<T>(
  process: Runner,
  args: readonly unknown[],
  call: (plain: unknown[]) => Promise<T>,
): Promise<T> {
  const options = args.at(-1);
  const signal = typeof options === 'object' && options !== null && 'signal' in options ? options.signal : undefined;
  if (!(signal instanceof AbortSignal)) return call([...args]);
  const note: SignalNote = { remoteSignal: ++lastSignal, aborted: signal.aborted, reason: portable(signal.reason) };
  const onAbort = () => {
    void process.run(
      ({ state }, ...rest) => {
        (state.shelf as Shelf).abort(...rest);
      },
      note.remoteSignal,
      portable(signal.reason),
    );
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await call([...args.slice(0, -1), { ...(options as object), signal: note }]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** A DOMException, the default reason of an AbortController, cannot be copied. */
function portable(reason: unknown): unknown {
  if (!(reason instanceof DOMException)) return reason;
  return Object.assign(new Error(reason.message), { name: reason.name });
}

/** Runs over there. */
function installShelf(context: RunContext): void {
  type Kept = Record<string, (...args: unknown[]) => unknown> & Partial<AsyncIterable<unknown>>;
  const { state } = context;
  if (state.shelf !== undefined) return;
  const objects: Kept[] = [];
  const controllers = new Map<number, AbortController>();
  const keep = (object: unknown): number => objects.push(object as Kept) - 1;
  const revive = (args: unknown[]): unknown[] =>
    args.map((argument) => {
      const note = (argument as { signal?: SignalNote } | null | undefined)?.signal;
      if (typeof note?.remoteSignal !== 'number') return argument;
      const controller = new AbortController();
      controllers.set(note.remoteSignal, controller);
      if (note.aborted) controller.abort(note.reason);
      return { ...(argument as object), signal: controller.signal };
    });
  const invoke = (handle: number, method: string, args: unknown[]): unknown => {
    const object = objects[handle];
    // Node.js 20 and jest name the symbol differently.
    const name = method.endsWith('asyncDispose') ? (Symbol.asyncDispose as unknown as string) : method;
    if (object?.[name] === undefined) throw new Error(`there is no ${method} on object ${String(handle)}`);
    return object[name](...revive(args));
  };
  const shelf: Shelf = {
    async make(text, args) {
      const make = (0, eval)(`(${text})`) as (context: RunContext, ...args: unknown[]) => unknown;
      return keep(await make(context, ...revive(args)));
    },
    call: invoke,
    iterate(handle, method, args) {
      return keep((invoke(handle, method, args) as AsyncIterable<unknown>)[Symbol.asyncIterator]());
    },
    abort(signal, reason) {
      controllers.get(signal)?.abort(reason);
    },
  };
  state.shelf = shelf;
}
