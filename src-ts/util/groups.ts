// SPDX-License-Identifier: MIT
/** Names and ids by /etc/passwd and /etc/group. Those from elsewhere, such as a directory service, are not seen. */
import { readFileSync } from 'node:fs';

/** Name of a user; null if it is not there. */
export function userName(id: number): string | null {
  return entriesOf('/etc/passwd').find((user) => user.id === id)?.name ?? null;
}

/** Name of a group; null if it is not there. */
export function groupName(id: number): string | null {
  return entriesOf('/etc/group').find((group) => group.id === id)?.name ?? null;
}

/** Id of a group; null if it is not there. */
export function groupId(name: string): number | null {
  return entriesOf('/etc/group').find((group) => group.name === name)?.id ?? null;
}

/** Whether a group is of one user alone, as many systems give to each: nobody else is in it. */
export function isPrivateGroup(id: number, user: number): boolean {
  const group = entriesOf('/etc/group').find((each) => each.id === id);
  const owner = userName(user);
  if (group === undefined || owner === null) return false;
  const members = (group.rest[0] ?? '').split(',').filter(Boolean);
  const primary = entriesOf('/etc/passwd').filter(({ rest: [gid] }) => Number(gid) === id);
  return [...members, ...primary.map(({ name }) => name)].every((name) => name === owner);
}

/** The lines of passwd(5) and group(5): both begin with name:password:id. What follows is the group's id, or its members. */
function entriesOf(file: string): { name: string; id: number; rest: string[] }[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return [];
  }
  return text.split('\n').flatMap((line) => {
    const [name, , id, ...rest] = line.split(':');
    return name && id ? [{ name, id: Number(id), rest }] : [];
  });
}
