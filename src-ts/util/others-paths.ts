// SPDX-License-Identifier: MIT
/** Whether users other than root and this one decide where a path leads, or what is in a folder. */
import { lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import path from 'node:path';

import { isPrivateGroup } from './groups.js';

/** More than any path has that leads somewhere; Linux follows 40 links. */
const STEPS_MAX = 4096;

/**
 * What of a path, which need not exist yet, another user can change: itself, a directory above it, or a link on the way.
 * @param isMade whether the caller makes what is missing, and so knows whose it is: then others may make files beside it
 * @returns undefined if there is nothing, or this system has no users
 * @throws what the file system says, ELOOP too
 */
export function changeableByOthers(name: string, { isMade = false } = {}): string | undefined {
  if (process.geteuid === undefined) return undefined;
  const steps: string[] = [];
  const reached = walk(path.resolve(name), steps);
  const end = reached ?? (isMade ? undefined : steps.at(-1));
  return steps.find((step) => isChangeable(lstatSync(step), step === end));
}

/** What in a folder, however deep, another user made or can change; undefined if there is nothing. Follows no link. */
export function changeableWithin(folder: string): string | undefined {
  if (process.geteuid === undefined) return undefined;
  const left = [folder];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    for (const entry of readdirSync(next, { withFileTypes: true })) {
      const name = path.join(next, entry.name);
      if (isChangeable(lstatSync(name), true)) return name;
      if (entry.isDirectory()) left.push(name);
    }
  }
  return undefined;
}

/**
 * Goes where a path leads, as the kernel does.
 * @param steps gets every directory, link and file on the way
 * @returns what is at the end, or undefined if that, or a part of the way, does not exist
 */
function walk(name: string, steps: string[]): string | undefined {
  const { root } = path.parse(name);
  let at = root;
  steps.push(at);
  for (const part of name.slice(root.length).split(path.sep).filter(Boolean)) {
    const next = path.join(at, part);
    const status = lstatSync(next, { throwIfNoEntry: false });
    if (status === undefined) return undefined;
    if (steps.push(next) > STEPS_MAX) throw Object.assign(new Error('too many links'), { code: 'ELOOP' });
    const behind = status.isSymbolicLink() ? walk(path.resolve(at, readlinkSync(next)), steps) : next;
    if (behind === undefined) return undefined;
    at = behind;
  }
  return at;
}

/** @param isEnd whether something is to be put into it */
function isChangeable(status: Stats, isEnd: boolean): boolean {
  const { uid, gid, mode } = status;
  if (uid !== 0 && uid !== process.geteuid?.()) return true;
  // What a link leads to is looked at apart.
  if (status.isSymbolicLink()) return false;
  // In a sticky directory, such as /tmp, others replace nothing that is there.
  if ((mode & 0o1000) !== 0 && !isEnd) return false;
  return (mode & 0o002) !== 0 || ((mode & 0o020) !== 0 && gid !== 0 && !isPrivateGroup(gid, uid));
}
