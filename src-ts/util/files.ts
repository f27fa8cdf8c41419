// SPDX-License-Identifier: MIT
import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';

/**
 * Makes a directory, and those above it that are missing. mkdirSync() with `recursive` never returns where none can be
 * made in one that exists, as in /proc.
 * @param mode of those that are made
 * @throws what mkdirSync() throws
 */
export function makeFolder(folder: string, mode: number): void {
  if (isFolder(folder)) return;
  makeFolder(path.dirname(folder), mode);
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    // Another process may have been quicker.
    if (!isFolder(folder)) throw error;
  }
}

function isFolder(name: string): boolean {
  return statSync(name, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
