// SPDX-License-Identifier: MIT
/** The simulator's thread as the main thread sees it: requests with deadlines and signals. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';

import { TeeFailure, type CallOptions, type FailureKind } from '../tee/seam.js';
import { now, State, type Answer, type Reply, type Request, type ThreadData, type Work } from './messages.js';

/** Where the thread's program and its module are, from src-ts/simulator/ (in tests) as well as from dist/simulator/. */
const BUILT = path.resolve(__dirname, '../../dist/simulator');
/** The longest that a timer of Node.js can wait. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A request's answer; a failure of the simulator itself is thrown. */
export type Done = Extract<Answer, { outcome: unknown }>;

interface Pending {
  readonly state: Int32Array;
  readonly settle: (answer: Answer) => void;
  readonly fail: (reason: unknown) => void;
}

let compiled: WebAssembly.Module | undefined;

/** Takes a millisecond, once. */
function code(): WebAssembly.Module {
  return (compiled ??= new WebAssembly.Module(readFileSync(path.join(BUILT, 'secstor.wasm'))));
}

export class SimulatorThread {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #ended = false;

  /**
   * @param directory where objects are kept; undefined: in the thread's memory
   * @throws TeeFailure
   */
  constructor(directory: string | undefined) {
    this.#worker = startWorker(directory);
    this.#worker.unref();
    this.#worker.on('message', ({ id, answer }: Reply) => this.#pending.get(id)?.settle(answer));
    this.#worker.on('error', (error) => {
      this.#end('no-simulator', error.message);
    });
    this.#worker.on('exit', () => {
      this.#end('closed', 'its thread has ended');
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Carries out one piece of work. It is given to the thread before this returns, and with it the memory of its
   * parameters: nothing of them stays on this side.
   * @throws TeeFailure, or the signal's reason if it was aborted before the work began
   */
  async run(work: Work, { timeoutMs, signal }: CallOptions): Promise<Done> {
    signal?.throwIfAborted();
    if (this.#ended) throw new TeeFailure('closed', 'the simulator has ended');
    const id = ++this.#lastId;
    const state = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const request: Request = { id, state, deadline: now() + timeoutMs, work };
    this.#worker.postMessage(request, buffersOf(work));
    return await this.#answer(id, state, { timeoutMs, signal });
  }

  /** Ends the thread at once. */
  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #answer(id: number, state: Int32Array, { timeoutMs, signal }: CallOptions): Promise<Done> {
    const withdraw = (from: number) => Atomics.compareExchange(state, 0, from, State.WITHDRAWN) === from;
    return new Promise((resolve, reject) => {
      const expire = () => {
        const period = `for ${String(timeoutMs)} ms`;
        if (withdraw(State.WAITING)) fail(new TeeFailure('timeout', `the request has waited behind others ${period}`));
        else if (withdraw(State.BEGUN))
          fail(new TeeFailure('timeout', `the simulator has not answered ${period}`, true));
        // Else it has, in time, and this thread was too busy to look.
      };
      const timer = setTimeout(expire, Math.min(timeoutMs, LONGEST_TIMER_MS));
      const onAbort = () => {
        if (withdraw(State.WAITING)) fail(signal?.reason);
      };
      const forget = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        this.#pending.delete(id);
        if (this.#pending.size === 0) this.#worker.unref();
      };
      const fail = (reason: unknown) => {
        forget();
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a signal's reason is what it is
        reject(reason);
      };
      const settle = (answer: Answer) => {
        forget();
        if ('outcome' in answer) resolve(answer);
        else reject(new TeeFailure(answer.failure, answer.detail, answer.failure === 'no-simulator', answer.remedy));
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      if (this.#pending.size === 0) this.#worker.ref();
      this.#pending.set(id, { state, settle, fail });
    });
  }

  #end(kind: FailureKind, detail: string): void {
    this.#ended = true;
    for (const { state, fail } of [...this.#pending.values()]) {
      fail(new TeeFailure(kind, detail, Atomics.load(state, 0) !== State.WAITING));
    }
  }
}

function buffersOf(work: Work): ArrayBuffer[] {
  if (!('params' in work)) return [];
  return work.params.flatMap(({ data }) => (data === undefined ? [] : [data.buffer as ArrayBuffer]));
}

function startWorker(directory: string | undefined): Worker {
  try {
    const workerData: ThreadData = { code: code(), directory };
    return new Worker(path.join(BUILT, 'worker.js'), { workerData, execArgv: [], name: 'optee-simulator' });
  } catch (error) {
    throw new TeeFailure('no-simulator', (error as Error).message);
  }
}
