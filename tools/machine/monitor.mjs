// SPDX-License-Identifier: MIT
// @ts-check
import { setTimeout as delay } from 'node:timers/promises';

/** @typedef {{ return?: any, error?: { desc: string }, event?: string, QMP?: unknown }} Message */

/** QEMU's monitor (QMP), over a connection that QEMU has made. */
export class Monitor {
  /** @type {import('node:net').Socket} */
  #socket;
  #input = '';
  /** The commands that wait for their answers, which come in order. @type {((message: Message) => void)[]} */
  #waiting = [];
  #onEvent;
  #jobs = 0;

  /** @param {import('node:net').Socket} socket @param {(event: string) => unknown} onEvent */
  constructor(socket, onEvent) {
    this.#socket = socket;
    this.#onEvent = onEvent;
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
      await delay(5);
    }
  }

  /** @param {string} text */
  #receive(text) {
    const lines = (this.#input + text).split('\n');
    this.#input = lines.pop() ?? '';
    for (const line of lines.filter((entry) => entry.trim() !== '')) {
      const message = /** @type {Message} */ (JSON.parse(line));
      if (message.event !== undefined) this.#onEvent(message.event);
      else if (message.QMP === undefined) this.#waiting.shift()?.(message);
    }
  }
}
