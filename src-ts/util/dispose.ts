// SPDX-License-Identifier: MIT
/** `Symbol.asyncDispose` where this Node.js has it, so that `await using` closes. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- the first releases of Node.js 20 lack it
export const asyncDispose: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose');
