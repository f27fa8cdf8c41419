#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/**
 * Sets a machine up that has only Node.js, npm, git and apt; where nothing is missing it is silent and quick.
 *
 *   node tools/setup.mjs              what `npm run build` needs: npm packages, compilers for the addon
 *   node tools/setup.mjs all          everything, so that nothing is installed later
 *   node tools/setup.mjs GROUP …      the Debian packages of these groups: see APT_GROUPS in tools/lib/apt.mjs
 *
 * Other tools call what they need themselves.
 */
import { APT_GROUPS, ensureAptGroups } from './lib/apt.mjs';
import { ensureNpm } from './lib/npm.mjs';
import { SetupError } from './lib/run.mjs';
import { isProgram, runTool } from './lib/tool.mjs';

export { ensureApt, ensureAptGroups } from './lib/apt.mjs';
export { ensureNpm } from './lib/npm.mjs';

const ALL = /** @type {import('./lib/apt.mjs').AptGroup[]} */ (Object.keys(APT_GROUPS));

/** @param {string[]} asked @returns {import('./lib/apt.mjs').AptGroup[]} */
function groupsOf(asked) {
  if (asked.length === 0) return ['native'];
  if (asked.includes('all')) return ALL;
  const unknown = asked.filter((name) => !(name in APT_GROUPS));
  if (unknown.length > 0) throw new SetupError(`Unknown group: ${unknown.join(' ')}. There are: all ${ALL.join(' ')}`);
  return /** @type {import('./lib/apt.mjs').AptGroup[]} */ (asked);
}

/** Sets up what the command's arguments name. @param {string[]} asked */
async function setUp(asked) {
  await ensureAptGroups(...groupsOf(asked));
  await ensureNpm();
}

if (isProgram(import.meta.url)) runTool(() => setUp(process.argv.slice(2)));
