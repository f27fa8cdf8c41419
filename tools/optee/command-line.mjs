// SPDX-License-Identifier: MIT
// @ts-check
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { CACHE } from '../lib/paths.mjs';
import { readArguments, UsageError } from '../lib/usage.mjs';
import { USERS } from '../../machine/users.mjs';

/** Where --keep has its disk. */
const KEPT_DISK = path.join(CACHE, 'disk.img');

/** The tool, whose head has the usage. */
const TOOL = new URL('../optee.mjs', import.meta.url).href;

const OPTIONS = /** @type {const} */ ({
  user: { type: 'string' },
  env: { type: 'string', multiple: true },
  copy: { type: 'string', multiple: true },
  disk: { type: 'string' },
  keep: { type: 'boolean' },
  tty: { type: 'boolean', short: 't' },
  log: { type: 'boolean' },
  bare: { type: 'boolean' },
  print: { type: 'string' },
});

/**
 * @typedef {object} CommandLine
 * @property {string | undefined} print
 * @property {{ uid?: number, gid?: number, groups?: number[] }} identity
 * @property {Record<string, string>} env
 * @property {Record<string, string>} files by their paths on the machine
 * @property {string | undefined} disk
 * @property {boolean} tty
 * @property {boolean} log
 * @property {boolean} bare
 * @property {string[]} command
 */

/** @param {string} fault */
const usageError = (fault) => new UsageError(fault, new URL(TOOL));

/** @param {string} text */
function idOf(text) {
  const named = USERS.find((user) => user.name === text);
  if (named) return named.uid;
  const id = Number(text);
  if (text === '' || !Number.isInteger(id) || id < 0 || id > 0xfffffffe) {
    throw usageError(`"${text}" is no user or group.`);
  }
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

/** @param {string} assignment */
function variable(assignment) {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(assignment) ?? [];
  if (name === undefined || value === undefined) throw usageError(`--env takes NAME=VALUE, not "${assignment}".`);
  return [name, value];
}

/**
 * The files that a file or folder here becomes there, by their paths there. Links are followed.
 * @param {string} copy FROM[:TO]
 * @returns {[string, string][]}
 */
function copied(copy) {
  const at = copy.lastIndexOf(':');
  const from = path.resolve(at < 0 ? copy : copy.slice(0, at));
  const to = at < 0 ? `/opt/${path.basename(from)}` : path.posix.normalize(copy.slice(at + 1));
  if (!to.startsWith('/') || to === '/') throw usageError(`--copy takes FROM:TO with a whole path TO, not "${copy}".`);
  const found = statSync(from, { throwIfNoEntry: false });
  if (found?.isFile()) return [[to, from]];
  if (!found?.isDirectory()) throw usageError(`There is no file or folder "${from}" to copy.`);
  const inside = readdirSync(from, { recursive: true, encoding: 'utf8' });
  return inside
    .filter((name) => statSync(path.join(from, name), { throwIfNoEntry: false })?.isFile())
    .map((name) => [path.posix.join(to, name), path.join(from, name)]);
}

/** Options end where COMMAND begins, so that its own reach it. @param {readonly string[]} args */
function split(args) {
  const { tokens } = parseArgs({ args: [...args], options: OPTIONS, strict: false, tokens: true });
  const end = tokens.find(({ kind }) => kind !== 'option');
  if (!end) return { own: args, command: [] };
  return { own: args.slice(0, end.index), command: args.slice(end.kind === 'positional' ? end.index : end.index + 1) };
}

/**
 * @param {readonly string[]} args
 * @returns {CommandLine}
 * @throws {UsageError | import('../lib/usage.mjs').UsageAsked}
 */
export function parseCommandLine(args) {
  const { own, command } = split(args);
  const { values } = readArguments(TOOL, { options: OPTIONS }, own);
  const { user, env = [], copy = [], disk, keep, tty = false, log = false, bare = false, print } = values;
  return {
    ...{ print, tty, log, bare, command },
    disk: disk ?? (keep ? KEPT_DISK : undefined),
    identity: user === undefined ? {} : identityFrom(user),
    env: Object.fromEntries(env.map(variable)),
    files: Object.fromEntries(copy.flatMap(copied)),
  };
}
