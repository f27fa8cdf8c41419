// SPDX-License-Identifier: MIT
// @ts-check
import { tail } from '../tools/lib/run.mjs';
import { EXTRA, STDERR, STDIN, STDOUT } from './guest-process.mjs';
import portable from './guest/portable.cjs';

const { decode, encode, frame, MessageReader } = portable;

/** @typedef {{ resolve: (value: any) => void, reject: (error: unknown) => void }} Pending */
/** @typedef {{ id: number, value?: unknown, error?: unknown } | { ready: number }} Answer */

/** See machine.d.mts. */
export class UserProcess {
  /** @type {import('./machine.d.mts').GuestProcess} */
  #process;
  /** @type {Map<number, Pending>} */
  #pending = new Map();
  #nextId = 1;
  /** @type {Record<number, Buffer[]>} */
  #output = { [STDOUT]: [], [STDERR]: [] };
  /** @type {Error | undefined} */
  #ended;
  #pid = 0;

  /**
   * @param {import('./machine.d.mts').Machine} machine
   * @param {import('./machine.d.mts').ProcessOptions} options
   * @returns {Promise<UserProcess>} once the process runs.
   */
  static async start(machine, options) {
    const user = new UserProcess(machine, options);
    user.#pid = await new Promise((resolve, reject) => user.#pending.set(0, { resolve, reject }));
    return user;
  }

  /** @param {import('./machine.d.mts').Machine} machine @param {import('./machine.d.mts').ProcessOptions} options */
  constructor(machine, options) {
    const newReader = () => new MessageReader((message) => this.#settle(/** @type {Answer} */ (decode(message))));
    let reader = newReader();
    const onData = (/** @type {number} */ stream, /** @type {Buffer} */ bytes) => {
      if (stream === EXTRA) reader.push(bytes);
      else this.#output[stream]?.push(Buffer.from(bytes));
    };
    const onInterrupted = (/** @type {Error} */ reason) => {
      reader = newReader();
      this.#rejectPending(reason);
      this.#awaitEnd();
    };
    const argv = ['node', '/usr/lib/optee-machine/user.cjs'];
    this.#process = machine.spawn(argv, { ...options, onData, onInterrupted, extra: true });
    void this.#process.end(STDIN);
    this.#awaitEnd();
  }

  #awaitEnd() {
    const { closed } = this.#process;
    const ended = (/** @type {Error} */ error) => this.#process.closed === closed && this.#fail(error);
    this.#ended = undefined;
    closed.then((exit) => ended(this.#endedError(exit)), ended);
  }

  get stdout() {
    return Buffer.concat(this.#output[STDOUT] ?? []);
  }

  get stderr() {
    return Buffer.concat(this.#output[STDERR] ?? []);
  }

  get pid() {
    return this.#pid;
  }

  /**
   * @template {unknown[]} A
   * @template R
   * @param {(context: import('./machine.d.mts').RunContext, ...args: A) => R | Promise<R>} run
   * @param {A} args
   * @returns {Promise<R>}
   */
  async run(run, ...args) {
    if (this.#ended) throw this.#ended;
    const id = this.#nextId++;
    const message = encode({ id, text: run.toString(), args });
    const answer = new Promise((resolve, reject) => this.#pending.set(id, { resolve, reject }));
    void this.#process.write(EXTRA, frame(message));
    return /** @type {Promise<R>} */ (answer);
  }

  /** @param {NodeJS.Signals} [signal] */
  async kill(signal = 'SIGKILL') {
    this.#process.kill(signal);
    await this.#process.closed;
  }

  async close() {
    void this.#process.end(EXTRA);
    await this.#process.closed;
  }

  async [Symbol.asyncDispose]() {
    await this.close();
  }

  /** @param {Answer} answer */
  #settle(answer) {
    const id = 'ready' in answer ? 0 : answer.id;
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if ('ready' in answer) pending?.resolve(answer.ready);
    else if ('error' in answer) pending?.reject(answer.error);
    else pending?.resolve(answer.value);
  }

  /** @param {{ code: number | null, signal: NodeJS.Signals | null }} exit */
  #endedError(exit) {
    const how = exit.signal ? `was ended by ${exit.signal}` : `ended with exit code ${exit.code}`;
    const errors = tail(this.stderr.toString(), 20);
    return Object.assign(new Error(`The process in the machine ${how}${errors && `:\n${errors}`}`), exit);
  }

  /** @param {Error} error */
  #fail(error) {
    this.#ended = error;
    this.#rejectPending(error);
  }

  /** @param {Error} error */
  #rejectPending(error) {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}
