// SPDX-License-Identifier: MIT
// @ts-check
import { closeSync, existsSync, ftruncateSync, mkdtempSync, openSync, readdirSync, renameSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isAlive } from '../tools/lib/lock.mjs';
import { run } from '../tools/lib/run.mjs';

const PREFIX = 'optee-machine-';

/** Room for the tests' data many times over; the file is sparse. */
const DISK_BYTES = 256 * 1024 * 1024;

/** A machine whose process was killed leaves its files; the next one removes them. */
function removeAbandoned() {
  for (const name of readdirSync(os.tmpdir())) {
    const pid = Number(new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1]);
    if (pid && !isAlive(pid)) rmSync(path.join(os.tmpdir(), name), { recursive: true, force: true });
  }
}

/** A folder of its own for one machine: its socket, logs, boot image and, unless it is kept, its disk. */
export function makeWorkFolder() {
  removeAbandoned();
  return mkdtempSync(path.join(os.tmpdir(), `${PREFIX}${process.pid}-`));
}

/**
 * Makes an empty disk with a file system, unless the file is there already.
 *
 * @param {string} file
 */
export async function ensureDisk(file) {
  if (existsSync(file)) return;
  const unfinished = `${file}.unfinished-${process.pid}`;
  const disk = openSync(unfinished, 'w', 0o600);
  ftruncateSync(disk, DISK_BYTES);
  closeSync(disk);
  try {
    await run('mke2fs', ['-q', '-t', 'ext4', '-E', 'root_owner=0:0,assume_storage_prezeroed=1', unfinished]);
    renameSync(unfinished, file);
  } finally {
    rmSync(unfinished, { force: true });
  }
}
