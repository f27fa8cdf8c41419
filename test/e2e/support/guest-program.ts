// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '../../..');
const INCLUDES = ['ta/include', 'node_modules/node-api-headers/include'];

/**
 * Builds test/e2e/guest/NAME.c for the machine.
 * @param name the addon's or program's
 * @param kind a program, or an addon for Node.js
 * @returns the path of what was built
 */
export function buildForGuest(name: string, kind: 'program' | 'addon'): string {
  const folder = path.join(ROOT, 'build', 'test-e2e');
  mkdirSync(folder, { recursive: true });
  const output = path.join(folder, kind === 'addon' ? `${name}.node` : name);
  const flags = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror', ...INCLUDES.map((name) => `-I${name}`)];
  const form = kind === 'addon' ? ['-shared', '-fPIC'] : ['-static'];
  const source = `test/e2e/guest/${name}.c`;
  execFileSync('aarch64-linux-gnu-gcc', [...flags, ...form, '-o', output, source], { cwd: ROOT });
  return output;
}
