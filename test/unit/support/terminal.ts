// SPDX-License-Identifier: MIT
/** Programs on a terminal, with somebody who types. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';

/** What to wait for on the screen, and what to type then. */
export type Step = readonly [awaited: string, typed: string];

export interface Shown {
  /** All that came on the screen. */
  readonly output: string;
  readonly code: number | null;
  /** Number of the signal that ended the program. */
  readonly signal: number | null;
}

/** Runs a program on a pseudo terminal that is its controlling one. */
export function onTerminal(argv: readonly string[], env: NodeJS.ProcessEnv, steps: readonly Step[]): Shown {
  const input = JSON.stringify({ argv, env, steps });
  const { stdout, stderr } = spawnSync('python3', [path.join(__dirname, 'on_terminal.py')], {
    input,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return JSON.parse(stdout) as Shown;
}
