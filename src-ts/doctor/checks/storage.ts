// SPDX-License-Identifier: MIT
/** Where OP-TEE's storage ends up, and what it says. */
import { because } from '../causes.js';
import { progress } from '../evidence.js';
import { look, type Space } from '../host.js';
import { isSamePlace, mountOf, type Mount } from '../mounts.js';
import { notReached, ok, told, unknown, type CheckFunction, type Subject } from '../check.js';
import { mountsOf } from '../supplicant.js';
import { Shared } from '../../protocol/contract.js';
import { octal } from '../../tee/devices.js';

const KIB = 1024;
/** Less than one small change needs, with its copy. */
const NO_SPACE = 64 * KIB;
/** A largest value, twice, beside its predecessor, with OP-TEE's own two copies of each block. */
const LITTLE_SPACE = 8 * KIB * KIB;
const VOLATILE = new Set(['tmpfs', 'ramfs', 'rootfs']);
/** Of the quota, from which on it is said. */
const NEARLY = 0.9;

/** Where the supplicant keeps what OP-TEE stores, and the mount it is on; undefined if it cannot be told. */
function place({ host, supplicant }: Subject): { folder: string; mount: Mount } | undefined {
  const folder = supplicant?.storage;
  const mounts = supplicant?.mounts ?? mountsOf(host, 'self') ?? [];
  const mount = folder === undefined ? undefined : mountOf(mounts, folder);
  return folder === undefined || mount === undefined ? undefined : { folder, mount };
}

/** Whether a path means the same here as to the supplicant, which may have mounts of its own. */
function isHereToo({ host }: Subject, path: string, mount: Mount): boolean {
  return isSamePlace(mountOf(mountsOf(host, 'self') ?? [], path), mount);
}

export const storage: CheckFunction = (subject) => {
  const at = place(subject);
  if (at === undefined) return unknown('storage', "tee-supplicant's directory cannot be told");
  const { folder, mount } = at;
  const status = isHereToo(subject, folder, mount) ? look(() => subject.host.stat(folder)) : undefined;
  if (status?.why === 'missing') return because('storage-missing', { folder });
  if (mount.readOnly) return because('storage-read-only', { folder, type: mount.type });
  if (VOLATILE.has(mount.type)) return because('storage-volatile', { folder, type: mount.type });
  if (mount.type === 'overlay') return because('storage-overlay', { folder });
  const mode = status?.seen?.mode;
  // Its mode is as it has to be for what else it is used for.
  if (mode !== undefined && (mode & 0o1002) === 0o1002) return because('storage-shared', { folder, mode: octal(mode) });
  if (mode !== undefined && (mode & 0o002) !== 0) return because('storage-open', { folder, mode: octal(mode) });
  return ok('storage', `${folder}, on ${mount.type}`);
};

export const space: CheckFunction = (subject) => {
  const at = place(subject);
  if (at === undefined) return unknown('space', "tee-supplicant's directory cannot be told");
  const { folder, mount } = at;
  if (!isHereToo(subject, folder, mount)) return unknown('space', 'its file system is not mounted here');
  // The directory itself may be closed to this process; its mount point is on the same file system.
  const looked = look(() => subject.host.space(mount.point));
  if (looked.seen === undefined) return unknown('space', `${mount.point} cannot be looked at (${looked.code})`);
  const bytes = subject.supplicant?.uid === 0 ? forRoot(looked.seen, mount.type) : looked.seen.available;
  const found = { point: mount.point, free: `${String(Math.floor(bytes / KIB))} KiB` };
  if (bytes < NO_SPACE) return because('no-space', found);
  if (bytes < LITTLE_SPACE) return because('little-space', found);
  return ok('space', `${String(Math.floor(bytes / KIB / KIB))} MiB free on ${mount.point}`);
};

/** Some is kept for root, and of that some by ext4 for itself: 2 %, at most 4096 blocks (Linux, fs/ext4/super.c). */
function forRoot({ size, free, blockSize }: Space, type: string): number {
  const kept = type === 'ext4' ? Math.min(Math.floor(size / blockSize / 50), 4096) * blockSize : 0;
  return Math.max(0, free - kept);
}

export const store: CheckFunction = ({ evidence }) => {
  const { error, info } = evidence;
  const reached = progress(evidence, 'store');
  if (error !== undefined && reached === 'broken') return because('store-fails', told(error));
  if (reached === 'not reached' || info === undefined) return notReached('store');
  if (info.healed > 0) return because('store-healed', { count: info.healed });
  return ok('store', 'can be opened, and its keys read; values are not tried');
};

/** What all users of the TEE share: root alone sees it. */
export const shared: CheckFunction = ({ evidence: { info, owners } }) => {
  if (info === undefined) return notReached('shared');
  if (owners === undefined) return unknown('shared', 'what all users share is shown to root only');
  const { objects, places } = owners;
  const placed = owners.owners.filter(({ id }) => id !== undefined && id < Shared.ID_MAX).length;
  const stores = `${String(placed)} of ${String(places)}`;
  const used = `${String(objects.used)} of ${String(objects.total)}`;
  const near = placed >= NEARLY * places || objects.used >= NEARLY * objects.total;
  return near ? because('shared-near', { stores, objects: used }) : ok('shared', `${stores} places, ${used} objects`);
};

export const quota: CheckFunction = ({ evidence: { info } }) => {
  if (info === undefined) return notReached('quota');
  const { used, limits } = info;
  const keys = `${String(used.keys)} of ${String(limits.keys)}`;
  const bytes = `${String(Math.ceil(used.bytes / KIB))} of ${String(Math.floor(limits.bytes / KIB))} KiB`;
  const near = used.keys >= NEARLY * limits.keys || used.bytes >= NEARLY * limits.bytes;
  return near ? because('quota-near', { keys, bytes }) : ok('quota', `${keys} keys, ${bytes}`);
};
