// SPDX-License-Identifier: MIT
/** What the simulator's thread is asked, and what it answers. */
import type { NativeParam } from '../tee/addon.js';
import type { Outcome } from '../tee/session.js';
import type { Client } from './module.js';

/** What the thread is started with. */
export interface ThreadData {
  /** Where objects are kept; undefined: in the thread's memory. */
  readonly directory: string | undefined;
}

/** What has become of a request. Both sides change it, each with Atomics.compareExchange. */
export const State = { WAITING: 0, BEGUN: 1, WITHDRAWN: 2 } as const;

export type Work =
  | {
      readonly kind: 'open';
      readonly uuid: Uint8Array;
      readonly client: Client;
      readonly params: readonly NativeParam[];
    }
  | {
      readonly kind: 'invoke';
      readonly session: number;
      readonly command: number;
      readonly params: readonly NativeParam[];
    }
  | { readonly kind: 'close'; readonly session: number }
  /** The TA panics. */
  | { readonly kind: 'kill' };

export interface Request {
  readonly id: number;
  /** One {@link State}, in memory that both sides share. */
  readonly state: Int32Array;
  /** By Date.now(): until when it may wait for other processes. */
  readonly deadline: number;
  readonly work: Work;
}

export interface Reply {
  readonly id: number;
  readonly answer: Answer;
}

export type Answer =
  | { readonly outcome: Outcome; readonly session?: number }
  | { readonly failure: 'timeout' | 'no-storage' | 'closed'; readonly detail: string };
