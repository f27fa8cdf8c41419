#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/**
 * Boots a real OP-TEE in QEMU and runs a command or a shell in it.
 *
 *   npm run optee -- [OPTION…] [COMMAND [ARGUMENT…]]
 *
 * The machine (arm64) has this checkout's package, addon and Trusted Application inside. COMMAND's output, error output
 * and exit code become this command's. Standard input is passed on unless it is a terminal. Without COMMAND: a shell. What
 * the machine is made of is fetched and built on first use. npm itself prints two lines on standard output first;
 * `npm run -s optee` keeps it from that.
 *
 *   --user USER[:GID[,GROUP…]]  who runs COMMAND: a number or root, alice, bob, carol, mallory (default root). All but
 *                               mallory are in the group tee unless groups are given; "--user 1000:1000," gives none.
 *   --env NAME=VALUE            sets a variable for COMMAND; may be repeated
 *   --copy FROM[:TO]            puts a file or folder of yours there, as TO (default /opt/ and its name); may be repeated.
 *                               A program there finds this package: --copy app.js node /opt/app.js
 *   --disk FILE                 keeps the secure storage on this disk image, made when absent
 *   --keep                      the same, with an image in .cache/machine
 *   --tty, -t                   gives COMMAND this terminal
 *   --log                       shows the secure world's log, on the error output
 *   --bare                      without the package, addon and Trusted Application
 *   --print ta-dev-kit          prints the folder of the TA development kit, for make -C ta TA_DEV_KIT_DIR=…
 *   --print client-headers      prints the folder of OP-TEE's own tee_client_api.h
 *   --help, -h
 *
 * In the shell and with --tty, Ctrl-A X switches the machine off. The exit code is 125 if the machine itself failed.
 */
import { parseCommandLine } from './optee/command-line.mjs';
import { runInMachine } from './optee/run.mjs';
import { say } from './lib/progress.mjs';
import { SetupError } from './lib/run.mjs';
import { UsageAsked, UsageError } from './lib/usage.mjs';
import { ensureClientHeaders, ensureTaDevKit } from '../machine/kits.mjs';

const PRINTABLE = new Map([
  ['ta-dev-kit', ensureTaDevKit],
  ['client-headers', ensureClientHeaders],
]);

/** @param {string} what */
async function print(what) {
  const ensure = PRINTABLE.get(what);
  if (!ensure) throw new UsageError(`--print knows: ${[...PRINTABLE.keys()].join(', ')}.`, new URL(import.meta.url));
  process.stdout.write(`${await ensure()}\n`);
  return 0;
}

async function main() {
  const asked = parseCommandLine(process.argv.slice(2));
  return asked.print === undefined ? runInMachine(asked) : print(asked.print);
}

main().then(
  // Whatever still waits for input, such as our standard input, has no say in when this ends.
  (code) => process.exit(code),
  (error) => {
    if (error instanceof UsageAsked) {
      process.stdout.write(`${error.message}\n`);
      process.exit(0);
    }
    say(error instanceof SetupError ? error.message : error.stack);
    process.exit(error.exitCode ?? 125);
  },
);
