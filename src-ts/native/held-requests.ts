// SPDX-License-Identifier: MIT
/**
 * Requests behind a call that was given up and has not come back from the TEE. The addon takes none meanwhile, so they wait
 * here, in their order and each until its own deadline.
 */
import { Submitted } from './addon.js';
import { QueueLimit } from '../tee/limits.js';
import type { EncodedParam } from '../tee/params.js';
import { TeeFailure } from '../tee/seam.js';
import { timer } from '../util/timers.js';
import { wipeableBuffer } from '../util/wipeable.js';

/** How often the addon is asked whether the call has come back. It does not tell by itself: nobody waits for that call. */
const LOOK_AGAIN_MS = 10;

/** Gives a request to the addon; returns one of {@link Submitted}. */
export type Submit = (id: number, params: readonly EncodedParam[]) => number;

interface Held {
  readonly id: number;
  readonly submit: Submit;
  /** Copies, which are wiped when the addon has them. */
  readonly params: readonly EncodedParam[];
}

export class HeldRequests {
  readonly #refuse: (id: number, submitted: number) => void;
  #held: Held[] = [];
  #bytes = 0;
  #stopLooking: (() => void) | undefined;

  /** @param refuse tells the caller of a request that the addon does not take it */
  constructor(refuse: (id: number, submitted: number) => void) {
    this.#refuse = refuse;
  }

  get empty(): boolean {
    return this.#held.length === 0;
  }

  /** @throws TeeFailure 'queue-full' */
  add(id: number, submit: Submit, params: readonly EncodedParam[]): void {
    const bytes = sizeOf(params);
    if (this.#held.length >= QueueLimit.REQUESTS || this.#bytes + bytes > QueueLimit.BYTES)
      throw new TeeFailure('queue-full', 'too many requests are waiting for the TEE');
    this.#bytes += bytes;
    this.#held.push({ id, submit, params: params.map(copyOf) });
    this.#stopLooking ??= timer(() => {
      this.#look();
    }, LOOK_AGAIN_MS);
  }

  /** Takes a request back; false if it is not here. */
  withdraw(id: number): boolean {
    const index = this.#held.findIndex((held) => held.id === id);
    if (index < 0) return false;
    this.#forget(this.#held.splice(index, 1));
    if (this.empty) this.#stop();
    return true;
  }

  #look(): void {
    this.#stop();
    for (let held = this.#held[0]; held !== undefined; held = this.#held[0]) {
      const submitted = held.submit(held.id, held.params);
      if (submitted === Submitted.PARKED) break;
      this.#held.shift();
      this.#forget([held]);
      if (submitted !== Submitted.ACCEPTED) this.#refuse(held.id, submitted);
    }
    if (this.empty) return;
    this.#stopLooking = timer(() => {
      this.#look();
    }, LOOK_AGAIN_MS);
  }

  #stop(): void {
    this.#stopLooking?.();
    this.#stopLooking = undefined;
  }

  #forget(gone: readonly Held[]): void {
    for (const { params } of gone) {
      this.#bytes -= sizeOf(params);
      for (const { data } of params) data?.fill(0);
    }
  }
}

function sizeOf(params: readonly EncodedParam[]): number {
  return params.reduce((sum, { data }) => sum + (data?.length ?? 0), 0);
}

function copyOf(param: EncodedParam): EncodedParam {
  if (param.data === undefined) return param;
  const data = wipeableBuffer(param.data.length);
  data.set(param.data);
  return { ...param, data };
}
