// SPDX-License-Identifier: MIT
import { Exit } from '../../errors/table.js';
import { visible } from '../../util/visible.js';
import { text, wholeNumber } from '../command-line.js';
import type { Command } from '../command.js';

export const command: Command = {
  usage: '[PREFIX]',
  help: [
    'Lists the keys that begin with PREFIX, one a line, in the order of their bytes. Without PREFIX: all. On a terminal',
    'characters that could act on it, or cannot be seen, are shown as \\u and their number.',
  ],
  positionals: [0, 1],
  completes: 'key',
  isForOutput: true,
  options: {
    long: { type: 'boolean', help: 'print size in bytes, revision and key, separated by tabs' },
    after: { type: 'string', argument: 'KEY', completes: 'key', help: 'only keys that come after this one' },
    limit: { type: 'string', argument: 'N', help: 'at most so many' },
    existing: { type: 'boolean', help: 'make no directory for the simulator: fail if it has no data yet' },
  },
  async run({ positionals: [prefix], options, io, json, open }) {
    const range = { prefix, after: text(options, 'after'), limit: wholeNumber(options, 'limit') };
    const entries = await (await open()).list(range);
    if (json) await io.writeJson(entries);
    else {
      const shown = io.isTerminal === true ? visible : (key: string) => key;
      const columns = options.long === true ? sizeAndRevision : () => '';
      await io.write(entries.map((entry) => `${columns(entry)}${shown(entry.key)}\n`).join(''));
    }
    return Exit.OK;
  },
};

function sizeAndRevision({ size, revision }: { readonly size: number; readonly revision: number }): string {
  return `${String(size)}\t${String(revision)}\t`;
}
