// SPDX-License-Identifier: MIT
import { Exit } from '../../error-table.js';
import { text, wholeNumber } from '../arguments.js';
import type { Command } from '../command.js';

export const command: Command = {
  usage: '[PREFIX]',
  help: ['Lists the keys that begin with PREFIX, one a line, in the order of their bytes. Without PREFIX: all.'],
  positionals: [0, 1],
  completes: 'key',
  options: {
    long: { type: 'boolean', help: 'print size in bytes, revision and key, separated by tabs' },
    after: { type: 'string', argument: 'KEY', completes: 'key', help: 'only keys that come after this one' },
    limit: { type: 'string', argument: 'N', help: 'at most so many' },
  },
  async run({ positionals: [prefix], options, io, json, open }) {
    const range = { prefix, after: text(options, 'after'), limit: wholeNumber(options, 'limit') };
    const entries = await (await open()).list(range);
    if (json) await io.write(`${JSON.stringify(entries)}\n`);
    else {
      const line = options.long === true ? longLine : ({ key }: { key: string }) => `${key}\n`;
      await io.write(entries.map(line).join(''));
    }
    return Exit.OK;
  },
};

function longLine({ key, size, revision }: { key: string; size: number; revision: number }): string {
  return `${String(size)}\t${String(revision)}\t${key}\n`;
}
