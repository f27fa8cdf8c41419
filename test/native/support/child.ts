// SPDX-License-Identifier: MIT
/**
 * Runs one scenario in a process of its own: `child.ts FILE FUNCTION [JSON]`. Its return value is sent to the parent.
 * Without FUNCTION, those that the parent asks for, until it says 'end'.
 */
import path from 'node:path';

type Scenario = (argument: unknown) => unknown;
interface Asked {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

async function main(): Promise<void> {
  // A sanitizer is for this process, not for the programs that it starts.
  delete process.env.LD_PRELOAD;
  const [file = '', name, argument = 'null'] = process.argv.slice(2);
  const scenarios = require(path.join(__dirname, '..', 'scenarios', file)) as Record<string, Scenario>;
  const run = async (of: string, given: unknown) => {
    const scenario = scenarios[of];
    if (scenario === undefined) throw new Error(`no scenario ${of} in ${file}`);
    return (await scenario(given)) ?? null;
  };
  if (name === undefined) {
    process.on('message', (message: Asked | 'end') => {
      if (message === 'end') {
        process.disconnect();
        return;
      }
      const { id, name: asked, argument: given } = message;
      run(asked, given).then(
        (value) => process.send?.({ id, value }),
        (error: unknown) => process.send?.({ id, error: String(error) }),
      );
    });
    return;
  }
  process.send?.({ value: await run(name, JSON.parse(argument)) });
  // From here on only what the addon holds keeps the process alive.
  process.disconnect();
}

void main();
