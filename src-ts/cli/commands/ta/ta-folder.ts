// SPDX-License-Identifier: MIT
/** The directory from which tee-supplicant loads Trusted Applications. */
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';

import { effectiveUid, mayBeSupplicant, SUPPLICANT_DEVICE } from '../../../doctor/supplicant-owner.js';
import { SecureStorageError } from '../../../errors/error.js';

/** Where builds of tee-supplicant look: OP-TEE's own default first (CFG_TEE_CLIENT_LOAD_PATH there, and optee_armtz). */
const DEFAULTS = ['/lib/optee_armtz', '/usr/lib/optee_armtz', '/lib64/optee_armtz', '/vendor/lib/optee_armtz'];

/**
 * Finds the directory.
 * @param root of the file system it is in: that of an image that is being made, or `/`
 * @throws SecureStorageError ERR_TA_INSTALL if there is none, or more than one
 */
export function findTaFolder(root: string, commandLines: () => string[][] = supplicants): string {
  // Of an image, the supplicant on this machine says nothing.
  const given = path.resolve(root) === '/' ? commandLines().flatMap(foldersGiven) : [];
  // A relative one is relative to the supplicant's folder, not to this one.
  const [first] = given.filter((folder) => path.isAbsolute(folder));
  if (first !== undefined) return first;
  const existing = distinct(DEFAULTS.map((folder) => path.join(root, folder)).filter((folder) => existsSync(folder)));
  const [folder] = existing;
  if (existing.length === 1 && folder !== undefined) return folder;
  throw new SecureStorageError('ERR_TA_INSTALL', {
    detail:
      folder === undefined
        ? `there is no directory of Trusted Applications (looked for ${DEFAULTS.join(', ')})`
        : `there are several directories of Trusted Applications: ${existing.join(', ')}`,
    remedy: 'Give the one from which tee-supplicant loads them with --dir; it is usually /lib/optee_armtz.',
  });
}

/** One path for each directory, however many names lead to it (/lib is often a link to /usr/lib). */
function distinct(folders: readonly string[]): string[] {
  return [...new Map(folders.map((folder) => [realpathSync(folder), folder])).values()];
}

/** Option --ta-path (-l) gives directories, --ta-dir (-t) a name below /lib; the first directory is asked first. */
function foldersGiven(args: readonly string[]): string[] {
  const given = optionOf(args, '--ta-path', '-l')?.split(':').filter(Boolean);
  if (given !== undefined) return given;
  const name = optionOf(args, '--ta-dir', '-t');
  return name === undefined ? [] : [path.join('/lib', name)];
}

function optionOf(args: readonly string[], long: string, short: string): string | undefined {
  const at = args.findIndex((arg) => arg === long || arg === short);
  if (at >= 0) return args[at + 1];
  return args.find((arg) => arg.startsWith(`${long}=`))?.slice(long.length + 1);
}

/** The command lines of the supplicants that run here; whoever only has their name is passed over. */
function supplicants(): string[][] {
  const deviceOwner = statSync(SUPPLICANT_DEVICE, { throwIfNoEntry: false })?.uid;
  const pids = existsSync('/proc') ? readdirSync('/proc').filter((name) => /^\d+$/.test(name)) : [];
  return pids.flatMap((pid) => {
    const args = textOf(pid, 'cmdline').split('\0');
    if (path.basename(args[0] ?? '') !== 'tee-supplicant') return [];
    return mayBeSupplicant(effectiveUid(textOf(pid, 'status')), deviceOwner) ? [args.slice(1)] : [];
  });
}

function textOf(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return ''; // It has ended meanwhile.
  }
}
