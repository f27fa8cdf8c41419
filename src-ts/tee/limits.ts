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
  const stopListening = signal && whenAborted(signal, onAbort);
  return () => {
    stopTimer();
    stopListening?.();
  };
}

/** What listens to a signal for all requests that it belongs to. */
interface Listener {
  readonly callbacks: Set<() => void>;
  readonly stop: () => void;
}

const listeners = new WeakMap<AbortSignal, Listener>();

/** One listener for each signal, however many requests it has: Node.js warns of a signal with more than ten. */
export function whenAborted(signal: AbortSignal, callback: () => void): () => void {
  const listener = listeners.get(signal) ?? listenTo(signal);
  listener.callbacks.add(callback);
  return () => {
    listener.callbacks.delete(callback);
    if (listener.callbacks.size > 0 || listeners.get(signal) !== listener) return;
    listeners.delete(signal);
    listener.stop();
  };
}

function listenTo(signal: AbortSignal): Listener {
  const callbacks = new Set<() => void>();
  const all = () => {
    for (const callback of [...callbacks]) callback();
  };
  signal.addEventListener('abort', all, { once: true });
  const listener = {
    callbacks,
    stop: () => {
      signal.removeEventListener('abort', all);
    },
  };
  listeners.set(signal, listener);
  return listener;
}

/** Gives a request up, unless its outcome is on the way. */
export function giveUp(request: Revocable, reason: (started: boolean) => TeeFailure): void {
  const reached = request.abandon();
  if (reached !== 'finished') request.reject(reason(reached === 'running'));
}
