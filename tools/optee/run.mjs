// SPDX-License-Identifier: MIT
// @ts-check
import { constants } from 'node:os';
import { say } from '../lib/progress.mjs';
import { SetupError } from '../lib/run.mjs';
import { STDERR, STDIN } from '../../machine/guest-process.mjs';
import { Machine } from '../../machine/machine.mjs';
import { loginEnvironment } from '../../machine/users.mjs';
import { attachTerminal, terminalSize } from './terminal.mjs';

/** @typedef {import('../../machine/machine.d.mts').GuestProcess} GuestProcess */

const SHELL = ['bash', '-l'];
const LOG_PERIOD_MS = 200;

/** What OP-TEE logs when a TA, or OP-TEE itself, gave up. */
const PANIC = /TA panicked|Panic .*at |data-abort|prefetch-abort|undef-abort/;

/** Shows the secure world's log as it grows. @param {Machine} machine @returns {() => void} ends it. */
function followLog(machine) {
  let shown = 0;
  const show = () => {
    const log = machine.secureLog();
    process.stderr.write(log.slice(shown));
    shown = log.length;
  };
  const timer = setInterval(show, LOG_PERIOD_MS);
  return () => {
    clearInterval(timer);
    show();
  };
}

/** Passes standard input on, no faster than the command reads it. @param {GuestProcess} guest */
async function passInput(guest) {
  if (!process.stdin.isTTY) {
    for await (const chunk of process.stdin) await guest.write(STDIN, chunk);
  }
  await guest.end(STDIN);
}

/** The first signal is the command's, a second one ends everything. @param {GuestProcess} guest */
function passSignals(guest) {
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.once(signal, () => {
      guest.kill(signal);
      process.once(signal, () => process.exit(128 + constants.signals[signal]));
    });
  }
}

/** @param {number} stream @param {Buffer} bytes */
function show(stream, bytes) {
  (stream === STDERR ? process.stderr : process.stdout).write(bytes);
}

/** Waits until what was shown has left this process. */
function flush() {
  const written = (/** @type {NodeJS.WriteStream} */ to) => new Promise((resolve) => to.write('', resolve));
  return Promise.all([written(process.stdout), written(process.stderr)]);
}

/** @param {Machine} machine @param {import('./command-line.mjs').CommandLine} asked */
async function runCommand(machine, { command, identity, env, tty }) {
  const isShell = command.length === 0;
  const onTerminal = process.stdin.isTTY && process.stdout.isTTY && (tty || isShell);
  const guest = machine.spawn(isShell ? SHELL : command, {
    ...identity,
    cwd: isShell ? loginEnvironment(identity.uid ?? 0).HOME : undefined,
    env: onTerminal ? { TERM: process.env.TERM ?? 'linux', ...env } : env,
    onData: show,
    terminal: onTerminal ? terminalSize() : undefined,
  });
  const detach = onTerminal ? attachTerminal(guest) : undefined;
  if (!onTerminal) {
    passSignals(guest);
    void passInput(guest);
  }
  try {
    const { code, signal } = await guest.closed;
    return code ?? 128 + constants.signals[signal ?? 'SIGKILL'];
  } catch (error) {
    throw startFailure(error);
  } finally {
    detach?.();
  }
}

/** A command that could not be started ends with the codes a shell has for that. @param {unknown} error */
function startFailure(error) {
  if (!(error instanceof Error)) return error;
  const exitCode = 'code' in error ? { ENOENT: 127, EACCES: 126 }[String(error.code)] : undefined;
  return exitCode === undefined ? error : Object.assign(new SetupError(error.message), { exitCode });
}

/**
 * Boots the machine, runs what was asked for, and ends it.
 *
 * @param {import('./command-line.mjs').CommandLine} asked
 * @returns {Promise<number>} the exit code.
 */
export async function runInMachine(asked) {
  if (asked.tty && !(process.stdin.isTTY && process.stdout.isTTY)) say('--tty has no effect: this is no terminal.');
  process.stdout.on('error', () => process.exit(128 + constants.signals.SIGPIPE));
  if (process.stderr.isTTY) say('Booting OP-TEE …');
  const machine = await Machine.start({ product: !asked.bare, disk: asked.disk, files: asked.files });
  const endLog = asked.log ? followLog(machine) : undefined;
  try {
    return await runCommand(machine, asked);
  } finally {
    endLog?.();
    const panics = machine
      .secureLog()
      .split('\n')
      .filter((line) => PANIC.test(line));
    if (!asked.log && panics.length > 0) {
      say(
        `A Trusted Application or OP-TEE panicked; --log shows the secure world's log.\n${panics.slice(-3).join('\n')}`,
      );
    }
    await flush();
    await machine.stop();
  }
}
