// SPDX-License-Identifier: MIT
/** The simulator's thread as the main thread sees it: requests with deadlines and signals. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';

import { limit, type Revocable } from '../tee/limits.js';
import { TeeFailure, type CallOptions } from '../tee/seam.js';
import { ownPackage } from '../util/own-package.js';
import { withResolvers } from '../util/timers.js';
import { otherHolder } from './holder.js';
import { formatFolder, lockFolder } from './layout.js';
import { now, State, type Answer, type Reply, type Request, type ThreadData, type Work } from './messages.js';

/** Where the thread's program and its module are, from src-ts/simulator/ (in tests) as well as from dist/simulator/. */
function built(name: string): string {
  const home = ownPackage(__filename, 'simulator');
  if (home !== undefined) return path.join(home, 'dist', 'simulator', name);
  throw new Error(`${name} is not looked for beside ${__dirname}, which is no folder of this package`);
}

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
  return (compiled ??= new WebAssembly.Module(readFileSync(built('secstor.wasm'))));
}

export class SimulatorThread {
  readonly #directory: string | undefined;
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #ended = false;

  /**
   * @param directory where objects are kept; undefined: in the thread's memory
   * @throws TeeFailure
   */
  constructor(directory: string | undefined) {
    this.#directory = directory;
    this.#worker = startWorker(directory);
    this.#worker.unref();
    this.#worker.on('message', ({ id, answer }: Reply) => this.#pending.get(id)?.settle(answer));
    this.#worker.on('error', (error) => {
      this.#end(doesNotRun(error));
    });
    this.#worker.on('exit', () => {
      this.#end(new TeeFailure('closed', 'its thread has ended'));
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

  #answer(id: number, state: Int32Array, options: CallOptions): Promise<Done> {
    const takeBack = (from: number) => Atomics.compareExchange(state, 0, from, State.WITHDRAWN) === from;
    const { promise, resolve, reject } = withResolvers<Done>();
    const request: Revocable = {
      withdraw: () => takeBack(State.WAITING),
      abandon: () => {
        if (takeBack(State.WAITING)) return 'queued';
        // If it has been answered, that was in time, and this thread was too busy to look.
        return takeBack(State.BEGUN) ? 'running' : 'finished';
      },
      reject: (reason) => {
        reject(reason instanceof TeeFailure && reason.kind === 'timeout' ? this.#late(reason) : reason);
      },
    };
    const stopLimit = limit(request, options, 'the simulator');
    if (this.#pending.size === 0) this.#worker.ref();
    this.#pending.set(id, {
      state,
      settle: (answer) => {
        if ('outcome' in answer) resolve(answer);
        else
          request.reject(
            new TeeFailure(answer.failure, answer.detail, answer.failure === 'no-simulator', answer.remedy),
          );
      },
      fail: reject,
    });
    return promise.finally(() => {
      stopLimit();
      this.#pending.delete(id);
      if (this.#pending.size === 0) this.#worker.unref();
    });
  }

  /** What took too long, with what is known of the cause: no tee-supplicant has to do with it. */
  #late({ detail, started }: TeeFailure): TeeFailure {
    const holder = this.#directory === undefined ? undefined : otherHolder(lockFolder(formatFolder(this.#directory)));
    if (holder === undefined) return new TeeFailure('timeout', detail, started, MORE_TIME);
    const { pid, name, stopped } = holder;
    const who = `${detail}; process ${String(pid)} (${name}) uses its storage`;
    if (stopped === undefined) return new TeeFailure('timeout', who, started, MORE_TIME);
    const remedy =
      stopped === 'by a debugger'
        ? 'Let the debugger continue it, or end it.'
        : `Continue it ("kill -CONT ${String(pid)}", or fg in its shell), or end it.`;
    return new TeeFailure('timeout', `${who} and was stopped ${stopped}`, started, remedy);
  }

  #end({ kind, detail, remedy }: TeeFailure): void {
    this.#ended = true;
    for (const { state, fail } of [...this.#pending.values()]) {
      fail(new TeeFailure(kind, detail, Atomics.load(state, 0) !== State.WAITING, remedy));
    }
  }
}

const MORE_TIME =
  'Allow more time (timeoutMs, --timeout). If it happens again, look for other processes that use the directory of the ' +
  'simulator.';

function buffersOf(work: Work): ArrayBuffer[] {
  if (!('params' in work)) return [];
  return work.params.flatMap(({ data }) => (data === undefined ? [] : [data.buffer as ArrayBuffer]));
}

function startWorker(directory: string | undefined): Worker {
  try {
    const workerData: ThreadData = { code: code(), directory };
    // It needs no environment; of this process's, Node.js cannot copy variables whose names are not UTF-8, and aborts.
    const options = { workerData, env: {}, execArgv: [], name: 'optee-simulator' };
    return new Worker(built('worker.js'), options);
  } catch (error) {
    throw doesNotRun(error as Error);
  }
}

/** Node.js starts no thread in a directory that is gone, and says so here or there by the version. */
function doesNotRun(error: NodeJS.ErrnoException): TeeFailure {
  if (error.syscall !== 'uv_cwd') return new TeeFailure('no-simulator', error.message);
  const remedy = 'Change to a directory that exists (cd) and start the program there.';
  return new TeeFailure('no-simulator', 'the current directory of this process was deleted', false, remedy);
}
