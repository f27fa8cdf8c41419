#!/usr/bin/env node
// SPDX-License-Identifier: MIT
import type { OpenOptions } from '../options.js';
import type { SecureStorage } from '../store.js';
import { processIo } from './io.js';
import { run } from './run.js';

/** libteec prints its errors to standard output, which belongs to what was asked for. */
function keepOutputClean(): void {
  const native = require('../tee/native.js') as typeof import('../tee/native.js');
  try {
    native.redirectStdioToStderr();
  } catch {
    // Without the addon nothing prints, and opening the store tells why there is none.
  }
}

/** Loads what talks to the TEE only when a command needs it: help and usage errors do not. */
function open(options: OpenOptions): Promise<SecureStorage> {
  keepOutputClean();
  const store = require('../store.js') as typeof import('../store.js');
  return store.SecureStorage.open(options);
}

void run(process.argv.slice(2), processIo(), open).then((code) => {
  process.exitCode = code;
});
