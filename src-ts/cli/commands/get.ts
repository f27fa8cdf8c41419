// SPDX-License-Identifier: MIT
import { Exit } from '../../errors/table.js';
import { SecureStorageError } from '../../errors/error.js';
import type { Command } from '../command.js';

export const command: Command = {
  usage: 'KEY',
  help: [
    'Writes the value of KEY to standard output: its bytes and nothing else, no newline. With --json the value is in',
    'Base64, whatever its bytes are. Exit code 3 if there is no such key.',
  ],
  positionals: [1, 1],
  completes: 'key',
  isForOutput: true,
  options: { newline: { type: 'boolean', help: 'write a newline after the value' } },
  async run({ positionals: [key = ''], options, io, json, open }) {
    const entry = await (await open()).getEntry(key);
    if (entry === null) throw new SecureStorageError('ERR_NOT_FOUND', { operation: 'get', key });
    const { value, revision } = entry;
    try {
      if (json) {
        const described = { key, revision, size: value.length, encoding: 'base64', value: value.toString('base64') };
        await io.writeJson(described);
      } else {
        await io.writeBytes(value);
        if (options.newline === true) await io.write('\n');
      }
      return Exit.OK;
    } finally {
      value.fill(0);
    }
  },
};
