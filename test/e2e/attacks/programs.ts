// SPDX-License-Identifier: MIT
/** The attackers that are programs of their own, and how a suite runs them. */
import type { ExecOptions } from '../../../machine/machine.mjs';
import { buildForGuest } from '../support/guest-program.js';
import type { MachineOfFile } from '../support/machine.js';

const names = [
  'as-owner',
  'changing',
  'find-secret',
  'hog',
  'keep-session',
  'malformed',
  'overlap',
  'take-from',
  'whose',
] as const;
export type Program = (typeof names)[number];

export const pathOf = (name: Program): string => `/usr/lib/test/${name}`;

/** All of them, built, by their paths in the machine. */
export function programs(): Record<string, string> {
  return Object.fromEntries(names.map((name) => [pathOf(name), buildForGuest(name, 'program')]));
}

/** Runs one to its end and returns what it printed. */
export async function attack(
  on: MachineOfFile,
  name: Program,
  args: readonly (string | number)[],
  options: ExecOptions,
): Promise<unknown> {
  return json(on, [pathOf(name), ...args.map(String)], options);
}

/** Runs a command that prints JSON, and nothing else. */
export async function json(on: MachineOfFile, argv: readonly string[], options: ExecOptions): Promise<unknown> {
  const { code, stdout, stderr } = await on.machine.exec(argv, options);
  expect([code, stderr.toString()]).toEqual([0, '']);
  return JSON.parse(stdout.toString());
}
