// SPDX-License-Identifier: MIT

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/**
 * Takes the place of setTimeout() in this environment. Its time stands still until it is told to pass, so that what a
 * deadline strikes is a matter of order and not of this machine's pace.
 */
export class Clock {
  readonly #timers = new Set<Timer>();
  #now = 0;

  constructor() {
    const set = (callback: () => void, ms = 0) => {
      const timer = { at: this.#now + ms, callback };
      this.#timers.add(timer);
      return timer;
    };
    const clear = (timer: unknown) => this.#timers.delete(timer as Timer);
    Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
  }

  /** Milliseconds that have passed. */
  get now(): number {
    return this.#now;
  }

  /** Timers that have neither struck nor been stopped. */
  get left(): number {
    return this.#timers.size;
  }

  /** Lets time pass: what falls due happens one after the other, each with all that follows from it at once. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#timers.delete(next);
      this.#now = next.at;
      next.callback();
      await turn();
    }
    this.#now = end;
    await turn();
  }

  #next(end: number): Timer | undefined {
    return [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
  }
}

/** One turn of the event loop. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Waits for what is certain to come; if it does not, the process is ended for taking too long. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await turn();
}
