// SPDX-License-Identifier: MIT
/** Names and ids of groups by /etc/group. Groups from elsewhere, such as a directory service, are not seen. */
import { readFileSync } from 'node:fs';

/** Name of a group; null if it is not there. */
export function groupName(id: number): string | null {
  return groups().find((group) => group.id === id)?.name ?? null;
}

/** Id of a group; null if it is not there. */
export function groupId(name: string): number | null {
  return groups().find((group) => group.name === name)?.id ?? null;
}

/** The lines of group(5): name:password:id:members. */
function groups(): { name: string; id: number }[] {
  let text: string;
  try {
    text = readFileSync('/etc/group', 'utf8');
  } catch {
    return [];
  }
  return text.split('\n').flatMap((line) => {
    const [name, , id] = line.split(':');
    return name && id ? [{ name, id: Number(id) }] : [];
  });
}
