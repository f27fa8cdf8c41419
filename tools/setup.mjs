#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/**
 * Sets up a machine that has only Node.js, npm, git and apt. If nothing is missing, it is silent and quick.
 *
 *   node tools/setup.mjs              what `npm run build` needs: npm packages, compilers for the addon
 *   node tools/setup.mjs all          everything, so that nothing is installed later
 *   node tools/setup.mjs GROUP …      the Debian packages of these groups: see APT_GROUPS in tools/lib/apt.mjs
 *
 * Other tools call what they need themselves.
 */
import { APT_GROUPS, ensureAptGroups } from './lib/apt.mjs';
import { ensureNpm } from './lib/npm.mjs';
import { isProgram, runTool } from './lib/tool.mjs';
import { readArguments } from './lib/usage.mjs';

export { ensureApt, ensureAptGroups } from './lib/apt.mjs';
export { ensureNpm } from './lib/npm.mjs';

const ALL = /** @type {import('./lib/apt.mjs').AptGroup[]} */ (Object.keys(APT_GROUPS));

/** @param {string[]} asked @returns {import('./lib/apt.mjs').AptGroup[]} */
function groupsOf(asked) {
  if (asked.length === 0) return ['native'];
  if (asked.includes('all')) return ALL;
  return /** @type {import('./lib/apt.mjs').AptGroup[]} */ (asked);
}

async function main() {
  const { positionals: asked } = readArguments(import.meta.url, { options: {}, names: ['all', ...ALL] });
  await ensureAptGroups(...groupsOf(asked));
  await ensureNpm();
}

if (isProgram(import.meta.url)) runTool(main);
