// SPDX-License-Identifier: MIT
/** Runs one scenario in a process of its own: `child.ts FILE FUNCTION [JSON]`. Its return value is sent to the parent. */
import path from 'node:path';

type Scenario = (argument: unknown) => unknown;

async function main(): Promise<void> {
  // A sanitizer is for this process, not for the programs that it starts.
  delete process.env.LD_PRELOAD;
  const [file = '', name = '', argument = 'null'] = process.argv.slice(2);
  const scenarios = require(path.join(__dirname, '..', 'scenarios', file)) as Record<string, Scenario>;
  const scenario = scenarios[name];
  if (scenario === undefined) throw new Error(`no scenario ${name} in ${file}`);
  const value = await scenario(JSON.parse(argument));
  process.send?.({ value: value === undefined ? null : value });
  // From here on only what the addon holds keeps the process alive.
  process.disconnect();
}

void main();
