// SPDX-License-Identifier: MIT
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';

import { SecureStorageError } from '../../../errors/error.js';
import { dieOf, passSignals } from './signals.js';

/** A program to start with the standard streams of this process. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** What it gets as descriptors from 3 on: the number there, and the one here. */
  readonly descriptors: ReadonlyMap<number, number>;
}

/**
 * Starts a program.
 * @returns a promise of its exit code, or of 128 + n for a signal that ended it and shall not end this process as well
 * @throws SecureStorageError ERR_NO_COMMAND, ERR_COMMAND, also as a rejection
 */
export function startProgram({ command, args, env, descriptors }: Program): Promise<number> {
  let child: ChildProcess | undefined;
  const stopPassing = passSignals({
    get pid() {
      return child?.pid;
    },
    kill: (signal) => child?.kill(signal),
  });
  try {
    child = spawn(findProgram(command), args, { argv0: command, env, stdio: stdioWith(descriptors) });
  } catch (error) {
    stopPassing();
    throw startError(error as NodeJS.ErrnoException);
  }
  return endOf(child, stopPassing);
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

function endOf(child: ChildProcess, stopPassing: () => void): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      // A signal that could not be sent is no reason to leave the program alone.
      if (child.pid !== undefined) return;
      stopPassing();
      reject(startError(error));
    });
    child.once('exit', (code, signal) => {
      stopPassing();
      resolve(signal === null ? (code ?? 1) : dieOf(signal));
    });
  });
}

/** Without the command's name: it could be part of a secret that was given in the wrong place. */
function startError({ code = '' }: NodeJS.ErrnoException): SecureStorageError {
  // Node.js's own code for an empty name.
  if (code === 'ENOENT' || code === 'ERR_INVALID_ARG_VALUE')
    return new SecureStorageError('ERR_NO_COMMAND', { operation: 'exec' });
  return new SecureStorageError('ERR_COMMAND', {
    operation: 'exec',
    detail: `the command cannot be started (${code})`,
    ...(code === 'E2BIG' ? { remedy: 'Arguments and environment are too large together: use --file-env.' } : {}),
  });
}
