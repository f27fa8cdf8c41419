#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/**
 * Formatters, linters, type checks and documentation over the whole tree.
 *
 *   npm run check     checks formats, lint rules, types, words, links and what of the documentation is made from sources
 *   npm run format    formats everything, and fixes what linters can fix (node tools/check.mjs --fix)
 */
import { spawnSync } from 'node:child_process';
import { trackedFiles } from './lib/git.mjs';
import { ROOT, TSC } from './lib/paths.mjs';
import { runTool } from './lib/tool.mjs';
import { readArguments } from './lib/usage.mjs';
import { ensureNpm } from './setup.mjs';

/** Each check's command, and the command that fixes what it finds, if there is one. */
const checks = () => [
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
  { name: 'types of src-ts', check: ['node', 'tools/typescript.mjs'] },
  { name: 'types of test', check: ['node', TSC, '-p', 'test/tsconfig.json'] },
  { name: 'types of tools', check: ['node', TSC, '-p', 'tools/tsconfig.json'] },
  { name: 'layout', check: ['node', 'tools/layout.mjs'] },
  { name: 'storage calls', check: ['node', 'tools/storage-calls.mjs'] },
  { name: 'words', check: ['node', 'tools/docs/words.mjs'] },
  { name: 'links', check: ['node', 'tools/docs/links.mjs'] },
  { name: 'docs', check: ['node', 'tools/docs.mjs', '--check'], fix: ['node', 'tools/docs.mjs'] },
];

async function main() {
  const { values } = readArguments(import.meta.url, { options: { fix: { type: 'boolean' } } });
  await ensureNpm();
  const commands = checks().flatMap(({ name, check, fix }) => {
    const command = values.fix ? fix : check;
    return command ? [{ name, command }] : [];
  });
  let failed = 0;
  for (const { name, command } of commands) {
    const { status } = spawnSync('npx', ['--no-install', ...command], { cwd: ROOT, stdio: 'inherit' });
    if (status !== 0) failed++;
    process.stdout.write(`${status === 0 ? 'ok    ' : 'FAILED'} ${name}\n`);
  }
  if (!values.fix) process.stdout.write(`${commands.length - failed} passed, ${failed} failed\n`);
  process.exitCode = failed === 0 ? 0 : 1;
}

runTool(main);
