// SPDX-License-Identifier: MIT
/** Who holds something, in a form in which another process can tell whether it is still there. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

import { parseStat } from '../util/proc-stat.js';
import { visible } from '../util/visible.js';

/** How the name of a file begins that somebody holds: after it come the holder, a dash, and what nobody else has. */
export const HELD = 'held-';

/** The name of the file in a folder that somebody holds, if there is one. */
export function heldIn(folder: string): string | undefined {
  return readdirSync(folder).find((name) => name.startsWith(HELD));
}

/** The holder in the name of a file. */
export function holderOf(held: string): string {
  return held.slice(HELD.length).replace(/-[^-]*$/, '');
}

/**
 * This thread: `<id>.<start time>.<PID namespace>.<boot>` on Linux, where a thread has an ID and /proc tells when it
 * began, so that neither a new process of an old number nor a thread that ended within a process is mistaken for it.
 * Elsewhere `<process id>`. Without a dash.
 */
export function presentHolder(): string {
  try {
    const thread = readlinkSync('/proc/thread-self').split('/').at(-1) ?? '';
    return [thread, startTime(thread) ?? '', ...place()].join('.');
  } catch {
    return String(process.pid);
  }
}

/** Whether a holder has ended; undefined if that cannot be told from here. */
export function isGone(holder: string): boolean | undefined {
  const [id = '', start, ...where] = holder.split('.');
  // On Linux a bare number is of another system that shares the folder, a container's host for one: it says nothing here.
  if (start === undefined) return process.platform === 'linux' ? undefined : processIsGone(Number(id));
  try {
    if (where.join() !== place().join()) return undefined;
  } catch {
    return undefined;
  }
  try {
    return startTime(id) !== start;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A /proc that is mounted with hidepid does not show all that there is.
    return code === 'ENOENT' || code === 'ESRCH' ? processIsGone(Number(id)) : undefined;
  }
}

/** A process that holds something, for people. */
export interface HoldingProcess {
  readonly pid: number;
  /** As ps shows it; another process may have chosen it. */
  readonly name: string;
  /** Why it does not go on. */
  readonly stopped: 'by a signal' | 'by a debugger' | undefined;
}

/** The other process that holds the file in a folder; undefined if there is none, or it cannot be seen from here. */
export function otherHolder(folder: string): HoldingProcess | undefined {
  try {
    const held = heldIn(folder);
    if (held === undefined || isGone(holderOf(held)) !== false) return undefined;
    const [thread = ''] = holderOf(held).split('.');
    const pid = Number(/^Tgid:\s*(\d+)$/m.exec(readFileSync(`/proc/${thread}/status`, 'latin1'))?.[1]);
    const stat = parseStat(readFileSync(`/proc/${thread}/stat`, 'utf8'));
    if (stat === undefined || pid === process.pid) return undefined;
    const name = readFileSync(`/proc/${String(pid)}/comm`, 'utf8').replace(/\n$/, '');
    return { pid, name: visible(name), stopped: stopReasons[stat.state] };
  } catch {
    // It has given it back, has ended, or is not for this user to see.
    return undefined;
  }
}

/** By the letter of the state, proc_pid_stat(5). */
const stopReasons: Readonly<Record<string, HoldingProcess['stopped']>> = { T: 'by a signal', t: 'by a debugger' };

/** @returns undefined for a process that has ended and waits for its parent to notice */
function startTime(thread: string): string | undefined {
  const stat = parseStat(readFileSync(`/proc/${thread}/stat`, 'latin1'));
  return stat === undefined || 'ZX'.includes(stat.state) ? undefined : stat.startTime;
}

/** In which PID namespace of which boot the numbers hold. */
function place(): [namespace: string, boot: string] {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').replace(/\W/g, '');
  return [readlinkSync('/proc/self/ns/pid').replace(/\D/g, ''), boot];
}

/** Not sure of one that is there: it may be another of the same number, or a thread of it may have ended. */
function processIsGone(pid: number): true | undefined {
  try {
    process.kill(pid, 0);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH' ? true : undefined;
  }
}
