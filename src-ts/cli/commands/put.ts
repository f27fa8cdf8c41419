// SPDX-License-Identifier: MIT
import { Exit } from '../../errors/table.js';
import { keyBytes } from '../../arguments/keys.js';
import { condition, conditionOptions, text } from '../command-line.js';
import type { Command } from '../command.js';
import { readValue } from '../terminal/input.js';

export const command: Command = {
  usage: 'KEY',
  help: [
    'Stores a value under KEY, replacing what was there. The value is read from standard input, byte by byte as it',
    'comes, or asked for without showing it if standard input is a terminal. A final newline, such as echo writes, belongs',
    'to it unless --trim is given. It is never an argument, because other users can read the arguments of a process.',
  ],
  positionals: [1, 1],
  readsSecret: true,
  options: {
    file: {
      type: 'string',
      argument: 'PATH',
      completes: 'file',
      help: 'read the value from this file (-: standard input)',
    },
    trim: { type: 'boolean', help: 'remove one newline from the end of what is read' },
    'allow-empty': { type: 'boolean', help: 'store an empty value, which is refused otherwise' },
    ...conditionOptions,
  },
  async run({ positionals: [key = ''], options, io, json, open }) {
    const when = condition(options);
    keyBytes(key);
    const value = await readValue(io, key, text(options, 'file'), {
      trim: options.trim === true,
      allowEmpty: options['allow-empty'] === true,
    });
    try {
      const { revision } = await (await open()).put(key, value, when);
      if (json) await io.writeJson({ key, revision });
      return Exit.OK;
    } finally {
      value.fill(0);
    }
  },
};
