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

/** The lines of passwd(5) and group(5): both begin with name:password:id. */
function entriesOf(file: string): { name: string; id: number }[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return [];
  }
  return text.split('\n').flatMap((line) => {
    const [name, , id] = line.split(':');
    return name && id ? [{ name, id: Number(id) }] : [];
  });
}
