// SPDX-License-Identifier: MIT
import { Exit } from '../../errors/table.js';
import type { SecureStorage } from '../../store.js';
import { groupName, userName } from '../../util/groups.js';
import { visible } from '../../util/visible.js';
import type { Command } from '../command.js';

export const command: Command = {
  usage: '',
  help: [
    'Lists the users and groups that have a store: name, id, keys, bytes, and the objects of OP-TEE that each may have.',
    'For root only. Keys and values of others are not shown to root either. An id is - if the Trusted Application could',
    'not prove it; then the UUID stands in place of the name.',
  ],
  positionals: [0, 0],
  isForOutput: true,
  options: {},
  async run({ io, json, open }) {
    const found = await (await open()).owners();
    const named = { ...found, owners: found.owners.map((owner) => ({ name: nameOf(owner), ...owner })) };
    await (json ? io.writeJson(named) : io.write(report(named)));
    return Exit.OK;
  },
};

type OwnersInfo = Awaited<ReturnType<SecureStorage['owners']>>;
type OwnerInfo = OwnersInfo['owners'][number];
type Named = OwnerInfo & { readonly name: string | undefined };

/** Names are those of this system; ids are counted outside of all user namespaces. */
function nameOf({ login, id }: OwnerInfo): string | undefined {
  if (id === undefined) return undefined;
  return (login === 'user' ? userName(id) : groupName(id)) ?? undefined;
}

function report({ owners, objects }: Omit<OwnersInfo, 'owners'> & { readonly owners: readonly Named[] }): string {
  const rows = [
    ['LOGIN', 'NAME', 'ID', 'KEYS', 'BYTES', 'OBJECTS', ''],
    ...owners.map(({ login, name, owner, id, keys, bytes, objects: own, lost }) => [
      login,
      visible(name ?? (id === undefined ? owner : '-')),
      id === undefined ? '-' : String(id),
      ...[keys, bytes, own].map(String),
      lost ? 'lost' : '',
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  lines.push(`objects of all: ${String(objects.used)} of ${String(objects.total)}`);
  return lines.map((line) => `${line}\n`).join('');
}
