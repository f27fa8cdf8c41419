// SPDX-License-Identifier: MIT
// @ts-check
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** @param {number} pid */
export function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/** @param {string} file */
function takeLock(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    return false;
  }
}

/** A lock whose holder died is nobody's. An empty one is being written this very moment. @param {string} file */
function removeStaleLock(file) {
  try {
    const holder = Number(readFileSync(file, 'utf8'));
    if (holder > 0 && !isAlive(holder)) rmSync(file, { force: true });
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOENT') throw error;
  }
}

/** Locks this process holds, so that one path may be asked for twice at once. @type {Map<string, Promise<unknown>>} */
const held = new Map();

/**
 * Runs `action` while no other process of this machine runs one under the same lock file.
 *
 * @template T
 * @param {string} file
 * @param {() => Promise<T>} action
 * @param {() => void} [onWait] called once when another process holds the lock.
 * @returns {Promise<T>}
 */
export async function withLock(file, action, onWait) {
  const before = held.get(file) ?? Promise.resolve();
  const mine = before.catch(() => {}).then(() => lockedRun(file, action, onWait));
  held.set(file, mine);
  return mine;
}

/**
 * @template T
 * @param {string} file
 * @param {() => Promise<T>} action
 * @param {() => void} [onWait]
 */
async function lockedRun(file, action, onWait) {
  mkdirSync(path.dirname(file), { recursive: true });
  for (let waited = false; !takeLock(file); waited = true) {
    if (!waited) onWait?.();
    removeStaleLock(file);
    await delay(100);
  }
  const release = () => rmSync(file, { force: true });
  process.once('exit', release);
  try {
    return await action();
  } finally {
    process.off('exit', release);
    release();
  }
}
