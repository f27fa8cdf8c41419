// SPDX-License-Identifier: MIT
// @ts-check
import { setTimeout as delay } from 'node:timers/promises';

/** @typedef {{ return?: any, error?: { desc: string }, event?: string, QMP?: unknown }} Message */

/** Milliseconds between two looks at what QEMU is at. */
const LOOK_MS = 5;

/** QEMU's monitor (QMP), over a connection that QEMU has made. */
export class Monitor {
  /** @type {import('node:net').Socket} */
  #socket;
  #input = '';
  /** The commands that wait for their answers, which come in order. @type {((message: Message) => void)[]} */
  #waiting = [];
  #jobs = 0;
  /** Told of each event by its name. @type {(event: string) => unknown} */
  onEvent = () => undefined;

  /** @param {import('node:net').Socket} socket */
  static async of(socket) {
    const monitor = new Monitor(socket);
    await monitor.execute('qmp_capabilities');
    return monitor;
  }

  /** @param {import('node:net').Socket} socket */
  constructor(socket) {
    this.#socket = socket;
    socket.setEncoding('utf8').on('data', (text) => this.#receive(String(text)));
    socket.on('error', () => {}); // that QEMU has gone is known from its process
    socket.on('close', () => {
      for (const settle of this.#waiting.splice(0)) settle({ error: { desc: 'QEMU has ended' } });
    });
  }

  /**
   * @param {string} command
   * @param {Record<string, unknown>} [args]
   * @returns {Promise<any>} what the command returns.
   * @throws {Error} with what QEMU says where it fails.
   */
  async execute(command, args) {
    const message = await new Promise((/** @type {(message: Message) => void} */ resolve) => {
      this.#waiting.push(resolve);
      this.#socket.write(`${JSON.stringify({ execute: command, arguments: args })}\n`);
    });
    if (message.error) throw new Error(`QEMU's ${command}: ${message.error.desc}`);
    return message.return;
  }

  /** Runs a command that is a job to its end. @param {string} command @param {Record<string, unknown>} args */
  async runJob(command, args) {
    const id = `job${String(++this.#jobs)}`;
    await this.execute(command, { 'job-id': id, ...args });
    for (;;) {
      const jobs = /** @type {{ id: string, status: string, error?: string }[]} */ (await this.execute('query-jobs'));
      const job = jobs.find((entry) => entry.id === id);
      if (job === undefined) return;
      if (job.status === 'concluded') {
        await this.execute('job-dismiss', { id });
        if (job.error) throw new Error(`QEMU's ${command}: ${job.error}`);
        return;
      }
      await delay(LOOK_MS);
    }
  }

  /**
   * Writes the state of the machine to a file, all but memory that is a file itself. The machine stands still then.
   *
   * @param {string} file
   */
  async writeState(file) {
    await this.#leaveOutSharedMemory();
    await this.execute('migrate', { uri: `exec:exec cat > ${inShell(file)}` });
    await this.#migrated();
  }

  /** What {@link writeState} wrote, for a machine that waits for it; it goes on from there. @param {string} file */
  async readState(file) {
    await this.#leaveOutSharedMemory();
    await this.execute('migrate-incoming', { uri: `exec:exec cat ${inShell(file)}` });
    await this.#migrated();
  }

  async #leaveOutSharedMemory() {
    await this.execute('migrate-set-capabilities', { capabilities: [{ capability: 'x-ignore-shared', state: true }] });
  }

  async #migrated() {
    for (;;) {
      const { status, 'error-desc': error } = await this.execute('query-migrate');
      if (status === 'completed') return;
      if (status === 'failed') throw new Error(`QEMU's migration: ${error ?? 'failed'}`);
      await delay(LOOK_MS);
    }
  }

  /** @param {string} text */
  #receive(text) {
    const lines = (this.#input + text).split('\n');
    this.#input = lines.pop() ?? '';
    for (const line of lines.filter((entry) => entry.trim() !== '')) {
      const message = /** @type {Message} */ (JSON.parse(line));
      if (message.event !== undefined) this.onEvent(message.event);
      else if (message.QMP === undefined) this.#waiting.shift()?.(message);
    }
  }
}

/** @param {string} text */
const inShell = (text) => `'${text.replaceAll("'", String.raw`'\''`)}'`;
