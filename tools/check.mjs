#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/** `npm run check` and `npm run format`: formatters, linters, type checks and documentation over the whole tree. */
import { spawnSync } from 'node:child_process';
import { trackedFiles } from './lib/git.mjs';
import { ROOT, TSC } from './lib/paths.mjs';
import { ensureNpm } from './setup.mjs';

const fix = process.argv.includes('--fix');

/** Each check's command; where `fix` is given, that is what mends what it finds. */
const CHECKS = [
  {
    name: 'prettier',
    check: ['prettier', '--log-level', 'warn', '--check', '.'],
    fix: ['prettier', '--log-level', 'warn', '--write', '.'],
  },
  {
    name: 'clang-format',
    check: ['clang-format', '-n', '-Werror', ...trackedFiles('*.c', '*.h', '*.cc')],
    fix: ['clang-format', '-i', ...trackedFiles('*.c', '*.h', '*.cc')],
  },
  { name: 'eslint', check: ['eslint', '--max-warnings', '0', '.'], fix: ['eslint', '--fix', '.'] },
  // It compiles, for what has been compiled is looked at only where it changed.
  { name: 'types of src-ts', check: ['node', TSC, '-p', 'tsconfig.json'] },
  { name: 'types of test', check: ['node', TSC, '-p', 'test/tsconfig.json'] },
  { name: 'types of tools', check: ['node', TSC, '-p', 'tools/tsconfig.json'] },
  { name: 'links', check: ['node', 'tools/docs/links.mjs'] },
  { name: 'docs', check: ['node', 'tools/docs.mjs', '--check'], fix: ['node', 'tools/docs.mjs'] },
];

await ensureNpm();
let failed = 0;
for (const { name, check, fix: mend } of CHECKS) {
  const command = fix ? mend : check;
  if (!command) continue;
  const { status } = spawnSync('npx', ['--no-install', ...command], { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) failed++;
  process.stdout.write(`${status === 0 ? 'ok    ' : 'FAILED'} ${name}\n`);
}
if (!fix) process.stdout.write(`${CHECKS.length - failed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
