// SPDX-License-Identifier: MIT
// @ts-check
import { setImmediate as turn } from 'node:timers/promises';
import { run } from '../tools/lib/run.mjs';

/** The names of the drives in QEMU; see qemu.mjs. */
const DISK = 'disk-image';
const STATES = 'states-image';

/**
 * Makes the files of a machine whose states are kept: QEMU's own format can hold snapshots, a plain image can't.
 *
 * @param {string} image a plain image of the disk.
 * @param {{ disk: string, states: string }} files
 */
export async function makeStateFiles(image, { disk, states }) {
  await run('qemu-img', ['convert', '-q', '-f', 'raw', '-O', 'qcow2', image, disk]);
  // It stays empty but for the snapshots of memory and processors, which have no part in its size.
  await run('qemu-img', ['create', '-q', '-f', 'qcow2', states, '1M']);
}

/** States of a running machine, saved and gone back to. */
export class States {
  #monitor;
  #link;
  /** Each state's processes. @type {Map<string, ReturnType<import('./agent-link.mjs').AgentLink['processes']>>} */
  #saved = new Map();
  #onHalt = () => {};
  /** Resolves when the machine stands still by itself, which is until a state is loaded. @type {Promise<void>} */
  halted;

  /** @param {import('./monitor.mjs').Monitor} monitor @param {import('./agent-link.mjs').AgentLink} link */
  constructor(monitor, link) {
    monitor.onEvent = (event) => event === 'SHUTDOWN' && this.#onHalt();
    this.#monitor = monitor;
    this.#link = link;
    this.halted = this.#nextHalt();
  }

  /** @returns {Promise<void>} */
  #nextHalt() {
    return new Promise((resolve) => {
      this.#onHalt = () => {
        this.#link.interrupt(new Error('The OP-TEE machine has stopped'));
        resolve();
      };
    });
  }

  /** @param {string} name */
  async save(name) {
    const snapshot = { tag: name, devices: [STATES, DISK] };
    if (this.#saved.has(name)) await this.#monitor.runJob('snapshot-delete', snapshot);
    await this.#monitor.runJob('snapshot-save', { ...snapshot, vmstate: STATES });
    this.#saved.set(name, this.#link.processes());
  }

  /** @param {string} name @param {boolean} keepDisk */
  async load(name, keepDisk) {
    const processes = this.#saved.get(name);
    if (!processes) throw new Error(`The machine has no state named ${name}`);
    await this.#standStill();
    this.halted = this.#nextHalt();
    await this.#drain();
    this.#link.goBack(processes);
    const devices = keepDisk ? [STATES] : [STATES, DISK];
    await this.#monitor.runJob('snapshot-load', { tag: name, vmstate: STATES, devices });
    await this.#monitor.execute('cont');
  }

  /** A machine that was reset stands still, and goes on only after another reset. */
  async #standStill() {
    const { status } = await this.#monitor.execute('query-status');
    if (status !== 'shutdown') return this.#monitor.execute('stop');
    await this.#monitor.execute('set-action', { reboot: 'reset' });
    await this.#monitor.execute('system_reset');
    while ((await this.#monitor.execute('query-status')).status === 'shutdown') await turn();
    await this.#monitor.execute('set-action', { reboot: 'shutdown' });
  }

  /** Takes in what the machine has sent until it stood still, so that it is not taken for the state's. */
  async #drain() {
    for (let before = -1; before !== this.#link.received;) {
      before = this.#link.received;
      for (let turns = 0; turns < 3; turns++) await turn();
    }
  }
}
