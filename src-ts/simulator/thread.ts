// SPDX-License-Identifier: MIT
/** The simulator's thread as the main thread sees it: requests with deadlines and signals. */
import path from 'node:path';
import { Worker } from 'node:worker_threads';

import { TeeFailure, type CallOptions } from '../tee/session.js';
import { State, type Answer, type Reply, type Request, type ThreadData, type Work } from './messages.js';

/** Where the compiled worker is, from src-ts/simulator/ (in tests) as well as from dist/simulator/. */
const WORKER = path.resolve(__dirname, '../../dist/simulator/worker.js');
/** So many requests wait at most, as with the addon. */
const MOST_REQUESTS = 1024;
/** The longest that a timer of Node.js can wait. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A request's answer; a failure of the simulator itself is thrown. */
export type Done = Extract<Answer, { outcome: unknown }>;

interface Pending {
  readonly state: Int32Array;
  readonly settle: (answer: Answer) => void;
  readonly fail: (reason: unknown) => void;
}

export class SimulatorThread {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #ended = false;

  constructor(data: ThreadData) {
    this.#worker = new Worker(WORKER, { workerData: data, execArgv: [], name: 'optee-simulator' });
    this.#worker.unref();
    this.#worker.on('message', ({ id, answer }: Reply) => this.#pending.get(id)?.settle(answer));
    this.#worker.on('error', (error) => {
      this.#end(error.message);
    });
    this.#worker.on('exit', () => {
      this.#end('its thread has ended');
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  /**
   * Carries out one piece of work. It is given to the thread, and its bytes copied, before this returns.
   * @throws TeeFailure, or the signal's reason if it was aborted before the work began
   */
  async run(work: Work, { timeoutMs, signal }: CallOptions): Promise<Done> {
    signal?.throwIfAborted();
    if (this.#ended) throw new TeeFailure('closed', 'the simulator has ended');
    if (this.#pending.size >= MOST_REQUESTS) throw new TeeFailure('queue-full', 'too many requests are waiting');
    const id = ++this.#lastId;
    const state = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    const request: Request = { id, state, deadline: Date.now() + timeoutMs, work };
    this.#worker.postMessage(request);
    return await this.#answer(id, state, { timeoutMs, signal });
  }

  /** Ends the thread at once. */
  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #answer(id: number, state: Int32Array, { timeoutMs, signal }: CallOptions): Promise<Done> {
    const withdraw = () => Atomics.compareExchange(state, 0, State.WAITING, State.WITHDRAWN) === State.WAITING;
    return new Promise((resolve, reject) => {
      const expire = () => {
        const what = withdraw() ? 'the request has waited behind others' : 'the simulator has not answered';
        const started = Atomics.load(state, 0) === State.BEGUN;
        fail(new TeeFailure('timeout', `${what} for ${String(timeoutMs)} ms`, started));
      };
      const timer = setTimeout(expire, Math.min(timeoutMs, LONGEST_TIMER_MS));
      const onAbort = () => {
        if (withdraw()) fail(signal?.reason);
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
        else reject(new TeeFailure(answer.failure, answer.detail, answer.failure === 'closed'));
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      if (this.#pending.size === 0) this.#worker.ref();
      this.#pending.set(id, { state, settle, fail });
    });
  }

  #end(detail: string): void {
    this.#ended = true;
    for (const { state, fail } of [...this.#pending.values()]) {
      fail(new TeeFailure('closed', detail, Atomics.load(state, 0) === State.BEGUN));
    }
  }
}
