// SPDX-License-Identifier: MIT
// @ts-check
import path from 'node:path';
import { CACHE } from '../lib/paths.mjs';
import { SetupError } from '../lib/run.mjs';
import { USERS } from '../../machine/users.mjs';

/** Where --keep has its disk. */
const KEPT_DISK = path.join(CACHE, 'disk.img');

export const USAGE = `Usage: npm run optee -- [OPTION…] [COMMAND [ARGUMENT…]]

Boots a real OP-TEE (QEMU, arm64) with this checkout's package, addon and Trusted Application inside and runs COMMAND
there: its output, error output and exit code become this command's. Standard input is passed on unless it is a
terminal. Without COMMAND: a shell. What the machine is made of is fetched and built on first use. npm itself prints
two lines on standard output first; \`npm run -s optee\` keeps it from that.

  --user USER[:GID[,GROUP…]]  who runs COMMAND: a number or ${USERS.map((user) => user.name).join(', ')}
                              (default root). All but mallory are in the group tee unless groups are given;
                              "--user 1000:1000," gives none.
  --env NAME=VALUE            sets a variable for COMMAND; may be repeated
  --disk FILE                 keeps the secure storage on this disk image, made when absent
  --keep                      the same, with an image in .cache/machine
  --tty, -t                   gives COMMAND this terminal
  --log                       shows the secure world's log, on the error output
  --bare                      without the package, addon and Trusted Application
  --print ta-dev-kit          prints the folder of the TA development kit, for make -C ta TA_DEV_KIT_DIR=…
  --print client-headers      prints the folder of OP-TEE's own tee_client_api.h
  --help

In the shell and with --tty, Ctrl-A X switches the machine off. The exit code is 125 where the machine itself failed.
`;

/**
 * @typedef {object} CommandLine
 * @property {boolean} help
 * @property {string | undefined} print
 * @property {{ uid?: number, gid?: number, groups?: number[] }} identity
 * @property {Record<string, string>} env
 * @property {string | undefined} disk
 * @property {boolean} tty
 * @property {boolean} log
 * @property {boolean} bare
 * @property {string[]} command
 */

/** @param {string} message */
function usageError(message) {
  return Object.assign(new SetupError(`${message}\nSee npm run optee -- --help`), { exitCode: 2 });
}

/** @param {string} text */
function idOf(text) {
  const named = USERS.find((user) => user.name === text);
  if (named) return named.uid;
  const id = Number(text);
  if (text === '' || !Number.isInteger(id) || id < 0 || id > 0xfffffffe)
    throw usageError(`No user or group: "${text}"`);
  return id;
}

/** @param {string} text USER[:GID[,GROUP…]] */
function identityFrom(text) {
  const [user = '', ids] = text.split(':');
  if (ids === undefined) return { uid: idOf(user) };
  const [gid = '', ...groups] = ids.split(',');
  if (groups.length === 0) return { uid: idOf(user), gid: idOf(gid) };
  return { uid: idOf(user), gid: idOf(gid), groups: groups.filter((group) => group !== '').map(idOf) };
}

/** What each option does, given the value that follows it. @type {Record<string, (to: CommandLine, value: string) => void>} */
const VALUED = {
  '--user': (to, value) => (to.identity = identityFrom(value)),
  '--env': (to, value) => {
    const [, name, text] = /^([^=]+)=(.*)$/s.exec(value) ?? [];
    if (name === undefined || text === undefined) throw usageError(`--env takes NAME=VALUE, not "${value}"`);
    to.env[name] = text;
  },
  '--disk': (to, value) => (to.disk = value),
  '--print': (to, value) => (to.print = value),
};

/** @type {Record<string, (to: CommandLine) => void>} */
const PLAIN = {
  '--keep': (to) => (to.disk = KEPT_DISK),
  '--tty': (to) => (to.tty = true),
  '-t': (to) => (to.tty = true),
  '--log': (to) => (to.log = true),
  '--bare': (to) => (to.bare = true),
  '--help': (to) => (to.help = true),
  '-h': (to) => (to.help = true),
};

/**
 * Options end where COMMAND begins, so that its own reach it.
 *
 * @param {readonly string[]} args
 * @returns {CommandLine}
 * @throws {SetupError} with `exitCode` 2.
 */
export function parseCommandLine(args) {
  /** @type {CommandLine} */
  const to = {
    ...{ help: false, tty: false, log: false, bare: false, print: undefined, disk: undefined },
    ...{ identity: {}, env: {}, command: [] },
  };
  const rest = [...args];
  while (rest[0]?.startsWith('-') && rest[0] !== '--') {
    const [, name = '', attached] = /^(--[^=]+|-.)(?:=(.*))?$/s.exec(rest.shift() ?? '') ?? [];
    const valued = VALUED[name];
    if (valued) {
      const value = attached ?? rest.shift();
      if (value === undefined) throw usageError(`${name} needs a value`);
      valued(to, value);
    } else {
      const plain = PLAIN[name];
      if (!plain || attached !== undefined) throw usageError(`No such option: ${name}`);
      plain(to);
    }
  }
  to.command = rest[0] === '--' ? rest.slice(1) : rest;
  return to;
}
