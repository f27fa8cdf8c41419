// SPDX-License-Identifier: MIT
/**
 * The tee-supplicants among the processes. Every user can start a process of that name, so the name says nothing: users,
 * groups and the program decide, for they are the kernel's word.
 */
import { parseStat } from './proc-stat.js';

/** The device that supplicants serve. */
const DEVICE = '/dev/teepriv0';

/** tee-supplicant, and what boards make of its name. The kernel keeps 15 characters of it. */
const NAME = /tee[-_]?supp/;

/** What the kernel shows for every user and group that a user namespace does not know (/proc/sys/kernel/overflowuid). */
const UNKNOWN_ID = 65534;

/** How files are looked at; the functions throw as those of node:fs do. */
export interface Files {
  readonly read: (file: string) => string;
  readonly names: (folder: string) => string[];
  readonly link: (file: string) => string;
  readonly stat: (file: string) => Owner;
}

/** Whose a file is, and its mode, as stat(2) has them. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

export interface SupplicantProcess {
  readonly pid: number;
  readonly name: string;
  /** One letter, as proc_pid_stat(5) has it. */
  readonly state: string;
  /** Its effective user; undefined if that cannot be seen. */
  readonly uid: number | undefined;
  /** Whether it certainly may open the supplicants' device. Otherwise nothing that it says is to be believed. */
  readonly isBelieved: boolean;
}

/**
 * All processes that may be tee-supplicants. Those that certainly are not, for they may not open its device, are passed over.
 * @throws what `files.names` throws
 */
export function* supplicants(files: Files, proc = '/proc', device = DEVICE): Generator<SupplicantProcess> {
  for (const name of files.names(proc)) {
    const found = /^\d+$/.test(name) ? supplicantAt(name, files, proc, device) : undefined;
    if (found !== undefined) yield found;
  }
}

/** The process of that number, if it may be a tee-supplicant. */
export function supplicantAt(
  pid: string,
  files: Files,
  proc = '/proc',
  device = DEVICE,
): SupplicantProcess | undefined {
  const folder = `${proc}/${pid}`;
  const stat = parseStat(attempt(() => files.read(`${folder}/stat`)) ?? '');
  if (stat === undefined || !NAME.test(stat.name) || 'ZX'.includes(stat.state)) return undefined;
  // Whoever starts a setuid program gives it name and arguments. Root sees which program it is.
  const program = attempt(() => files.link(`${folder}/exe`));
  if (program !== undefined && !NAME.test(program.slice(program.lastIndexOf('/')))) return undefined;
  const ids = parseIds(attempt(() => files.read(`${folder}/status`)) ?? '');
  const trust = judge(
    ids,
    attempt(() => files.stat(device)),
  );
  if (trust === 'stranger') return undefined;
  return { pid: Number(pid), name: stat.name, state: stat.state, uid: ids?.uids[1], isBelieved: trust === 'believed' };
}

/** The ids of a process: real, effective, saved and for files. */
interface Ids {
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  readonly groups: readonly number[];
}

/** @param status the text of /proc/PID/status, whose lines begin with names that no process can choose */
function parseIds(status: string): Ids | undefined {
  const line = (name: string) => {
    const text = status.split('\n').find((each) => each.startsWith(`${name}:`));
    return (text?.match(/\d+/g) ?? []).map(Number);
  };
  const uids = line('Uid');
  return uids.length === 4 ? { uids, gids: line('Gid'), groups: line('Groups') } : undefined;
}

/** Whether a process with these ids may open the device: a stranger is who certainly may not. */
function judge(ids: Ids | undefined, device: Owner | undefined): 'believed' | 'unsure' | 'stranger' {
  if (ids === undefined) return 'unsure';
  // All of them: a program that is setuid root still has the real user who started it.
  const owner = device === undefined || device.uid === UNKNOWN_ID ? 0 : device.uid;
  if (ids.uids.every((uid) => uid === 0 || uid === owner)) return 'believed';
  if (device === undefined) return 'unsure';
  const isOpenToGroup = (device.mode & 0o060) === 0o060 && device.gid !== 0 && device.gid !== UNKNOWN_ID;
  const isMember =
    ids.groups.includes(device.gid) || (ids.gids.length === 4 && ids.gids.every((gid) => gid === device.gid));
  if (isOpenToGroup && isMember) return 'believed';
  // A device that is open to all, or whose owner this user namespace does not know, tells nothing of them.
  const tellsNothing = (device.mode & 0o006) === 0o006 || [device.uid, device.gid].includes(UNKNOWN_ID);
  return tellsNothing ? 'unsure' : 'stranger';
}

function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
