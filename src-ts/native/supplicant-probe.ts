// SPDX-License-Identifier: MIT
/**
 * Whether a call that does not return waits for a tee-supplicant that is not there. The driver lets it wait for ever,
 * so without this its caller would learn nothing but that its deadline has passed.
 *
 * /dev/teepriv0 could tell root, but is left alone: closing it again makes the driver fail the requests of everybody
 * who waits for a supplicant that is about to start, and a starting supplicant would find the device taken.
 */
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { parseStat, type ProcStat } from '../util/proc-stat.js';

/** The inode of the initial PID namespace is fixed (Linux, include/uapi/linux/nsfs.h: PID_NS_INIT_INO 0xEFFFFFFC). */
export const INITIAL_PID_NAMESPACE = 'pid:[4026531836]';

/** tee-supplicant, and what boards make of its name. The kernel keeps 15 characters. */
export const SUPPLICANT = /tee[-_]?supp/;

export class SupplicantProbe {
  readonly #proc: string;
  /** The supplicant seen last: most probes end with one look at it. */
  #lastSeen: string | undefined;

  /** @param proc where procfs is mounted */
  constructor(proc = '/proc') {
    this.#proc = proc;
  }

  /**
   * @param thread the kernel's id of the thread that is in the call
   * @returns true only if the thread sleeps, maybe in the driver's queue for the supplicant, and there certainly is none
   */
  isMissedBy(thread: number): boolean {
    return this.#mayWaitForSupplicant(thread) && this.#seesAllProcesses() && !this.#isRunning();
  }

  /** A thread that runs is in the secure world; where one sleeps is told by wchan, unless the kernel hides it. */
  #mayWaitForSupplicant(thread: number): boolean {
    const task = `self/task/${String(thread)}`;
    const state = this.#status(task)?.state;
    if (state !== 'S' && state !== 'D') return false;
    const place = this.#read(`${task}/wchan`) ?? '0';
    return place === '0' || place === '' || place.includes('supp');
  }

  /** In a container, or with a /proc that hides other users' processes, not seeing one proves nothing. */
  #seesAllProcesses(): boolean {
    try {
      return readlinkSync(`${this.#proc}/self/ns/pid`) === INITIAL_PID_NAMESPACE && this.#status('1') !== undefined;
    } catch {
      return false;
    }
  }

  #isRunning(): boolean {
    if (this.#lastSeen !== undefined && this.#isSupplicant(this.#lastSeen)) return true;
    this.#lastSeen = readdirSync(this.#proc).find((name) => /^\d+$/.test(name) && this.#isSupplicant(name));
    return this.#lastSeen !== undefined;
  }

  #isSupplicant(pid: string): boolean {
    const status = this.#status(pid);
    return status !== undefined && SUPPLICANT.test(status.name) && status.state !== 'Z' && status.state !== 'X';
  }

  /** Of a process or thread; undefined if there is none to see. */
  #status(folder: string): ProcStat | undefined {
    return parseStat(this.#read(`${folder}/stat`) ?? '');
  }

  #read(file: string): string | undefined {
    try {
      return readFileSync(`${this.#proc}/${file}`, 'utf8');
    } catch {
      return undefined;
    }
  }
}
