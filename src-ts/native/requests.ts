// SPDX-License-Identifier: MIT
/** The requests of one native session: deadlines, abort signals, and what to make of a call that does not return. */
import { Abandoned, Submitted, type Addon, type NativeOutcome, type NativeSession } from './addon.js';
import { CLOSE_MS, giveUp, limit, type Reached, type Revocable } from '../tee/limits.js';
import { TeeFailure, type CallOptions } from '../tee/seam.js';
import { timer, withResolvers } from '../util/timers.js';

/** Tells whether a thread waits in vain for a supplicant, see SupplicantProbe. */
export interface Probe {
  isMissedBy(thread: number): boolean;
}

/**
 * When to ask whether a call waits for a supplicant that is not there, and how long that must hold: a supplicant that is
 * being restarted is back by then. Together well under a second.
 */
const DOUBT_MS = 200;
const CERTAINTY_MS = 200;
/** Gives a request of this id to the addon; returns one of {@link Submitted}. */
type Submit = (session: NativeSession, id: number) => number;

/** How far a request was, by what the addon says when it is abandoned. */
const reachedWhen: Readonly<Record<number, Reached>> = {
  [Abandoned.FINISHED]: 'finished',
  [Abandoned.QUEUED]: 'queued',
  [Abandoned.RUNNING]: 'running',
};

interface Pending {
  readonly outcome: Promise<NativeOutcome>;
  resolve(outcome: NativeOutcome): void;
  reject(reason: unknown): void;
}

export class Requests {
  readonly #addon: Addon;
  readonly #probe: Probe;
  readonly #session: NativeSession;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  /** The request that was given up last while it was in the TEE. It may still be there. */
  #givenUp: number | undefined;
  #stopClosing: (() => void) | undefined;

  constructor(addon: Addon, probe: Probe, stopAt: readonly number[]) {
    this.#addon = addon;
    this.#probe = probe;
    // The addon keeps this function for the session's life. It must not lead to the session, or that is never garbage.
    const pending = this.#pending;
    this.#session = addon.createSession((id, outcome) => {
      if ('notBegun' in outcome) pending.get(id)?.reject(new TeeFailure('closed', 'the session has stopped'));
      else pending.get(id)?.resolve(outcome);
    }, stopAt);
  }

  /**
   * Carries out one request. It is given to the addon before this returns.
   * @throws TeeFailure, or the signal's reason if it was aborted before it began
   */
  async run(submit: Submit, { timeoutMs, signal }: CallOptions): Promise<NativeOutcome> {
    if (!(timeoutMs > 0)) throw new RangeError('"timeoutMs" is not a positive number');
    signal?.throwIfAborted();
    const id = this.#submit(submit);
    const stopLimit = limit(this.#revocable(id), { timeoutMs, signal }, 'the TEE');
    const stopDoubting = this.#doubt(id);
    try {
      return await this.#outcome(id);
    } finally {
      stopLimit();
      stopDoubting();
    }
  }

  /** Closes the session after the requests already made; never rejects, and waits for no call that was given up. */
  async close(): Promise<void> {
    const before = [...this.#pending.values()].map(({ outcome }) => outcome);
    const id = this.#nextId();
    // Else it is closed already, or it closes when its thread comes back from the TEE, if ever.
    if (this.#addon.close(this.#session, id) === Submitted.ACCEPTED) await this.#closed(id, before);
    await Promise.allSettled(before);
  }

  /** @param before requests that are carried out first */
  async #closed(id: number, before: readonly Promise<unknown>[]): Promise<void> {
    const closed = this.#outcome(id);
    const stop = () => {
      this.#addon.abandon(this.#session, id);
      this.#pending.get(id)?.reject(undefined);
    };
    this.#stopClosing = stop;
    const limit = Promise.allSettled(before).then(() => timer(stop, CLOSE_MS));
    await closed.catch(() => undefined);
    this.#stopClosing = undefined;
    void limit.then((stopTimer) => {
      stopTimer();
    });
  }

  #nextId(): number {
    return (this.#lastId = (this.#lastId % 0xffffffff) + 1);
  }

  #submit(submit: Submit): number {
    const id = this.#nextId();
    const submitted = submit(this.#session, id);
    if (submitted !== Submitted.ACCEPTED) throw refusal(submitted);
    return id;
  }

  #outcome(id: number): Promise<NativeOutcome> {
    const { promise, resolve, reject } = withResolvers<NativeOutcome>();
    this.#pending.set(id, { outcome: promise, resolve, reject });
    const forget = () => this.#pending.delete(id);
    promise.then(forget, forget);
    return promise;
  }

  #revocable(id: number): Revocable {
    return {
      withdraw: () => this.#addon.withdraw(this.#session, id),
      abandon: () => {
        const reached = reachedWhen[this.#addon.abandon(this.#session, id)] ?? 'finished';
        // The session's thread is set aside, so closing would wait in vain.
        if (reached === 'running') {
          this.#givenUp = id;
          this.#stopClosing?.();
        }
        return reached;
      },
      reject: (reason) => this.#pending.get(id)?.reject(reason),
    };
  }

  /** Watches a request for a missing supplicant; returns what ends that. */
  #doubt(id: number): () => void {
    let misses = 0;
    let stop: () => void;
    const look = () => {
      const thread = this.#threadOf(id);
      misses = thread !== 0 && this.#probe.isMissedBy(thread) ? misses + 1 : 0;
      if (misses === 2) this.#abandonAll();
      else stop = timer(look, misses === 1 ? CERTAINTY_MS : DOUBT_MS);
    };
    stop = timer(look, DOUBT_MS);
    return () => {
      stop();
    };
  }

  /** The thread that carries a request out, or what it waits behind though nobody else does; else 0. */
  #threadOf(id: number): number {
    const running = this.#addon.runningThread(this.#session, id);
    if (running !== 0 || this.#givenUp === undefined) return running;
    return this.#addon.runningThread(this.#session, this.#givenUp);
  }

  /** Whatever waits behind a call that waits in vain does so too. */
  #abandonAll(): void {
    for (const id of this.#pending.keys()) {
      giveUp(
        this.#revocable(id),
        (started) => new TeeFailure('no-supplicant', 'no tee-supplicant is running', started),
      );
    }
  }
}

function refusal(submitted: number): TeeFailure {
  switch (submitted) {
    case Submitted.FULL:
      return new TeeFailure('queue-full', 'too many requests are waiting for the TEE');
    default:
      return new TeeFailure('closed', 'the session is closed');
  }
}
