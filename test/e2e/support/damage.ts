// SPDX-License-Identifier: MIT
import type { Machine } from '../../../machine/machine.mjs';
import { DIRECTORY, FILES } from './disk.js';

/** Does some work, and changes every byte of whatever object's file it wrote. */
export async function damageFilesOf(machine: Machine, work: () => Promise<void>): Promise<void> {
  const before = await digests(machine);
  await work();
  const written = [...(await digests(machine))].filter(([name, digest]) => before.get(name) !== digest);
  const files = written.map(([name]) => name).filter((name) => name !== DIRECTORY);
  expect(files.length).toBeGreaterThan(0);
  const script = `for (const file of process.argv.slice(1)) {
    const bytes = fs.readFileSync(file);
    fs.writeFileSync(file, bytes.map((byte) => byte ^ 0x5a));
  }`;
  const { code, stderr } = await machine.exec(['node', '-e', script, ...files]);
  expect([code, stderr.toString()]).toEqual([0, '']);
}

/** Of every file. */
async function digests(machine: Machine): Promise<Map<string, string>> {
  const { code, stdout } = await machine.exec(['sh', '-c', `sha256sum ${FILES}/*`]);
  expect(code).toBe(0);
  const lines = stdout.toString().trim().split('\n');
  return new Map(lines.map((line) => [line.slice(66), line.slice(0, 64)]));
}
