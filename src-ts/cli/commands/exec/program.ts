// SPDX-License-Identifier: MIT
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import { getSystemErrorName } from 'node:util';

import { SecureStorageError } from '../../../errors/error.js';
import type { ProcessControl } from '../../../native/addon.js';
import { wipeableBuffer } from '../../../util/wipeable.js';
import { environmentObject } from './environment.js';
import { dieOf, passSignals } from './signals.js';

/** A program to start with the standard streams of this process. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: readonly Buffer[];
  /**
   * What it gets as descriptors from 3 on, beside those that are passed on by themselves: the number there, and the one
   * here.
   */
  readonly descriptors: ReadonlyMap<number, number>;
}

/**
 * Makes this process the program, so that nothing is between it and whoever started this one. The descriptors that it gets
 * have the same numbers here.
 * @throws SecureStorageError ERR_NO_COMMAND, ERR_COMMAND
 */
export function becomeProgram({ command, args, environment, descriptors }: Program, control: ProcessControl): never {
  const file = terminated(Buffer.from(fileOf(command)));
  const words = [command, ...args].map((word) => terminated(Buffer.from(word)));
  // From here on there is another copy of the secrets.
  const texts = environment.map(terminated);
  try {
    const errno = control.replaceProcess(file, words, texts, [0, 1, 2, ...descriptors.values()]);
    throw startError({ code: getSystemErrorName(-errno) });
  } finally {
    for (const text of texts) text.fill(0);
  }
}

function fileOf(command: string): string {
  try {
    return findProgram(command);
  } catch (error) {
    throw startError(error as NodeJS.ErrnoException);
  }
}

/** As C has texts. */
function terminated(bytes: Uint8Array): Buffer {
  const text = wipeableBuffer(bytes.length + 1);
  text.set(bytes);
  return text;
}

/**
 * Starts a program, as an init does: signals are passed on to it, and children that others have left behind are reaped.
 * @returns a promise of its exit code, or of 128 + n for a signal that ended it and shall not end this process as well
 * @throws SecureStorageError ERR_NO_COMMAND, ERR_COMMAND, also as a rejection
 */
export function startProgram(
  { command, args, environment, descriptors }: Program,
  control: ProcessControl | undefined,
): Promise<number> {
  let child: ChildProcess | undefined;
  const stopPassing = passSignals({
    get pid() {
      return child?.pid;
    },
    kill: (signal) => child?.kill(signal),
  });
  const reap = () => control?.reapChildren(child?.pid ?? 0);
  process.on('SIGCHLD', reap);
  const stop = () => {
    stopPassing();
    process.off('SIGCHLD', reap);
  };
  try {
    const env = environmentObject(environment);
    child = spawn(findProgram(command), args, { argv0: command, env, stdio: stdioWith(descriptors) });
  } catch (error) {
    stop();
    throw error instanceof SecureStorageError ? error : startError(error as NodeJS.ErrnoException);
  }
  return endOf(child, stop);
}

function stdioWith(descriptors: ReadonlyMap<number, number>): StdioOptions {
  const size = Math.max(2, ...descriptors.keys()) + 1;
  // From 3 on 'ignore' opens nothing.
  return Array.from({ length: size }, (_, number) => (number < 3 ? 'inherit' : (descriptors.get(number) ?? 'ignore')));
}

/**
 * The program's path, by the PATH of this process. What it is started with may have another one, and the system would
 * look there.
 * @throws an error with the code of the system's
 */
function findProgram(command: string): string {
  if (process.platform === 'win32' || command === '' || command.includes('/')) return command;
  let code = 'ENOENT';
  for (const folder of (process.env.PATH ?? '/usr/bin:/bin').split(path.delimiter)) {
    const candidate = path.join(folder || '.', command);
    try {
      accessSync(candidate, constants.X_OK);
      if (statSync(candidate).isFile()) return path.resolve(candidate);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EACCES') code = 'EACCES';
    }
  }
  throw Object.assign(new Error('the program was not found'), { code });
}

function endOf(child: ChildProcess, stop: () => void): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      // A signal that could not be sent is no reason to leave the program alone.
      if (child.pid !== undefined) return;
      stop();
      reject(startError(error as NodeJS.ErrnoException));
    });
    child.once('exit', (code, signal) => {
      stop();
      resolve(signal === null ? (code ?? 1) : dieOf(signal));
    });
  });
}

/** Without the command's name: it could be part of a secret that was given in the wrong place. */
function startError({ code = '' }: { readonly code?: string | undefined }): SecureStorageError {
  // Node.js's own code for an empty name.
  if (code === 'ENOENT' || code === 'ERR_INVALID_ARG_VALUE')
    return new SecureStorageError('ERR_NO_COMMAND', { operation: 'exec' });
  return new SecureStorageError('ERR_COMMAND', {
    operation: 'exec',
    detail: `the command cannot be started (${code})`,
    ...(code === 'E2BIG' ? { remedy: 'Arguments and environment are too large together: use --file-env.' } : {}),
  });
}
