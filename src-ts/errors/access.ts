// SPDX-License-Identifier: MIT
/** What to tell a user who may not open the TEE device. */
import { statSync } from 'node:fs';
import { userInfo } from 'node:os';

import { ownershipOf, type Ownership } from '../tee/devices.js';
import { groupName } from '../util/groups.js';

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

function ownership(device: string): Ownership | null {
  try {
    return ownershipOf(statSync(device), groupName);
  } catch {
    return null;
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'USER';
  }
}
