// SPDX-License-Identifier: MIT
import { usageError } from './command-line.js';

/** Of these one is enough for Node.js to print what it handles: the environment of a program that it starts, for one. */
const PRINTING = ['NODE_DEBUG', 'NODE_DEBUG_NATIVE'] as const;

/** Options with which Node.js writes its memory to a file. */
const WRITING = /(?:^|\s)["']?(--heapsnapshot-(?:signal|near-heap-limit))\b/;

/**
 * Has SIGUSR1 end this process, as it ends other programs. Node.js would open its debugger to every user of this machine: it
 * listens at a port of 127.0.0.1 and asks for no password.
 */
export function openNoDebugger(): void {
  const none = () => undefined;
  process.on('SIGUSR1', none);
  // With its last listener a signal gets back what the system does, which is not what Node.js did before.
  process.off('SIGUSR1', none);
}

/** Whether a debugger can connect. Without options of Node.js none can, and the module for it takes long to load. */
export function isDebuggerOpen(env: NodeJS.ProcessEnv, options: readonly string[]): boolean {
  if (options.length === 0 && (env.NODE_OPTIONS ?? '') === '') return false;
  try {
    return (require('node:inspector') as typeof import('node:inspector')).url() !== undefined;
  } catch {
    // This Node.js was built without one.
    return false;
  }
}

/**
 * Refuses settings of Node.js that show secrets to whoever reads standard error, such as a journal, or a file, or connects
 * to it.
 * @param options of Node.js itself, besides those in the environment
 * @throws SecureStorageError ERR_USAGE
 */
export function refuseDebugging(env: NodeJS.ProcessEnv, options: readonly string[]): void {
  const printing = PRINTING.find((name) => (env[name] ?? '') !== '');
  if (printing !== undefined) {
    const remedy = `unset it with "env -u ${printing}" (exec: give it to the program with "-- env ${printing}=...")`;
    throw usageError(`${printing} is set, with which Node.js prints what it handles, secrets too: ${remedy}`);
  }
  // Node.js takes _ for - in its options.
  const given = [...options, env.NODE_OPTIONS ?? ''].join(' ').replaceAll('_', '-');
  const writing = WRITING.exec(given)?.[1];
  if (writing !== undefined)
    throw usageError(`Node.js has the option ${writing}, with which it writes secrets to a file`);
  if (isDebuggerOpen(env, options)) {
    throw usageError(
      'Node.js has --inspect, with which every user of this machine can read its memory: start it without',
    );
  }
}
