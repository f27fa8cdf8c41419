// SPDX-License-Identifier: MIT
import { optionsOf } from './command-line.js';
import type { Command, OptionSpec } from './command.js';
import { summaries } from './registry.js';

/** The help without a command. */
export function overview(): string {
  return [
    'usage: optee-storage COMMAND [ARGUMENTS] [OPTIONS]',
    '',
    "Keeps secrets in OP-TEE secure storage. Each user has keys of its own; nobody sees another user's.",
    '',
    ...columns(Object.entries(summaries)),
    '',
    'optee-storage COMMAND --help tells more about each.',
    '',
    'In the environment: OPTEE_STORAGE_BACKEND=simulator for --backend simulator, which protects nothing, and',
    'OPTEE_STORAGE_SIMULATOR_DIR=DIRECTORY for its data.',
    '',
    'Exit codes: 0 done, 1 error, 2 wrong usage, 3 no such key, 4 key exists or has changed,',
    '5 secure storage is not available, 124 no answer in time. After exec: those of the program.',
    '',
  ].join('\n');
}

/** The help of a command. */
export function commandHelp(name: string, command: Command): string {
  // What follows a program is its own.
  const words = command.startsProgram === true ? ['[OPTIONS]', command.usage] : [command.usage, '[OPTIONS]'];
  return [
    `usage: optee-storage ${[name, ...words].filter((word) => word !== '').join(' ')}`,
    '',
    ...command.help,
    '',
    ...columns(Object.entries(optionsOf(command)).map(optionRow)),
    '',
  ].join('\n');
}

function optionRow([name, { short, argument, help }]: [string, OptionSpec]): [string, string] {
  const letter = short === undefined ? '' : `-${short}, `;
  return [`${letter}--${name}${argument === undefined ? '' : ` ${argument}`}`, help];
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
