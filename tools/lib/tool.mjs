// SPDX-License-Identifier: MIT
// @ts-check
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { say } from './progress.mjs';
import { SetupError } from './run.mjs';
import { UsageAsked, UsageError } from './usage.mjs';

/** Whether a module is the program that was started, not one that another imports. @param {string} url its import.meta.url */
export function isProgram(url) {
  return process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(url);
}

/**
 * Runs a tool's program. What its user can do something about is told by its message alone; the exit code is then 1, or
 * 2 if the tool was asked for what it does not know.
 * @param {() => Promise<void>} main
 */
export function runTool(main) {
  main().catch((error) => {
    if (error instanceof UsageAsked) {
      process.stdout.write(`${error.message}\n`);
      return;
    }
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
    process.exitCode = error instanceof UsageError ? error.exitCode : 1;
  });
}
