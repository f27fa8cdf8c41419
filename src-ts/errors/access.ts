// SPDX-License-Identifier: MIT
/** What to tell a user who may not open the TEE device, or is not in the group that owns a store. */
import { statSync } from 'node:fs';
import { userInfo } from 'node:os';

import { isMember } from '../tee/client-uuid.js';
import { ownershipOf, type Ownership } from '../tee/devices.js';
import { groupName, isListed } from '../util/groups.js';

/** Who lacks a permission, and what is known about a group. */
export interface Applicant {
  /** The name of the user. */
  readonly user: string;
  /** Whether this process belongs to a group. */
  readonly isMember: (group: number) => boolean;
  /** Whether the system's list of groups has the user in it. */
  readonly isListed: (group: number) => boolean;
}

const thisProcess: Applicant = {
  get user() {
    return userName() ?? 'USER';
  },
  isMember,
  isListed: (group) => {
    const user = userName();
    return user !== undefined && isListed(user, group);
  },
};

/**
 * The exact step that gives this user access to the device.
 * @param detail text that names the device, such as /dev/tee0
 * @param owner tells who owns it, null if nobody knows
 */
export function accessRemedy(
  detail: string,
  owner: (device: string) => Ownership | null = ownership,
  applicant: Applicant = thisProcess,
): string {
  const device = /\/dev\/tee\d+/.exec(detail)?.[0] ?? '/dev/tee0';
  const group = owner(device);
  if (group === null) return `Give this user read and write access to ${device}.`;
  if (group.id === 0 || !group.mayOpen) {
    return (
      `${device} belongs to group ${group.name} and is not open to a group of users. Add a udev rule such as ` +
      `KERNEL=="tee[0-9]*", MODE="0660", GROUP="tee" and then this user to that group (usermod -aG tee ${applicant.user}).`
    );
  }
  if (applicant.isMember(group.id)) {
    return (
      `This process is in group ${group.name}, to which ${device} is open, so something else forbids it. In a systemd ` +
      `service allow the device (DeviceAllow=${device} rw, without PrivateDevices=yes), in a container pass it in ` +
      `(docker run --device ${device}).`
    );
  }
  return `${device} belongs to group ${group.name}: ${joining(group, applicant)}`;
}

/** How a process comes to be in a group. */
export function groupRemedy(id: number, applicant: Applicant = thisProcess): string {
  const steps = joining({ id, name: groupName(id) ?? String(id) }, applicant);
  return steps.charAt(0).toUpperCase() + steps.slice(1);
}

function joining({ id, name }: Pick<Ownership, 'id' | 'name'>, { user, isListed: listed }: Applicant): string {
  const container = 'In a container pass the group in (docker run --group-add).';
  if (!listed(id))
    return `run "sudo usermod -aG ${name} ${user}", then log in or start the service again. ${container}`;
  return (
    `user ${user} is in it already, but this process was started without it. Log in or start the service again. A ` +
    `program that starts this one as another user must pass on the user's groups: spawn({ uid, gid }) of Node.js does ` +
    `not, "setpriv --init-groups" and User= of systemd do. ${container}`
  );
}

function ownership(device: string): Ownership | null {
  try {
    return ownershipOf(statSync(device), groupName);
  } catch {
    return null;
  }
}

function userName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}
