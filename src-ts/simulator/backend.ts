// SPDX-License-Identifier: MIT
/** The backend without a TEE: the Trusted Application in a thread of this process. */
import { existsSync } from 'node:fs';

import { TeeResult } from '../tee/results.js';
import { type EncodedParam, encodeParams, uint32 } from '../tee/params.js';
import { CLOSE_MS, QueueLimit } from '../tee/limits.js';
import { encodeUuid } from '../util/uuid.js';
import {
  bareOutcome,
  Origin,
  TeeFailure,
  type CallOptions,
  type Outcome,
  type Param,
  type ParamResult,
  type SessionTarget,
  type TeeBackend,
  type TeeSession,
} from '../tee/seam.js';
import { clientOfProcess, type ClientOf } from './login.js';
import { formatFolder } from './layout.js';
import { SimulatorThread, type Done } from './thread.js';

/** As the addon has it. */
const SHARED_MEMORY = { maxSharedBytes: 4 * 1024 * 1024, sliceAlignment: 64 };

/** One for each directory; it has a thread while it has sessions. */
const simulators = new Map<string, Simulator>();

/** Whether a simulator has been there before. @param folder an absolute path */
export function hasData(folder: string): boolean {
  return existsSync(formatFolder(folder));
}

/** The simulator of a folder: one for all stores of this process. @param folder an absolute path */
export function simulatorOf(folder: string): Simulator {
  const simulator = simulators.get(folder) ?? new Simulator(folder);
  simulators.set(folder, simulator);
  return simulator;
}

export class Simulator implements TeeBackend {
  readonly name = 'simulator';
  readonly secure = false;
  readonly #directory: string | undefined;
  /** Whether the TEE goes on when no session is open, as it must where its memory is all that it has. */
  readonly #kept: boolean;
  #thread: SimulatorThread | undefined;
  #sessions = 0;
  #ended = false;

  /** @param directory where its data is; undefined: in the memory of its thread, to the end of it */
  constructor(directory: string | undefined) {
    this.#directory = directory;
    this.#kept = directory === undefined;
  }

  /** @param clientOf in place of what this process is */
  async open(
    target: SessionTarget,
    options: CallOptions,
    clientOf: ClientOf = clientOfProcess,
  ): Promise<{ session: TeeSession } | { refused: Outcome }> {
    const uuid = encodeUuid(target.uuid);
    const client = clientOf(target);
    // As the kernel's refusal is reported by libteec.
    if (client === undefined) return { refused: bareOutcome(TeeResult.GENERIC, Origin.COMMS) };
    const params = takeParams(target.params);
    const thread = this.#enter();
    try {
      const { outcome, session } = plain(
        await thread.run({ kind: 'open', uuid, client, params, stopAt: target.stopAt ?? [] }, options),
      );
      if (session !== undefined && outcome.result === 0) {
        return { session: new SimulatorSession(thread, session, () => this.#leave()) };
      }
      await this.#leave();
      return { refused: outcome };
    } catch (error) {
      await this.#leave();
      throw error;
    }
  }

  /** Ends the TA as a panic does. */
  async kill(): Promise<void> {
    await this.#thread?.run({ kind: 'kill' }, { timeoutMs: CLOSE_MS });
  }

  /** Ends the TEE for good; what is in its memory is gone. */
  async end(): Promise<void> {
    this.#ended = true;
    await this.#thread?.end();
  }

  #enter(): SimulatorThread {
    if (this.#ended)
      throw new TeeFailure('closed', 'the TEE has ended', false, 'Make another one: MemoryTee.create().');
    if (this.#kept && this.#thread?.ended === true) throw new TeeFailure('closed', 'the memory of the TEE is lost');
    if (this.#thread === undefined || this.#thread.ended) {
      this.#thread = new SimulatorThread(this.#directory);
    }
    this.#sessions++;
    return this.#thread;
  }

  async #leave(): Promise<void> {
    this.#sessions--;
    if (this.#sessions > 0 || this.#kept) return;
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.end();
  }
}

class SimulatorSession implements TeeSession {
  readonly #thread: SimulatorThread;
  readonly #number: number;
  readonly #left: () => Promise<void>;
  readonly #underWay = new Set<Promise<unknown>>();
  #bytes = 0;
  /** Whether a call that was given up may still be running. */
  #stuck = false;
  #closed: Promise<void> | undefined;

  constructor(thread: SimulatorThread, number: number, left: () => Promise<void>) {
    this.#thread = thread;
    this.#number = number;
    this.#left = left;
  }

  async invoke(command: number, params: readonly Param[], options: CallOptions): Promise<Outcome> {
    if (this.#closed) throw new TeeFailure('closed', 'the session is closed');
    const taken = takeParams(params);
    const work = {
      kind: 'invoke',
      session: this.#number,
      command: uint32(command, 'command'),
      params: taken,
    } as const;
    const bytes = taken.reduce((sum, { data }) => sum + (data?.length ?? 0), 0);
    if (this.#underWay.size >= QueueLimit.REQUESTS || this.#bytes + bytes > QueueLimit.BYTES)
      throw new TeeFailure('queue-full', 'too many requests are waiting');
    this.#bytes += bytes;
    const running = this.#thread.run(work, options);
    this.#underWay.add(running);
    try {
      return plain(await running).outcome;
    } catch (error) {
      this.#stuck ||= error instanceof TeeFailure && error.kind === 'timeout' && error.started;
      throw error;
    } finally {
      this.#underWay.delete(running);
      this.#bytes -= bytes;
    }
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#underWay);
    const closing = this.#thread
      .run({ kind: 'close', session: this.#number }, { timeoutMs: CLOSE_MS })
      // The thread has ended, or ends with the process.
      .catch(() => undefined)
      .then(this.#left);
    if (!this.#stuck) await closing;
  }
}

/**
 * Copies of the bytes, for the thread to have and to wipe. They are no part of a larger piece of memory, such as Buffer's
 * pool, which would be handed over with them.
 */
function takeParams(params: readonly Param[]): EncodedParam[] {
  return encodeParams(params, SHARED_MEMORY).map((param) =>
    param.data === undefined ? param : { ...param, data: new Uint8Array(param.data) },
  );
}

/** Buffers come from a thread as Uint8Arrays. */
function plain({ outcome, session }: Done): { outcome: Outcome; session: number | undefined } {
  const buffers = outcome.params.map((param): ParamResult => {
    if (param === undefined || !('data' in param)) return param;
    return { size: param.size, data: Buffer.from(param.data.buffer) };
  });
  const params: Outcome['params'] = [buffers[0], buffers[1], buffers[2], buffers[3]];
  return { outcome: { ...outcome, params }, session };
}
