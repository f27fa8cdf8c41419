// SPDX-License-Identifier: MIT
/** `optee-storage ta remove`: takes the Trusted Application away, and leaves what was stored. */
import { lstatSync, unlinkSync } from 'node:fs';
import path from 'node:path';

import { Exit } from '../../../errors/table.js';
import { TA_UUID } from '../../../protocol/contract.js';
import { syncFolder } from '../../../util/files.js';
import { isUuid } from '../../../util/uuid.js';
import { text, usageError } from '../../command-line.js';
import type { Command } from '../../command.js';
import { folderOf, placeError, rootOption } from './place.js';

export const command: Command = {
  usage: '[UUID]',
  help: [
    'Removes UUID.ta (default: that of this package) from the directory from which tee-supplicant loads it. It is found as',
    'by "ta install". Does nothing if the file is not there.',
    'What is stored stays, and can be read again when the Trusted Application is installed again. To remove it for good,',
    'do that first: see "optee-storage owners remove --help".',
    'A Trusted Application that has been loaded stays until the board is rebooted.',
  ],
  positionals: [0, 1],
  withoutStore: true,
  options: {
    dir: { type: 'string', argument: 'DIR', help: 'the directory to remove it from' },
    root: rootOption,
  },
  async run({ io, json, options, positionals: [uuid = TA_UUID] }) {
    if (!isUuid(uuid)) throw usageError('UUID must be that of a Trusted Application');
    // OP-TEE asks for the name in lower case.
    const file = path.join(folderOf(options), `${uuid.toLowerCase()}.ta`);
    const changed = remove(file);
    if (json) {
      await io.writeJson({ file, uuid: uuid.toLowerCase(), changed });
      return Exit.OK;
    }
    if (changed) await io.write(`${file}\n`);
    const root = text(options, 'root') ?? '/';
    if (!changed) io.note(`There is no ${file}; nothing was changed.\n`);
    else if (path.resolve(root) === '/')
      io.note('If it has been loaded, it stays in memory until the board is rebooted.\n');
    return Exit.OK;
  },
};

/** @returns whether it was there */
function remove(file: string): boolean {
  try {
    // A link is removed itself. On a folder unlink() fails with EPERM on some systems, which root would not understand.
    const there = lstatSync(file, { throwIfNoEntry: false });
    if (there === undefined) return false;
    if (there.isDirectory()) throw Object.assign(new Error('it is a directory'), { code: 'EISDIR' });
    unlinkSync(file);
    syncFolder(path.dirname(file));
    return true;
  } catch (error) {
    throw placeError('remove', file, error);
  }
}
