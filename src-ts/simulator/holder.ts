// SPDX-License-Identifier: MIT
/** Who holds something, in a form in which another process can tell whether it is still there. */
import { readFileSync, readlinkSync } from 'node:fs';

import { parseStat } from '../util/proc-stat.js';

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
