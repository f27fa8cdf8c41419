// SPDX-License-Identifier: MIT
import { Exit } from '../../errors/table.js';
import { usageError } from '../command-line.js';
import type { Command } from '../command.js';

export const command: Command = {
  usage: '[PREFIX]',
  help: [
    'Deletes every key that begins with PREFIX, all or none, and forgets what was lost to damage among them. db/pw is a',
    'prefix of db/pw2 too: "optee-storage list PREFIX" shows what would go; "optee-storage delete KEY" takes one key.',
    'Without PREFIX --all is needed. Prints how many keys were deleted.',
  ],
  positionals: [0, 1],
  completes: 'key',
  options: {
    yes: { type: 'boolean', help: 'really delete; without it nothing happens' },
    all: { type: 'boolean', help: 'delete every key of the domain' },
  },
  async run({ positionals: [prefix], options, io, json, open }) {
    // An empty PREFIX is a variable that is not set.
    if (prefix === '' || (prefix === undefined) !== (options.all === true))
      throw usageError('give either PREFIX or --all');
    if (options.yes !== true) throw usageError('clear deletes for good: confirm with --yes');
    const deleted = await (await open()).clear({ prefix, confirm: true });
    await (json ? io.writeJson({ deleted }) : io.write(`${String(deleted)}\n`));
    return Exit.OK;
  },
};
