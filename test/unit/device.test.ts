// SPDX-License-Identifier: MIT
import { readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';

import { accessRemedy } from '../../src-ts/errors/access.js';
import { groupId, groupName } from '../../src-ts/util/groups.js';

const detail = '/dev/tee1 (EACCES, mode 0660, owner 0, group 118)';
const user = userInfo().username;

test('the group that owns the device is named with the command that joins it', () => {
  const remedy = accessRemedy(detail, (device) => {
    expect(device).toBe('/dev/tee1');
    return { id: 118, name: 'teeclnt', mayOpen: true };
  });
  expect(remedy).toContain('/dev/tee1 belongs to group teeclnt');
  expect(remedy).toContain(`sudo usermod -aG teeclnt ${user}`);
});

test.each([
  ['of root only', { id: 0, name: 'root', mayOpen: true }],
  ['closed to its group', { id: 118, name: 'tee', mayOpen: false }],
])('a device %s needs a udev rule first', (_name, owner) => {
  const remedy = accessRemedy(detail, () => owner);
  expect(remedy).toContain('MODE="0660", GROUP="tee"');
  expect(remedy).toContain(`usermod -aG tee ${user}`);
});

test('a device that cannot be looked at is still named', () => {
  expect(accessRemedy('/dev/tee9 (EACCES)')).toBe('Give this user read and write access to /dev/tee9.');
});

test('groups are those of /etc/group', () => {
  const [name = '', , id = ''] = readFileSync('/etc/group', 'utf8').split('\n')[1]?.split(':') ?? [];
  expect(groupId(name)).toBe(Number(id));
  expect(groupName(Number(id))).toBe(name);
  expect(groupName(statSync('/dev/null').gid)).toBe('root');
  expect(groupId('no such group')).toBeNull();
  expect(groupName(4_000_000_000)).toBeNull();
});
