// SPDX-License-Identifier: MIT
/** What the simulator's thread is asked, and what it answers. */
import { performance } from 'node:perf_hooks';

import type { EncodedParam } from '../tee/params.js';
import type { Outcome } from '../tee/seam.js';
import type { Client } from './module.js';

/** What the thread is started with. */
export interface ThreadData {
  /** Compiled once for all threads: Node.js 20 never frees what a thread compiled that then ended. */
  readonly code: WebAssembly.Module;
  /** Where objects are kept; undefined: in the thread's memory. */
  readonly directory: string | undefined;
}

/**
 * What has become of a request. Both sides change it, each with Atomics.compareExchange: it is either answered or
 * withdrawn, never both.
 */
export const State = { WAITING: 0, BEGUN: 1, ANSWERED: 2, WITHDRAWN: 3 } as const;

/**
 * Milliseconds on a clock that all threads share and nobody sets: Date.now() is another one in a main thread with the
 * fake timers of a test framework.
 */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

export type Work =
  | {
      readonly kind: 'open';
      readonly uuid: Uint8Array;
      readonly client: Client;
      readonly params: readonly EncodedParam[];
      /** As SessionTarget has it. */
      readonly stopAt: readonly number[];
    }
  | {
      readonly kind: 'invoke';
      readonly session: number;
      readonly command: number;
      readonly params: readonly EncodedParam[];
    }
  | { readonly kind: 'close'; readonly session: number }
  /** The TA panics. */
  | { readonly kind: 'kill' };

export interface Request {
  readonly id: number;
  /** One {@link State}, in memory that both sides share. */
  readonly state: Int32Array;
  /** By {@link now}: until when it may wait for other processes. */
  readonly deadline: number;
  readonly work: Work;
}

export interface Reply {
  readonly id: number;
  readonly answer: Answer;
}

export type Answer =
  | { readonly outcome: Outcome; readonly session?: number }
  | {
      readonly failure: 'timeout' | 'no-storage' | 'no-simulator' | 'closed';
      readonly detail: string;
      readonly remedy?: string | undefined;
    };
