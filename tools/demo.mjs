#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/** Shows the main job with the simulator; what is missing is set up first. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { ROOT } from './lib/paths.mjs';
import { run, SetupError } from './lib/run.mjs';
import { step } from './lib/progress.mjs';
import { runTool } from './lib/tool.mjs';
import { readArguments } from './lib/usage.mjs';
import { ensureAptGroups, ensureNpm } from './setup.mjs';

const OTHER_USER = 4711;
/** Of this run; gone afterwards. */
const folder = path.join(os.tmpdir(), `optee-demo-${randomUUID()}`);
/** Where the simulator's data is, and where a shell finds optee-storage. */
const directory = path.join(folder, 'data');
const bin = path.join(folder, 'bin');
/** The built package, as CommonJS. */
const load = createRequire(import.meta.url);

const bold = (/** @type {string} */ text) => (process.stdout.isTTY ? `\u001b[1m${text}\u001b[0m` : text);
const print = (/** @type {string} */ text) => process.stdout.write(`${text}\n`);

/** What the demo promises must have happened. @param {unknown} actual @param {unknown} expected */
function expectSame(actual, expected) {
  if (actual !== expected)
    throw new SetupError(`The demo went wrong: ${expected} was expected, but there is ${actual}`);
}

/**
 * Shows a shell command and carries it out, with `optee-storage` as a user has it after the installation.
 * @param {string} command @param {number} [code] the exit code it must have
 */
function shell(command, code = 0) {
  print(`  ${bold(`$ ${command}`)}`);
  const env = {
    ...process.env,
    PATH: `${bin}:${process.env.PATH}`,
    NODE_ENV: 'development',
    OPTEE_STORAGE_BACKEND: 'simulator',
    OPTEE_STORAGE_SIMULATOR_DIR: directory,
  };
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command], { env, encoding: 'utf8' });
  // Said once, at the beginning.
  const errors = stderr.replace(/^optee-secure-storage: the simulator .*\n/gm, '');
  for (const line of `${stdout}\n${errors}`.split('\n').filter(Boolean)) print(`  ${line}`);
  if (code !== 0) print(`  (exit code ${code})`);
  expectSame(status, code);
  return stdout;
}

/** Changes one bit in some of the files in which the simulator keeps its objects. @param {(file: string) => boolean} which */
function tamper(which) {
  const objects = path.join(directory, 'v1', 'objects');
  for (const file of readdirSync(objects).filter(which)) {
    const bytes = readFileSync(path.join(objects, file));
    bytes.writeUInt8(bytes.readUInt8(40) ^ 1, 40);
    writeFileSync(path.join(objects, file), bytes);
  }
}

/** The store of somebody else in the same directory: the simulator lets anybody be played. */
async function storeOfOther() {
  const { connect } = load('../dist/connection/open.js');
  const { SecureStorage } = load('../dist/index.js');
  const { Simulator } = load('../dist/simulator/backend.js');
  const { clientOfUser, GivenIdentity } = load('../dist/testing/given-user.js');
  const simulator = new Simulator(directory);
  const backend = {
    name: simulator.name,
    secure: false,
    open: (/** @type {any} */ target, /** @type {any} */ options) =>
      simulator.open(target, options, clientOfUser(OTHER_USER, [])),
  };
  return new SecureStorage(await connect({}, { backend, identity: new GivenIdentity(OTHER_USER, undefined) }));
}

async function show() {
  print(`\nSecrets in the simulator: the Trusted Application itself, as WebAssembly, with its data in a directory.`);
  print(`It behaves as on a board and protects nothing. (${directory})\n`);

  print('A secret is stored and fetched, on the command line');
  shell('printf s3cret | optee-storage put db/password');
  shell('optee-storage generate device/key --size 32');
  expectSame(shell('optee-storage get db/password'), 's3cret');
  shell('optee-storage list');

  print('\nand by an application');
  print(`  ${bold("const store = await SecureStorage.open({ backend: 'simulator' });")}`);
  print(`  ${bold("await store.get('db/password', { encoding: 'utf8' })")}`);
  const { SecureStorage } = load('../dist/index.js');
  const store = await SecureStorage.open({ backend: 'simulator', simulator: { directory } });
  const value = await store.get('db/password', { encoding: 'utf8' });
  print(`  '${value}'`);
  expectSame(value, 's3cret');
  await store.close();

  print(`\nAnother user of the device (user ${OTHER_USER}) sees nothing of it`);
  const theirs = await storeOfOther();
  print(`  ${bold("await store.get('db/password')")}\n  ${await theirs.get('db/password')}`);
  print(`  ${bold('await store.keys()')}\n  ${JSON.stringify(await theirs.keys())}`);
  expectSame((await theirs.keys()).length, 0);
  await theirs.close();

  print('\nEverything is stored twice. One bit of one copy is changed behind its back: nothing is lost');
  const firstCopy = /^0100/;
  tamper((file) => firstCopy.test(file));
  expectSame(shell('optee-storage get db/password'), 's3cret');

  print('\nBoth copies are changed: it is told, and never mistaken for an empty store');
  tamper(() => true);
  shell('optee-storage get db/password', 1);
  print('\nWhat is lost is given up (clear counts only keys that it could see), and stored anew');
  shell('optee-storage clear --all --yes');
  shell('printf s3cret | optee-storage put db/password');
  expectSame(shell('optee-storage get db/password'), 's3cret');

  print('\nThe data of this demo is gone now. To go on by yourself, with data that stays:');
  print(`  ${bold('export OPTEE_STORAGE_BACKEND=simulator')}`);
  print(`  ${bold('alias optee-storage="node $PWD/dist/cli/main.js"')}`);
  print(`  ${bold('optee-storage --help')}`);

  print('\nThe same on a real OP-TEE, in QEMU (the first time takes some minutes):');
  print(
    `  ${bold("npm run optee -- sh -c 'printf s3cret | optee-storage put db/password && optee-storage get db/password'")}\n`,
  );
}

async function demonstrate() {
  await ensureAptGroups('simulator');
  await ensureNpm();
  const npm = (/** @type {string} */ script) => run('npm', ['run', '--silent', script], { cwd: ROOT });
  await step('Building the package and the simulator', async () => {
    await npm('build:ts');
    await npm('build:simulator');
  });
  process.env.NODE_ENV = 'development';
  mkdirSync(folder, { mode: 0o700 });
  mkdirSync(bin);
  const program = path.join(ROOT, 'dist', 'cli', 'main.js');
  chmodSync(program, 0o755);
  symlinkSync(program, path.join(bin, 'optee-storage'));
  await show();
}

async function main() {
  readArguments(import.meta.url, { options: {} });
  await demonstrate().finally(() => {
    rmSync(folder, { recursive: true, force: true });
  });
}

runTool(main);
