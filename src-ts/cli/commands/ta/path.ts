// SPDX-License-Identifier: MIT
/** `optee-storage ta path`: where the parts of the Trusted Application are in this package. */
import { Exit } from '../../../errors/table.js';
import { usageError } from '../../command-line.js';
import type { Command } from '../../command.js';
import { packagedTa } from './packaged.js';

export const command: Command = {
  usage: '[PART]',
  help: [
    'Prints where this package has the parts of the Trusted Application, or the path of one of them:',
    '',
    '  source      the folder to build it from (make -C)',
    '  header      what clients in C include',
    "  signed      the TA, signed with OP-TEE's published development key of releases up to 4.6",
    '  signed-4.7  the same, signed with the one that OP-TEE publishes from 4.7 on',
    '  unsigned    the stripped ELF file, to be signed with a key of your own',
  ],
  positionals: [0, 1],
  withoutStore: true,
  isForOutput: true,
  options: {},
  async run({ io, json, positionals: [part] }) {
    const { uuid, ...parts } = packagedTa();
    if (part === undefined) {
      const lines = Object.entries({ uuid, ...parts }).map(([name, file]) => `${name}: ${file ?? 'not built'}\n`);
      await (json ? io.writeJson({ uuid, ...parts }) : io.write(lines.join('')));
      return Exit.OK;
    }
    if (!Object.hasOwn(parts, part)) throw usageError(`PART must be one of ${Object.keys(parts).join(', ')}`);
    const file = parts[part as keyof typeof parts];
    if (file === null) throw usageError(`the ${part} Trusted Application has not been built in this checkout`);
    await (json ? io.writeJson({ [part]: file }) : io.write(`${file}\n`));
    return Exit.OK;
  },
};
