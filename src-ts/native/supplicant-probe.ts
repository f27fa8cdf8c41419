// SPDX-License-Identifier: MIT
/**
 * Whether a call that does not return waits for a tee-supplicant that is not there. The driver lets it wait for ever,
 * so without this its caller would learn nothing but that its deadline has passed.
 *
 * /dev/teepriv0 could tell root, but is left alone: closing it again makes the driver fail the requests of everybody
 * who waits for a supplicant that is about to start, and a starting supplicant would find the device taken.
 */
import { readFileSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { INITIAL_PID_NAMESPACE } from '../util/namespaces.js';
import { parseStat, type ProcStat } from '../util/proc-stat.js';
import { supplicantAt, supplicants, type Files } from '../util/supplicants.js';

/** All that is read here is the kernel's own text. */
const files: Files = {
  read: (file) => readFileSync(file, 'latin1'),
  names: (folder) => readdirSync(folder),
  link: (file) => readlinkSync(file),
  stat: (file) => statSync(file),
};

export class SupplicantProbe {
  readonly #proc: string;
  readonly #device: string | undefined;
  /** The supplicant seen last: most probes end with one look at it. */
  #lastSeen: number | undefined;

  /**
   * @param proc where procfs is mounted
   * @param device that supplicants serve, if it is not the usual one
   */
  constructor(proc = '/proc', device?: string) {
    this.#proc = proc;
    this.#device = device;
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

  /** One that may be no supplicant counts too: to give up too early is worse than to wait for the deadline. */
  #isRunning(): boolean {
    const [last, proc, device] = [this.#lastSeen, this.#proc, this.#device];
    if (last !== undefined && supplicantAt(String(last), files, proc, device) !== undefined) return true;
    const [first] = supplicants(files, proc, device);
    this.#lastSeen = first?.pid;
    return first !== undefined;
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
