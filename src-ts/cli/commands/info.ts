// SPDX-License-Identifier: MIT
import { Exit } from '../../errors/table.js';
import type { Command } from '../command.js';

export const command: Command = {
  usage: '',
  help: ['Tells about the store: backend, owner, versions, limits, what is used of the quota, and protection.'],
  positionals: [0, 0],
  isForOutput: true,
  options: {},
  async run({ io, json, open }) {
    const info = await (await open()).info();
    await (json ? io.writeJson(info) : io.write(lines('', info)));
    return Exit.OK;
  },
};

/** `name: value` lines; the names within an object after its own, as in `limits.key`. */
function lines(path: string, value: object): string {
  return Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .map(([name, item]: [string, unknown]) => {
      if (typeof item === 'object' && item !== null) return lines(`${path}${name}.`, item);
      return `${path}${name}: ${String(item)}\n`;
    })
    .join('');
}
