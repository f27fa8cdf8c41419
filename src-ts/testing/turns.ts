// SPDX-License-Identifier: MIT
/**
 * The queue of a TEE that can stall: requests are carried out in the order of their calls, and while one of them stalls,
 * those behind it wait, each until its own deadline.
 */
import { limit, type Reached, type Revocable } from '../tee/limits.js';
import { TeeFailure, type CallOptions } from '../tee/seam.js';
import { LONGEST_TIMER_MS, timer, withResolvers } from '../util/timers.js';

/** What happens to a request when its turn comes. */
export interface Turn<T> {
  /** Milliseconds for which the TEE does nothing else before it carries the request out; Infinity: until it is given up. */
  readonly stallMs: number;
  /** @param options what is left of the request's own */
  readonly carryOut: (options: CallOptions) => Promise<T>;
}

export class Turns {
  #waiting: Queued[] = [];
  #stalling: Queued | undefined;
  #ended = false;

  /** Whether a request that is made now has to wait. */
  get stalled(): boolean {
    return this.#stalling !== undefined;
  }

  /**
   * Carries out a request when its turn comes: at once, unless another one stalls.
   * @param turn is called then
   * @returns its answer, and when the TEE is done with it, which may be after its caller has given it up
   */
  run<T>(turn: () => Turn<T>, options: CallOptions): { readonly answer: Promise<T>; readonly done: Promise<unknown> } {
    const request = new Waiting(turn, options, (left) => {
      this.#remove(left);
    });
    this.#waiting.push(request);
    this.#go();
    return request;
  }

  /** Nothing more is carried out. */
  end(): void {
    this.#ended = true;
    this.#stalling?.end();
    for (const request of [...this.#waiting]) request.end();
  }

  #remove(request: Queued): void {
    if (this.#stalling === request) this.#stalling = undefined;
    this.#waiting = this.#waiting.filter((other) => other !== request);
    this.#go();
  }

  #go(): void {
    while (!this.stalled) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      if (this.#ended) next.end();
      else if (next.begin() === 'stalls') this.#stalling = next;
    }
  }
}

/** A request of any kind, as the queue sees it. */
interface Queued {
  /** Its turn has come. */
  begin(): 'stalls' | 'goes';
  /** It is not carried out. */
  end(): void;
}

class Waiting<T> implements Queued {
  readonly answer: Promise<T>;
  readonly done: Promise<unknown>;
  readonly #turn: () => Turn<T>;
  readonly #options: CallOptions;
  readonly #deadline: number;
  readonly #left: (request: Queued) => void;
  readonly #answer = withResolvers<T>();
  readonly #done = withResolvers<unknown>();
  readonly #stopLimit: () => void;
  #stopStall: (() => void) | undefined;
  #reached: Reached = 'queued';
  #wanted = true;
  #endless = false;

  /** @param left is called when the request neither waits nor stalls any more */
  constructor(turn: () => Turn<T>, options: CallOptions, left: (request: Queued) => void) {
    this.#turn = turn;
    this.#options = options;
    this.#left = left;
    this.#deadline = performance.now() + options.timeoutMs;
    this.answer = this.#answer.promise;
    this.done = this.#done.promise;
    const revocable: Revocable = {
      withdraw: () => this.#withdraw(),
      abandon: () => this.#abandon(),
      reject: this.#answer.reject,
    };
    this.#stopLimit = limit(revocable, options, 'the TEE');
  }

  begin(): 'stalls' | 'goes' {
    try {
      const { stallMs, carryOut } = this.#turn();
      if (stallMs === 0) {
        this.#carryOut(carryOut, this.#options.signal);
        return 'goes';
      }
      this.#reached = 'running';
      this.#endless = stallMs === Infinity;
      // What has begun cannot be aborted.
      if (!this.#endless)
        this.#stopStall = timer(() => {
          this.#carryOut(carryOut);
        }, stallMs);
      return 'stalls';
    } catch (error) {
      this.#finish(error);
      return 'goes';
    }
  }

  end(): void {
    this.#finish(new TeeFailure('closed', 'the TEE has ended', this.#reached === 'running'));
  }

  #carryOut(work: Turn<T>['carryOut'], signal?: AbortSignal): void {
    this.#stopLimit();
    this.#reached = 'finished';
    const timeoutMs = this.#wanted ? Math.max(1, Math.ceil(this.#deadline - performance.now())) : LONGEST_TIMER_MS;
    const answer = work({ timeoutMs: Math.min(timeoutMs, LONGEST_TIMER_MS), signal });
    answer.then(this.#answer.resolve, this.#answer.reject);
    this.#done.resolve(answer.then(nothing, nothing));
    this.#left(this);
  }

  #withdraw(): boolean {
    if (this.#reached !== 'queued') return false;
    this.#reached = 'finished';
    this.#done.resolve(undefined);
    this.#left(this);
    return true;
  }

  /** One that stalls for a time is carried out when that is over, for nobody. */
  #abandon(): Reached {
    const reached = this.#reached;
    this.#wanted = false;
    if (reached === 'running' && this.#endless) {
      this.#reached = 'finished';
      this.#done.resolve(undefined);
      this.#left(this);
    } else this.#withdraw();
    return reached;
  }

  #finish(error: unknown): void {
    this.#stopStall?.();
    this.#stopLimit();
    this.#reached = 'finished';
    this.#answer.reject(error);
    this.#done.resolve(undefined);
    this.#left(this);
  }
}

const nothing = () => undefined;
