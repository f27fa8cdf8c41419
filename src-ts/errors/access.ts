// SPDX-License-Identifier: MIT
/** What to tell a user who may not open the TEE device. */
import { readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';

/**
 * The exact step that gives this user access to the device.
 * @param detail text that names the device, such as /dev/tee0
 * @param owner tells who owns it, null if nobody knows
 */
export function accessRemedy(detail: string, owner: (device: string) => Ownership | null = ownership): string {
  const device = /\/dev\/tee\d+/.exec(detail)?.[0] ?? '/dev/tee0';
  const group = owner(device);
  if (group === null) return `Give this user read and write access to ${device}.`;
  if (group.id === 0 || !group.mayOpen) {
    return (
      `${device} belongs to group ${group.name} and is not open to a group of users. Add a udev rule such as ` +
      `KERNEL=="tee[0-9]*", MODE="0660", GROUP="tee" and then this user to that group (usermod -aG tee ${userName()}).`
    );
  }
  return (
    `${device} belongs to group ${group.name}: run "sudo usermod -aG ${group.name} ${userName()}", ` +
    'then log in or start the service again. In a container pass the group in (docker run --group-add).'
  );
}

/** The group that owns a device node. */
export interface Ownership {
  readonly id: number;
  readonly name: string;
  /** Whether its members may read and write. */
  readonly mayOpen: boolean;
}

function ownership(device: string): Ownership | null {
  try {
    const { gid, mode } = statSync(device);
    return { id: gid, name: groupName(gid) ?? String(gid), mayOpen: (mode & 0o060) === 0o060 };
  } catch {
    return null;
  }
}

/** Name of a group by /etc/group; null if it is not there. */
export function groupName(id: number): string | null {
  return groups().find((group) => group.id === id)?.name ?? null;
}

/** Id of a group by /etc/group; null if it is not there. */
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

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'USER';
  }
}
