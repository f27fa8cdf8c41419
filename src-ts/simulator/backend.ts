// SPDX-License-Identifier: MIT
/** The backend without a TEE: the Trusted Application in a thread of this process. */
import os from 'node:os';
import path from 'node:path';

import { SecureStorageError } from '../errors/error.js';
import type { SimulatorOptions } from '../arguments/options.js';
import { TeeResult } from '../protocol/contract.js';
import type { NativeParam } from '../native/addon.js';
import { encodeParams, encodeUuid, uint32 } from '../tee/params.js';
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
import { SimulatorThread, type Done } from './thread.js';

/** As the addon has it. */
const SHARED_MEMORY = { maxSharedBytes: 4 * 1024 * 1024, sliceAlignment: 64 };
/** What close() waits at most. */
const CLOSE_MS = 5000;
/** So much waits in one session at most, as with the addon. */
const MOST_REQUESTS = 1024;
const MOST_BYTES = 64 * 1024 * 1024;

/** One for each directory; it has a thread while it has sessions. */
const simulators = new Map<string, Simulator>();
let warned = false;

/**
 * The simulator of a directory.
 * @throws SecureStorageError ERR_SIMULATOR_REFUSED, ERR_INVALID_ARG
 */
export function simulatorBackend({ directory, allowInProduction = false }: SimulatorOptions = {}): TeeBackend {
  if (process.env.NODE_ENV === 'production' && !allowInProduction)
    throw new SecureStorageError('ERR_SIMULATOR_REFUSED');
  // A variable that is not set, in most cases; it would be the working directory.
  if (directory === '')
    throw new SecureStorageError('ERR_INVALID_ARG', { detail: 'options.simulator.directory must not be empty' });
  const folder = path.resolve(directory ?? defaultDirectory());
  if (!warned) process.stderr.write(`optee-secure-storage: the simulator protects nothing; its data is in ${folder}\n`);
  warned = true;
  const simulator = simulators.get(folder) ?? new Simulator(folder);
  simulators.set(folder, simulator);
  return simulator;
}

/** The directory that the environment names, or one where this system keeps the data of a user's programs. */
function defaultDirectory(): string {
  const { OPTEE_STORAGE_SIMULATOR_DIR: named, LOCALAPPDATA, XDG_DATA_HOME } = process.env;
  const home = os.homedir();
  const places: Partial<Record<NodeJS.Platform, string | undefined>> = {
    win32: given(LOCALAPPDATA) ?? path.join(home, 'AppData', 'Local'),
    darwin: path.join(home, 'Library', 'Application Support'),
  };
  const data = places[process.platform] ?? given(XDG_DATA_HOME) ?? path.join(home, '.local', 'share');
  return given(named) ?? path.join(data, 'optee-secure-storage', 'simulator');
}

/** Set but empty is how shells unset. */
function given(variable: string | undefined): string | undefined {
  return variable === '' ? undefined : variable;
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
      const { outcome, session } = plain(await thread.run({ kind: 'open', uuid, client, params }, options));
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
    if (this.#underWay.size >= MOST_REQUESTS || this.#bytes + bytes > MOST_BYTES)
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
function takeParams(params: readonly Param[]): NativeParam[] {
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
