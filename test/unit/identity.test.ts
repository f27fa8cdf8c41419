// SPDX-License-Identifier: MIT
import fc from 'fast-check';

import { ProcessIdentity } from '../../src-ts/connection/identity.js';
import { outerId, clientUuid } from '../../src-ts/tee/client-uuid.js';
import { formatUuid } from '../../src-ts/util/uuid.js';
import { Call } from '../../src-ts/protocol/call.js';
import { coded } from './support/errors.js';

describe('the UUID under which the kernel knows a client', () => {
  // Seen by a TA on OP-TEE 4.5 under Linux 6.12.
  test.each([
    ['uid', 0, 'ef0180a3-13f3-5d1c-b7f5-888c0e21059a'],
    ['uid', 1000, 'fc34275c-d8dd-5ba7-968b-504718363b87'],
    ['uid', 100000, '333f7e2a-c0d2-54be-9c9e-e0fd5b4e207a'],
    ['gid', 1000, '0ece43ed-001d-51bd-bab7-480c8954c3cf'],
  ] as const)('%s %i', (kind, id, expected) => {
    expect(clientUuid(kind, id)).toBe(expected);
  });

  test('is always one of version 5', () => {
    const form = /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
    fc.assert(
      fc.property(fc.nat(0xffff_fffe), (id) => {
        expect(clientUuid('uid', id)).toMatch(form);
      }),
    );
  });
});

test('octets of a UUID are written in their order', () => {
  const octets = Uint8Array.from({ length: 18 }, (_, index) => index);
  expect(formatUuid(octets.subarray(1))).toBe('01020304-0506-0708-090a-0b0c0d0e0f10');
});

describe('an id outside this user namespace', () => {
  test.each([
    ['the initial namespace', '         0          0 4294967295\n', 1000, 1000],
    ['a container', '         0     100000      65536\n', 0, 100000],
    ['a mapped single user', '         0       1000          1\n', 0, 1000],
    ['the last of a range', '0 100000 65536\n', 65535, 165535],
    ['beyond a range', '0 100000 65536\n', 65536, null],
    ['the second range', '0 1000 1\n1 100000 65535\n', 5, 100004],
    ['between ranges', '0 1000 1\n10 2000 1\n', 5, null],
    ['no range', '', 0, null],
  ])('%s', (_name, map, id, expected) => {
    expect(outerId(id, map)).toBe(expected);
  });
});

describe('a process that changes its identity', () => {
  const call = new Call('get', 'k', { timeoutMs: 1000 });
  const changed = (name: 'geteuid' | 'getegid' | 'getgroups', value: unknown) =>
    jest.spyOn(process as Required<typeof process>, name).mockReturnValue(value as never);

  afterEach(() => jest.restoreAllMocks());

  test('may not use what another user opened', () => {
    const identity = new ProcessIdentity();
    expect(() => {
      identity.assertUnchanged(call);
    }).not.toThrow();
    changed('geteuid', 12345);
    expect(() => {
      identity.assertUnchanged(call);
    }).toThrow(coded('ERR_UID_CHANGED', { operation: 'get', key: 'k' }));
  });

  test('may not use the store of a group that it left', () => {
    changed('getgroups', [7, 500]);
    changed('getegid', 7);
    const identity = new ProcessIdentity(500);
    expect(() => {
      identity.assertUnchanged(call);
    }).not.toThrow();
    changed('getgroups', [7]);
    expect(() => {
      identity.assertUnchanged(call);
    }).toThrow(coded('ERR_NOT_IN_GROUP'));
    changed('getegid', 500);
    expect(() => {
      identity.assertUnchanged(call);
    }).not.toThrow();
  });
});
