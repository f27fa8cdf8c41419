// SPDX-License-Identifier: MIT
import { errorTable, Exit, Retry, type ErrorCode } from '../../errors/table.js';
import { usageError } from '../command-line.js';
import type { Command } from '../command.js';
import { lineWidth, wrapped } from '../terminal/wrap.js';

const codes = Object.keys(errorTable) as ErrorCode[];

export const command: Command = {
  usage: '[CODE]',
  help: [
    'Explains an error: what it means, what usually leads to it, and what to do. CODE is what stands in brackets at the',
    'end of a message, for example ERR_CORRUPT. Without CODE it lists all of them. Needs no network and no TEE.',
  ],
  positionals: [0, 1],
  withoutStore: true,
  completes: codes,
  options: {},
  async run({ positionals: [given], io, json }) {
    const width = lineWidth(io.columns);
    const code = given === undefined ? undefined : codeOf(given);
    if (json) await io.writeJson(code === undefined ? codes.map(entryOf) : entryOf(code));
    else await io.write(`${(code === undefined ? listed(width) : explained(code, width)).join('\n')}\n`);
    return Exit.OK;
  },
};

/** As people type it: in small letters, or without the beginning that all have. */
function codeOf(given: string): ErrorCode {
  const word = given.toUpperCase();
  const code = codes.find((one) => one === word || one === `ERR_${word}`);
  if (code === undefined) throw usageError('there is no such error; without CODE, explain lists all of them');
  return code;
}

function entryOf(code: ErrorCode): object {
  const { meaning, causes, remedy, retry, exit } = errorTable[code];
  return { code, meaning, causes, remedy, retry, exit };
}

function listed(width: number): string[] {
  const longest = Math.max(...codes.map((code) => code.length));
  return codes.flatMap((code) => wrapped(`${code.padEnd(longest)}  `, errorTable[code].meaning, width));
}

/** Whether to try again, for people. */
const again: Readonly<Record<(typeof Retry)[keyof typeof Retry], string>> = {
  [Retry.NO]: 'It fails in the same way until something else is changed.',
  [Retry.LATER]: 'The same call may succeed a little later.',
  [Retry.READ_FIRST]: 'Somebody else has made a change: read the key, then decide.',
};

function explained(code: ErrorCode, width: number): string[] {
  const { meaning, causes, remedy, retry, exit } = errorTable[code];
  return [
    ...wrapped(`${code}: `, `${meaning}.`, width),
    '',
    'What usually leads to it:',
    ...causes.flatMap((cause) => wrapped('  * ', cause, width)),
    '',
    ...wrapped('What to do: ', remedy, width),
    ...wrapped('Try again?  ', again[retry], width),
    ...wrapped('Exit code:  ', String(exit), width),
  ];
}
