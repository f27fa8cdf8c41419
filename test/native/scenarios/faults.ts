// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { invoke, open } from '../support/common.js';
import { Command } from '../support/fake.js';

/** A call as a broken libteec can spoil it; returns the addon's file. */
export async function suffer() {
  const session = await open();
  const command = process.env.FAKE_FAULT === 'late-write' ? Command.LATE_WRITE : Command.INCREMENT;
  await invoke(session, command, { type: 'memref-out', size: 100 });
  await delay(50);
  await session.close();
  return [...new Set(readFileSync('/proc/self/maps', 'utf8').match(/\/.*\/optee_secure_storage\.node/g))];
}
