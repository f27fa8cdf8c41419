// SPDX-License-Identifier: MIT
import { Exit } from '../../errors/table.js';
import { condition, conditionOptions, wholeNumber } from '../command-line.js';
import type { Command } from '../command.js';

export const command: Command = {
  usage: 'KEY',
  help: [
    'Stores random bytes that the TEE makes under KEY, replacing what was there; see --if-absent. They do not leave the',
    'TEE unless --print asks for it: then their bytes are written to standard output (with --json in Base64).',
  ],
  positionals: [1, 1],
  isForOutput: ({ print }) => print === true,
  options: {
    size: { type: 'string', argument: 'N', help: 'so many bytes, 1 to 1048576 (default: 32)' },
    print: { type: 'boolean', help: 'write the value to standard output too' },
    ...conditionOptions,
  },
  async run({ positionals: [key = ''], options, io, json, open }) {
    const wanted = { ...condition(options), size: wholeNumber(options, 'size') };
    const store = await open();
    if (options.print !== true) {
      const { revision } = await store.generate(key, wanted);
      if (json) await io.writeJson({ key, revision });
      return Exit.OK;
    }
    const { revision, value } = await store.generate(key, { ...wanted, return: true });
    const described = { key, revision, encoding: 'base64', value: json ? value.toString('base64') : '' };
    await (json ? io.writeJson(described) : io.writeBytes(value));
    value.fill(0);
    return Exit.OK;
  },
};
