// SPDX-License-Identifier: MIT
import { Exit } from '../../errors/table.js';
import { SecureStorageError } from '../../errors/error.js';
import type { Command } from '../command.js';

export const command: Command = {
  usage: 'KEY',
  help: ['Prints the size in bytes and the revision of the value of KEY. Exit code 3 if there is no such key.'],
  positionals: [1, 1],
  completes: 'key',
  isForOutput: true,
  options: {},
  async run({ positionals: [key = ''], io, json, open }) {
    const stat = await (await open()).stat(key);
    if (stat === null) throw new SecureStorageError('ERR_NOT_FOUND', { operation: 'stat', key });
    const { size, revision } = stat;
    if (json) await io.writeJson({ key, size, revision });
    else await io.write(`size: ${String(size)}\nrevision: ${String(revision)}\n`);
    return Exit.OK;
  },
};
