// SPDX-License-Identifier: MIT
import type { VerifyResult } from '../../store.js';
import { Exit } from '../../errors/table.js';
import type { Command } from '../command.js';

export const command: Command = {
  usage: '',
  help: [
    'Reads both copies of everything that the owner has stored, in all domains, and reports what is lost. With --repair a',
    'copy that is lost is made again from the other one. A large store takes a while: allow it with --timeout.',
    'Exit code 0 if all is whole or repaired, else 1. Keys of which both copies are lost fail with ERR_CORRUPT.',
  ],
  positionals: [0, 0],
  options: { repair: { type: 'boolean', help: 'make copies that are lost again from the other ones' } },
  async run({ io, json, options, open }) {
    const found = await (await open()).verify({ repair: options.repair === true });
    await (json ? io.writeJson(found) : io.write(report(found)));
    return found.lostCopies > found.repaired || found.lost > 0 ? Exit.ERROR : Exit.OK;
  },
};

function report({ objects, lostCopies, repaired, lost }: VerifyResult): string {
  const left = lostCopies - repaired;
  return [
    `objects: ${String(objects)}`,
    ...(repaired > 0 ? [`repaired: ${String(repaired)} lost copies were made again`] : []),
    ...(left > 0 ? [`one copy lost: ${String(left)}; "optee-storage verify --repair" makes it again`] : []),
    ...(lost > 0 ? [`both copies lost: ${String(lost)}; for their keys see ERR_CORRUPT in docs/errors.md`] : []),
    ...(left + lost > 0 ? [] : ['all is whole']),
  ]
    .map((line) => `${line}\n`)
    .join('');
}
