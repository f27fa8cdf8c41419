#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/**
 * Writes the documentation that is made from sources.
 *
 *   node tools/docs.mjs --check    only reports whether it is what the sources say
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ensureNpm } from './lib/npm.mjs';
import { ROOT } from './lib/paths.mjs';
import { say } from './lib/progress.mjs';
import { SetupError } from './lib/run.mjs';
import { runTool } from './lib/tool.mjs';
import { readArguments } from './lib/usage.mjs';

/** Loaded when the packages are there. @returns {Promise<Record<string, string>>} by file */
async function documents() {
  const { apiText } = await import('./docs/api.mjs');
  const { errorsText } = await import('./docs/errors.mjs');
  const { troubleshootingText } = await import('./docs/troubleshooting.mjs');
  return {
    'docs/api.md': await apiText(),
    'docs/errors.md': errorsText(),
    'docs/troubleshooting.md': troubleshootingText(),
  };
}

async function main() {
  const { values } = readArguments(import.meta.url, { options: { check: { type: 'boolean' } } });
  await ensureNpm();
  for (const [name, text] of Object.entries(await documents())) {
    const file = path.join(ROOT, name);
    if (text === read(file)) continue;
    if (values.check) throw new SetupError(`${name} is not what the sources say: run "npm run docs".`);
    writeFileSync(file, text);
    say(`${name} written`);
  }
}

/** @param {string} file */
function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

runTool(main);
