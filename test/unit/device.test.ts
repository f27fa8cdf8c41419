// SPDX-License-Identifier: MIT
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';

import { accessRemedy, groupRemedy, type Applicant } from '../../src-ts/errors/access.js';
import { groupId, groupName, isListed } from '../../src-ts/util/groups.js';
import { freshFolder } from './support/folders.js';

const detail = '/dev/tee1 (EACCES, mode 0660, owner 0, group 118)';
const user = userInfo().username;
const stranger: Applicant = { user, isMember: () => false, isListed: () => false };

test('the group that owns the device is named with the command that joins it', () => {
  const remedy = accessRemedy(
    detail,
    (device) => {
      expect(device).toBe('/dev/tee1');
      return { id: 118, name: 'teeclnt', mayOpen: true };
    },
    stranger,
  );
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

describe('a user who is in the group already is not told to join it', () => {
  const owner = () => ({ id: 118, name: 'tee', mayOpen: true });
  const listed: Applicant = { user: 'app', isMember: () => false, isListed: (group) => group === 118 };
  const member: Applicant = { ...listed, isMember: (group) => group === 118 };
  test.each<[string, string, RegExp]>([
    ['but the process was started without it', accessRemedy(detail, owner, listed), /user app is in it already.*spawn/],
    [
      'and so is the process',
      accessRemedy(detail, owner, member),
      /something else forbids it.*DeviceAllow=\/dev\/tee1/,
    ],
    ['that owns the store', groupRemedy(118, listed), /^User app is in it already.*Log in or start/],
  ])('%s', (_what, remedy, expected) => {
    expect(remedy).toMatch(expected);
    expect(remedy).not.toContain('usermod');
  });

  test.each([
    ['not in it', { ...listed, isListed: () => false }],
    ['in another one', { ...listed, isListed: (group: number) => group === 119 }],
  ])('one who is %s is', (_what, applicant) => {
    expect(accessRemedy(detail, owner, applicant)).toContain('sudo usermod -aG tee app');
    expect(groupRemedy(118, applicant)).toContain('usermod -aG 118 app');
  });
});

test.each([
  ['a member', 'app', 50, true],
  ['a member among others', 'web', 50, true],
  ['the first group of a user', 'app', 1000, true],
  ['a group of another user', 'app', 51, false],
  ['part of a name', 'ap', 50, false],
  ['a group without members', 'app', 52, false],
  ['a group that is not there', 'app', 99, false],
  ['nobody', '', 52, false],
])('who is in which group, by the files: %s', (_what, user, group, expected) => {
  const folder = freshFolder();
  const files = { passwd: path.join(folder, 'passwd'), group: path.join(folder, 'group') };
  writeFileSync(files.passwd, 'root:x:0:0::/root:/bin/sh\napp:x:1000:1000:App,,,:/home/app:/bin/sh\n');
  writeFileSync(files.group, 'root:x:0:\ntee:x:50:app,web\nother:x:51:web\nempty:x:52:\n');
  expect(isListed(user, group, files)).toBe(expected);
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
