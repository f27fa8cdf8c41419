// SPDX-License-Identifier: MIT
import { usageError } from './command-line.js';

/** Of these one is enough for Node.js to print what it handles: the environment of a program that it starts, for one. */
const PRINTING = ['NODE_DEBUG', 'NODE_DEBUG_NATIVE'] as const;

/** Options with which Node.js writes its memory to a file. */
const WRITING = /(?:^|\s)["']?(--heapsnapshot-(?:signal|near-heap-limit))\b/;

/**
 * Refuses settings of Node.js that show secrets to whoever reads standard error, such as a journal, or a file.
 * @param options of Node.js itself, besides those in the environment
 * @throws SecureStorageError ERR_USAGE
 */
export function refuseDebugging(env: NodeJS.ProcessEnv, options: readonly string[]): void {
  const printing = PRINTING.find((name) => (env[name] ?? '') !== '');
  if (printing !== undefined) {
    const remedy = `unset it with "env -u ${printing}" (exec: give it to the program with "-- env ${printing}=...")`;
    throw usageError(`${printing} is set, with which Node.js prints what it handles, secrets too: ${remedy}`);
  }
  const writing = WRITING.exec([...options, env.NODE_OPTIONS ?? ''].join(' '))?.[1];
  if (writing !== undefined)
    throw usageError(`Node.js has the option ${writing}, with which it writes secrets to a file`);
}
