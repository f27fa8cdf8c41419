// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** An empty folder that is removed after the tests of the file. */
export function freshFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'optee-test-'));
  folders.push(folder);
  return folder;
}
