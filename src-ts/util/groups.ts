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
  const owner = userName(user);
  if (groupName(id) === null || owner === null) return false;
  return membersOf(id, FILES).every((name) => name === owner);
}

/** Whether a user is in a group by these files. */
export function isListed(user: string, group: number, files = FILES): boolean {
  return membersOf(group, files).includes(user);
}

const FILES = { passwd: '/etc/passwd', group: '/etc/group' };

/** The names of a group's members, and of the users whose first group it is. */
function membersOf(id: number, files: typeof FILES): string[] {
  const members = entriesOf(files.group).find((group) => group.id === id)?.rest[0] ?? '';
  const primary = entriesOf(files.passwd).filter(({ rest: [gid] }) => Number(gid) === id);
  return [...members.split(',').filter(Boolean), ...primary.map(({ name }) => name)];
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
