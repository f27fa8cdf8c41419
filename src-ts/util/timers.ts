// SPDX-License-Identifier: MIT
/** The longest that a timer of Node.js can wait. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Like setTimeout, but returns what stops it. */
export function timer(callback: () => void, ms: number): () => void {
  const timeout = setTimeout(callback, ms);
  return () => {
    clearTimeout(timeout);
  };
}

/** As Promise.withResolvers() of later versions of Node.js. */
export function withResolvers<T>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (reason: unknown) => void;
} {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
