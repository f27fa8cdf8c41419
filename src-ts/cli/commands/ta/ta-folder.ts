// SPDX-License-Identifier: MIT
/** The directory from which tee-supplicant loads Trusted Applications. */
import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';

import { thisHost, type Host } from '../../../doctor/host.js';
import { isSamePlace, mountOf } from '../../../doctor/mounts.js';
import { findSupplicant, mountsOf } from '../../../doctor/supplicant.js';
import { SecureStorageError } from '../../../errors/error.js';
import { changeableByOthers } from '../../../util/others-paths.js';

/** Where builds of tee-supplicant look: OP-TEE's own default first (CFG_TEE_CLIENT_LOAD_PATH there, and optee_armtz). */
const DEFAULTS = ['/lib/optee_armtz', '/usr/lib/optee_armtz', '/lib64/optee_armtz', '/vendor/lib/optee_armtz'];

/**
 * Finds the directory.
 * @param root of the file system it is in: that of an image that is being made, or `/`
 * @throws SecureStorageError ERR_TA_INSTALL if there is none, more than one, or one that another user can change
 */
export function findTaFolder(root: string, host: Host = thisHost()): string {
  // Of an image, the supplicant on this machine says nothing.
  const given = path.resolve(root) === '/' ? folderOfSupplicant(host) : undefined;
  if (given !== undefined) {
    refuseOthers(given);
    return given;
  }
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

/** The first one that the supplicant was given, as long as its path means the same here. */
function folderOfSupplicant(host: Host): string | undefined {
  const { taFoldersGiven = [], mounts } = findSupplicant(host) ?? {};
  const here = mountsOf(host, 'self') ?? [];
  return taFoldersGiven.find((folder) => {
    return mounts === undefined || isSamePlace(mountOf(mounts, folder), mountOf(here, folder));
  });
}

/** A directory is not made, and nothing is put there, where another user decides what it leads to. */
function refuseOthers(folder: string): void {
  const changeable = changeableByOthers(folder);
  if (changeable === undefined) return;
  throw new SecureStorageError('ERR_TA_INSTALL', {
    detail: `tee-supplicant was told to load from ${folder}, but another user can change ${changeable}`,
    remedy: 'Find out who started this tee-supplicant. If it is right, give the directory with --dir.',
  });
}
