#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/**
 * Runs jest, to try single kinds, files and cases of tests.
 *
 *   npm run jest -- --selectProjects unit
 *   npm run jest -- test/unit/keyv.test.ts -t "time to live"
 *
 * The arguments are jest's own, and jest refuses those that it does not know. It must be started with
 * --experimental-vm-modules, as npm does it, because tests import the ES modules in tools/.
 */
import '../node_modules/jest/bin/jest.js';
