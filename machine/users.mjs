// SPDX-License-Identifier: MIT
// @ts-check

/** The group whose members may open /dev/tee0, as the udev rule of Debian's and NVIDIA's systems has it. */
export const TEE_GROUP = Object.freeze({ name: 'tee', gid: 900 });

/** The users of the machine. Everybody but the last belongs to the group `tee`. */
export const USERS = Object.freeze([
  { name: 'root', uid: 0, home: '/root', tee: true },
  { name: 'alice', uid: 1000, home: '/home/alice', tee: true },
  { name: 'bob', uid: 1001, home: '/home/bob', tee: true },
  { name: 'carol', uid: 1002, home: '/home/carol', tee: true },
  { name: 'mallory', uid: 1009, home: '/home/mallory', tee: false },
]);

/** @typedef {{ uid: number, gid: number, groups: number[] }} Identity */

/**
 * The identity a process gets: what is left out is as a login would have it. A user without an entry is treated as an
 * ordinary one, member of `tee`.
 *
 * @param {{ uid?: number | undefined, gid?: number | undefined, groups?: readonly number[] | undefined }} asked
 * @returns {Identity}
 */
export function identityOf(asked) {
  const uid = asked.uid ?? 0;
  const member = USERS.find((user) => user.uid === uid)?.tee ?? true;
  return { uid, gid: asked.gid ?? uid, groups: [...(asked.groups ?? (member ? [TEE_GROUP.gid] : []))] };
}

/** The environment a login of this user has. @param {number} uid @returns {Record<string, string>} */
export function loginEnvironment(uid) {
  const user = USERS.find((entry) => entry.uid === uid);
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: user?.home ?? '/',
    USER: user?.name ?? String(uid),
    LOGNAME: user?.name ?? String(uid),
    SHELL: '/bin/bash',
    LANG: 'C.UTF-8',
  };
}

/** The text of /etc/passwd. */
export function passwd() {
  const line = (/** @type {(typeof USERS)[number]} */ user) =>
    `${user.name}:x:${user.uid}:${user.uid}:${user.name}:${user.home}:/bin/bash\n`;
  return USERS.map(line).join('');
}

/** The text of /etc/group. */
export function group() {
  const members = USERS.filter((user) => user.tee && user.uid !== 0).map((user) => user.name);
  const own = USERS.map((user) => `${user.name}:x:${user.uid}:\n`).join('');
  return `${own}tty:x:5:\n${TEE_GROUP.name}:x:${TEE_GROUP.gid}:${members.join(',')}\n`;
}
