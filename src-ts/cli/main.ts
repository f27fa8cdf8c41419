#!/usr/bin/env node
// SPDX-License-Identifier: MIT
import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';

import type { OpenOptions } from '../arguments/options.js';
import type { SecureStorage } from '../store.js';
import { openNoDebugger, refuseDebugging } from './debugging.js';
import { processStreams } from './terminal/io.js';
import { run } from './run.js';

const native = () => require('../native/backend.js') as typeof import('../native/backend.js');

/** Does what needs the addon. That there is none is told when the store is opened; with the simulator it is not missed. */
function withAddon<T>(action: (addon: ReturnType<typeof native>) => T): T | undefined {
  try {
    return action(native());
  } catch {
    // Nothing that could print, and no TEE to have secrets from.
    return undefined;
  }
}

/** libteec prints its errors to standard output, which belongs to what was asked for. */
function keepOutputClean(): void {
  withAddon((addon) => addon.redirectStdioToStderr());
}

/** Loads what talks to the TEE only when a command needs it: help and usage errors do not. */
function open(options: OpenOptions): Promise<SecureStorage> {
  keepOutputClean();
  const store = require('../store.js') as typeof import('../store.js');
  return store.SecureStorage.open(options);
}

/** This program does nothing but handle secrets. */
function forbidDumps(): void {
  refuseDebugging(process.env, process.execArgv);
  withAddon((addon) => addon.forbidDumps());
}

const control = () => withAddon((addon) => addon.processControl());

/** True where they cannot be seen. */
function hasWellFormedArguments(): boolean {
  try {
    return isUtf8(readFileSync('/proc/self/cmdline'));
  } catch {
    return true;
  }
}

// First: it looks at which descriptors are open.
const streams = processStreams();
openNoDebugger();
void run(process.argv.slice(2), streams, { open, forbidDumps, hasWellFormedArguments, control }).then((code) => {
  process.exitCode = code;
});
