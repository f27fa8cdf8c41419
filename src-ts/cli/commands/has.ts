// SPDX-License-Identifier: MIT
import { Exit } from '../../errors/table.js';
import type { Command } from '../command.js';

export const command: Command = {
  usage: 'KEY',
  help: ['Tells by the exit code whether there is KEY: 0 if so, 3 if not. Prints nothing without --json.'],
  positionals: [1, 1],
  completes: 'key',
  options: {},
  async run({ positionals: [key = ''], io, json, open }) {
    const exists = await (await open()).has(key);
    if (json) await io.writeJson({ key, exists });
    return exists ? Exit.OK : Exit.NOT_FOUND;
  },
};
