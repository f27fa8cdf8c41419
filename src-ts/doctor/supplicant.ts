// SPDX-License-Identifier: MIT
/** The tee-supplicant as procfs shows it: whether it runs, as whom, and where it keeps and looks for things. */
import { INITIAL_PID_NAMESPACE } from '../util/namespaces.js';
import { supplicants, type SupplicantProcess } from '../util/supplicants.js';
import { glance, type Host } from './host.js';
import { isSamePlace, mountOf, parseMounts, type Mount } from './mounts.js';

/** A running tee-supplicant. */
export interface Supplicant extends SupplicantProcess {
  /** Where secure storage is: by its options, else as its program was built; undefined if neither can be seen. */
  readonly storage: string | undefined;
  /** The directories of Trusted Applications that it was given, the one that it asks first in front. */
  readonly taFoldersGiven: readonly string[];
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

/**
 * Finds the tee-supplicant among the processes; undefined if none is seen. Whoever only has its name is passed over, and one
 * that has this process's root directory is preferred to that of a container.
 */
export function findSupplicant(host: Host): Supplicant | undefined {
  const root = mountOf(mountsOf(host, 'self') ?? [], '/');
  const all = candidates(host)
    .filter(({ isBelieved }) => isBelieved)
    .map((found) => ({ ...found, mounts: mountsOf(host, String(found.pid)) }));
  const isElsewhere = ({ mounts }: { mounts: readonly Mount[] | undefined }) =>
    mounts !== undefined && !isSamePlace(mountOf(mounts, '/'), root);
  const first = all.find((each) => !isElsewhere(each)) ?? all[0];
  return first && { ...first, ...about(host, `/proc/${String(first.pid)}`, isElsewhere(first)) };
}

/** Whether there is none for sure. In a container, or with hidepid, it may be out of sight. */
export function isNoneRunning(host: Host): boolean {
  const namespace = glance(() => host.link('/proc/self/ns/pid'));
  const seesAll = namespace === INITIAL_PID_NAMESPACE && glance(() => host.read('/proc/1/stat')) !== undefined;
  return seesAll && candidates(host).length === 0;
}

const candidates = (host: Host): SupplicantProcess[] => glance(() => [...supplicants(host)]) ?? [];

/** The mounts of a process, from its own root directory; undefined if this process may not see them. */
export function mountsOf(host: Host, process: string): Mount[] | undefined {
  const text = glance(() => host.read(`/proc/${process}/mountinfo`));
  return text === undefined ? undefined : parseMounts(text);
}

function about(host: Host, folder: string, isElsewhere: boolean): Omit<Supplicant, keyof SupplicantProcess | 'mounts'> {
  const argv = (glance(() => host.read(`${folder}/cmdline`)) ?? '').split('\0').slice(0, -1);
  // Root may follow this link to the program, wherever it is.
  const programs = [`${folder}/exe`, ...(isElsewhere ? [] : programsNamed(argv[0]))];
  const given = taFoldersGiven(host, argv);
  const storage = option(argv, 'f', 'fs-parent-path') ?? builtInStorage(host, programs);
  return {
    storage: storage !== undefined && isAbsolute(storage) ? storage : undefined,
    taFoldersGiven: given,
    taFolders: given.length > 0 ? given : taFoldersNamed(host, TA_FOLDER),
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
function builtInStorage(host: Host, programs: readonly string[]): string | undefined {
  for (const file of programs) {
    const found = STORAGE_IN_PROGRAM.exec(glance(() => host.read(file)) ?? '')?.[1];
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Where a program of this name may be. */
function programsNamed(program: string | undefined): string[] {
  if (program === undefined) return [];
  return program.startsWith('/') ? [program] : PROGRAM_FOLDERS.map((folder) => `${folder}/${program}`);
}

function taFoldersGiven(host: Host, argv: readonly string[]): string[] {
  const given = option(argv, 'l', 'ta-path')?.split(':').filter(Boolean) ?? [];
  if (given.length > 0) return given.filter(isAbsolute);
  const name = option(argv, 't', 'ta-dir');
  return name === undefined ? [] : taFoldersNamed(host, name);
}

/** Those that exist, or else the first. */
function taFoldersNamed(host: Host, name: string): string[] {
  const usual = TA_ROOTS.map((root) => `${root}/${name}`);
  const present = usual.filter((each) => glance(() => host.stat(each)) !== undefined);
  return present.length > 0 ? present : usual.slice(0, 1);
}

/** Other paths are relative to the supplicant's folder, not to this process's. */
const isAbsolute = (path: string) => path.startsWith('/');
