// SPDX-License-Identifier: MIT
/** What both sides of the seam keep to: how much may wait in a session, and how a request is given up. */
import { LONGEST_TIMER_MS, timer } from '../util/timers.js';
import { TeeFailure, type CallOptions } from './seam.js';

/** So much waits in one session at most; src-native/session.cc has the same numbers. */
export const QueueLimit = { REQUESTS: 1024, BYTES: 64 * 1024 * 1024 } as const;

/** What close() waits at most for the closing itself. */
export const CLOSE_MS = 5000;

/** How far a request had come when it was given up. */
export type Reached = 'queued' | 'running' | 'finished';

/** A request that can be taken back. */
export interface Revocable {
  /** Takes it out of the queue; false if it is not there any more. */
  withdraw(): boolean;
  /** Stops waiting for it, wherever it is. One that has finished keeps its outcome. */
  abandon(): Reached;
  /** Ends it for its caller. */
  reject(reason: unknown): void;
}

/**
 * Gives a request up at its deadline, or when its signal is aborted before it began.
 * @param who does not answer, for the message
 * @returns what ends the watch
 */
export function limit(request: Revocable, { timeoutMs, signal }: CallOptions, who: string): () => void {
  const stopTimer = timer(
    () => {
      giveUp(request, (started) => {
        const what = started ? `${who} has not answered` : 'the request has waited behind others';
        return new TeeFailure('timeout', `${what} for ${String(timeoutMs)} ms`, started);
      });
    },
    Math.min(timeoutMs, LONGEST_TIMER_MS),
  );
  const onAbort = () => {
    if (request.withdraw()) request.reject(signal?.reason);
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  return () => {
    stopTimer();
    signal?.removeEventListener('abort', onAbort);
  };
}

/** Gives a request up, unless its outcome is on the way. */
export function giveUp(request: Revocable, reason: (started: boolean) => TeeFailure): void {
  const reached = request.abandon();
  if (reached !== 'finished') request.reject(reason(reached === 'running'));
}
