// SPDX-License-Identifier: MIT
// @ts-check
import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';

export const STDIN = 0;
export const STDOUT = 1;
export const STDERR = 2;
/** The socket that a process gets on request, both ways. */
export const EXTRA = 3;

/** So many bytes may be on their way into a process that does not read them. */
const WINDOW = 256 * 1024;
const CHUNK = 64 * 1024;

/**
 * @typedef {object} Wire
 * @property {(stream: number, bytes: Uint8Array) => void} data
 * @property {(stream: number) => void} end
 * @property {(number: number) => void} signal
 * @property {(rows: number, columns: number) => void} resize
 */

/** @typedef {(stream: number, bytes: Buffer) => void} OnData */
/** @typedef {{ onData: OnData, onInterrupted?: ((reason: Error) => void) | undefined }} Listeners */
/** @typedef {{ code: number | null, signal: NodeJS.Signals | null }} Exit */

/** Linux numbers signals alike on the host and in the machine. @param {number} number */
function signalName(number) {
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  return /** @type {NodeJS.Signals} */ (found?.[0] ?? `SIG${number}`);
}

/** A process in the machine, seen from the host. */
export class GuestProcess {
  #wire;
  #command;
  #onData;
  #onInterrupted;
  /** Bytes sent and not yet consumed, by stream. */
  #underway = [0, 0, 0, 0];
  /** @type {(() => void)[]} */
  #waiting = [];
  /** The writes of a stream, one after the other. @type {Promise<void>[]} */
  #writes = [];
  #openStreams = new Set([STDOUT, STDERR]);
  /** @type {Exit | undefined} */
  #exit;
  #over = false;
  #isMerged = false;
  /** @type {(exit: Exit) => void} */
  #resolve = () => {};
  /** @type {(error: Error) => void} */
  #reject = () => {};

  /** Settles when the process has ended and all it wrote was received. @type {Promise<Exit>} */
  closed = this.#open();

  /** @param {Wire} wire @param {string} command @param {Listeners} listeners */
  constructor(wire, command, { onData, onInterrupted }) {
    this.#wire = wire;
    this.#command = command;
    this.#onData = onData;
    this.#onInterrupted = onInterrupted;
  }

  #open() {
    const closed = new Promise((/** @type {(exit: Exit) => void} */ resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    closed.catch(() => {}); // it may be looked at later, or by nobody
    return closed;
  }

  get isOver() {
    return this.#over;
  }

  /**
   * Sends bytes to standard input or the extra socket. Resolves when the last was sent; what the process does not read
   * is discarded when it ends.
   *
   * @param {number} stream
   * @param {Uint8Array} bytes
   */
  write(stream, bytes) {
    const before = this.#writes[stream] ?? Promise.resolve();
    return (this.#writes[stream] = before.then(() => this.#writeNow(stream, bytes)));
  }

  /** @param {number} stream @param {Uint8Array} bytes */
  async #writeNow(stream, bytes) {
    for (let at = 0; at < bytes.length && !this.#over; at += CHUNK) {
      const chunk = bytes.subarray(at, at + CHUNK);
      while ((this.#underway[stream] ?? 0) + chunk.length > WINDOW && !this.#over)
        await new Promise((/** @type {(value: void) => void} */ resolve) => this.#waiting.push(resolve));
      this.#underway[stream] = (this.#underway[stream] ?? 0) + chunk.length;
      if (!this.#over) this.#wire.data(stream, chunk);
    }
  }

  /** No more bytes will come on this stream. @param {number} stream */
  end(stream) {
    const before = this.#writes[stream] ?? Promise.resolve();
    return (this.#writes[stream] = before.then(() => {
      if (!this.#over) this.#wire.end(stream);
    }));
  }

  /** Sends a signal to the process and those it started. @param {NodeJS.Signals} signal */
  kill(signal = 'SIGTERM') {
    if (!this.#over) this.#wire.signal(constants.signals[signal]);
  }

  /** @param {number} rows @param {number} columns */
  resize(rows, columns) {
    if (!this.#over) this.#wire.resize(rows, columns);
  }

  /** @param {number} stream @param {Buffer} bytes */
  onData(stream, bytes) {
    this.#onData(stream, bytes);
  }

  /** @param {number} stream */
  onEnd(stream) {
    this.#openStreams.delete(stream);
    this.#settle();
  }

  /** @param {number} stream @param {number} count */
  onConsumed(stream, count) {
    this.#underway[stream] = (this.#underway[stream] ?? 0) - count;
    this.#wakeWriters();
  }

  /** @param {number} code @param {number} signal */
  onExited(code, signal) {
    this.#exit = signal ? { code: null, signal: signalName(signal) } : { code, signal: null };
    this.#settle();
  }

  /** @param {number} errno @param {string} what */
  onRefused(errno, what) {
    const code = getSystemErrorName(-errno);
    const error = new Error(`The machine could not run ${this.#command}: ${what}: ${code}`);
    this.onLost(Object.assign(error, { code }));
  }

  /** @param {Error} reason */
  onLost(reason) {
    this.#finish();
    this.#reject(reason);
  }

  /** What was sent and not consumed never will be. @param {Error} reason */
  onInterrupted(reason) {
    this.#underway.fill(0);
    this.#wakeWriters();
    this.#onInterrupted?.(reason);
  }

  /**
   * The machine went back to when this process ran and read all it was sent. Who waits for its end, having killed it, would
   * wait for an end in another life.
   *
   * @param {Error} reason
   */
  goBack(reason) {
    this.#openStreams = new Set(this.#isMerged ? [STDOUT] : [STDOUT, STDERR]);
    this.#exit = undefined;
    this.#reject(reason);
    this.closed = this.#open();
    this.#over = false;
    this.#writes = [];
    this.onInterrupted(reason);
  }

  /** A terminal has no standard error of its own: its end is that of standard output. */
  mergeStderr() {
    this.#isMerged = true;
    this.#openStreams.delete(STDERR);
  }

  #settle() {
    if (!this.#exit || this.#openStreams.size > 0) return;
    this.#finish();
    this.#resolve(this.#exit);
  }

  #finish() {
    this.#over = true;
    this.#wakeWriters();
  }

  #wakeWriters() {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
