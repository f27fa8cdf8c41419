// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { until } from '../support/clock.js';
import { counter, invoke, open } from '../support/common.js';
import { Command, Counter } from '../support/fake.js';

/** A call as a broken libteec can spoil it; returns the addon's file. */
export async function suffer() {
  const session = await open();
  const command = process.env.FAKE_FAULT === 'late-write' ? Command.LATE_WRITE : Command.INCREMENT;
  await invoke(session, command, { type: 'memref-out', size: 100 });
  if (command === Command.LATE_WRITE) await until(async () => (await counter(session, Counter.LATE_WRITES)) > 0);
  await session.close();
  return [...new Set(readFileSync('/proc/self/maps', 'utf8').match(/\/.*\/optee_secure_storage\.node/g))];
}
