#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
import { parseCommandLine, USAGE } from './optee/command-line.mjs';
import { runInMachine } from './optee/run.mjs';
import { say } from './lib/progress.mjs';
import { SetupError } from './lib/run.mjs';
import { ensureClientHeaders, ensureTaDevKit } from '../machine/kits.mjs';

const PRINTABLE = new Map([
  ['ta-dev-kit', ensureTaDevKit],
  ['client-headers', ensureClientHeaders],
]);

/** @param {string} what */
async function print(what) {
  const ensure = PRINTABLE.get(what);
  if (!ensure) throw new SetupError(`--print knows: ${[...PRINTABLE.keys()].join(', ')}`);
  process.stdout.write(`${await ensure()}\n`);
  return 0;
}

async function main() {
  const asked = parseCommandLine(process.argv.slice(2));
  if (asked.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  return asked.print === undefined ? runInMachine(asked) : print(asked.print);
}

main().then(
  // Whatever still waits for input, such as our standard input, has no say in when this ends.
  (code) => process.exit(code),
  (error) => {
    say(error instanceof SetupError ? error.message : error.stack);
    process.exit(error.exitCode ?? 125);
  },
);
