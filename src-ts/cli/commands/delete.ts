// SPDX-License-Identifier: MIT
import { Exit } from '../../errors/table.js';
import { SecureStorageError } from '../../errors/error.js';
import { wholeNumber } from '../command-line.js';
import type { Command } from '../command.js';

export const command: Command = {
  usage: 'KEY',
  help: ['Deletes KEY. Exit code 3 if there is no such key.'],
  positionals: [1, 1],
  completes: 'key',
  options: {
    'if-revision': { type: 'string', argument: 'N', help: 'only if the key has this revision (else exit code 4)' },
  },
  async run({ positionals: [key = ''], options, io, json, open }) {
    const ifRevision = wholeNumber(options, 'if-revision');
    const deleted = await (await open()).delete(key, { ifRevision });
    if (!deleted) throw new SecureStorageError('ERR_NOT_FOUND', { operation: 'delete', key });
    if (json) await io.writeJson({ key, deleted });
    return Exit.OK;
  },
};
