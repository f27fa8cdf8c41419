// SPDX-License-Identifier: MIT
/** The tee-supplicant as procfs shows it: whether it runs, as whom, and where it keeps and looks for things. */
import { INITIAL_PID_NAMESPACE, SUPPLICANT } from '../native/supplicant-probe.js';
import { effectiveUid, mayBeSupplicant, SUPPLICANT_DEVICE } from './supplicant-owner.js';
import { parseStat } from '../util/proc-stat.js';
import { glance, type Host } from './host.js';
import { parseMounts, type Mount } from './mounts.js';

/** A running tee-supplicant. */
export interface Supplicant {
  readonly pid: number;
  readonly name: string;
  /** One letter, as proc_pid_stat(5) has it. */
  readonly state: string;
  readonly uid: number | undefined;
  /** Where secure storage is: by its options, else as its program was built; undefined if neither can be seen. */
  readonly storage: string | undefined;
  /** The directories from which it loads Trusted Applications. */
  readonly taFolders: readonly string[];
  /** Undefined if they cannot be seen. */
  readonly mounts: readonly Mount[] | undefined;
  /** How many files it may open; undefined if that cannot be seen. */
  readonly files: number | undefined;
  /** The unit of systemd that it is; undefined if it is none. */
  readonly unit: string | undefined;
}

/** Where supplicants look for Trusted Applications unless told otherwise. */
const TA_ROOTS = ['/lib', '/usr/lib', '/vendor/lib'];
const TA_FOLDER = 'optee_armtz';
const PROGRAM_FOLDERS = ['/usr/sbin', '/usr/bin', '/sbin', '/bin', '/usr/local/sbin', '/usr/local/bin'];
/** How the default of secure storage ends in every build known: /data/tee, /var/lib/tee, …/optee-client/data/tee. */
const STORAGE_IN_PROGRAM = /(?:^|\0)(\/[\w./-]+\/tee)(?=\0)/;

/** Finds the tee-supplicant among the processes; undefined if none is seen. Whoever only has its name is passed over. */
export function findSupplicant(host: Host): Supplicant | undefined {
  const deviceOwner = glance(() => host.stat(SUPPLICANT_DEVICE))?.uid;
  const pids = (glance(() => host.names('/proc')) ?? []).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    const stat = parseStat(glance(() => host.read(`/proc/${pid}/stat`)) ?? '');
    if (stat === undefined || !SUPPLICANT.test(stat.name) || 'ZX'.includes(stat.state)) continue;
    const uid = effectiveUid(glance(() => host.read(`/proc/${pid}/status`)));
    if (mayBeSupplicant(uid, deviceOwner)) return { pid: Number(pid), ...stat, uid, ...about(host, `/proc/${pid}`) };
  }
  return undefined;
}

/** Whether a supplicant that is not seen does not run: in a container, or with hidepid, it may be out of sight. */
export function seesAllProcesses(host: Host): boolean {
  const namespace = glance(() => host.link('/proc/self/ns/pid'));
  return namespace === INITIAL_PID_NAMESPACE && glance(() => host.read('/proc/1/stat')) !== undefined;
}

function about(host: Host, folder: string): Pick<Supplicant, 'storage' | 'taFolders' | 'mounts' | 'files' | 'unit'> {
  const argv = (glance(() => host.read(`${folder}/cmdline`)) ?? '').split('\0').slice(0, -1);
  const mountinfo = glance(() => host.read(`${folder}/mountinfo`));
  return {
    storage: option(argv, 'f', 'fs-parent-path') ?? builtInStorage(host, argv[0]),
    taFolders: taFolders(host, argv),
    mounts: mountinfo === undefined ? undefined : parseMounts(mountinfo),
    files: filesLimit(glance(() => host.read(`${folder}/limits`))),
    unit: unitOf(glance(() => host.read(`${folder}/cgroup`))),
  };
}

/** The soft limit, which is the one that counts. */
function filesLimit(limits = ''): number | undefined {
  const [, soft] = /^Max open files\s+(\d+|unlimited)\s/m.exec(limits) ?? [];
  if (soft === undefined) return undefined;
  return soft === 'unlimited' ? Infinity : Number(soft);
}

/** The last name of the path of its control group, in either version of those. */
function unitOf(cgroup = ''): string | undefined {
  return /\/([\w@.:-]+\.service)$/m.exec(cgroup)?.[1];
}

/** The argument of an option in one of the four ways that getopt_long(3) takes. */
function option(argv: readonly string[], short: string, long: string): string | undefined {
  for (const [index, argument] of argv.entries()) {
    if (argument === `-${short}` || argument === `--${long}`) return argv[index + 1];
    if (argument.startsWith(`--${long}=`)) return argument.slice(long.length + 3);
    if (argument.startsWith(`-${short}`) && !argument.startsWith('--')) return argument.slice(2);
  }
  return undefined;
}

/** The default that the program was built with stands in it as a string. */
function builtInStorage(host: Host, program: string | undefined): string | undefined {
  if (program === undefined) return undefined;
  const files = program.startsWith('/') ? [program] : PROGRAM_FOLDERS.map((folder) => `${folder}/${program}`);
  for (const file of files) {
    const text = glance(() => host.read(file));
    if (text !== undefined) return STORAGE_IN_PROGRAM.exec(text)?.[1];
  }
  return undefined;
}

function taFolders(host: Host, argv: readonly string[]): string[] {
  const given = option(argv, 'l', 'ta-path')?.split(':').filter(Boolean);
  if (given !== undefined && given.length > 0) return given;
  const folder = option(argv, 't', 'ta-dir') ?? TA_FOLDER;
  const usual = TA_ROOTS.map((root) => `${root}/${folder}`);
  const present = usual.filter((each) => glance(() => host.stat(each)) !== undefined);
  return present.length > 0 ? present : usual.slice(0, 1);
}
