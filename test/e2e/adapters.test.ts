// SPDX-License-Identifier: MIT
/** keytar's functions and the adapter for Keyv on the machine, as ordinary users have them. */
import { Uid, useMachine } from './support/machine.js';
import { runScript } from './support/script.js';

const machineOfFile = useMachine(() => Promise.resolve({ storage: 'memory' }));

test('keytar: the functions work, are each user’s own, and leave the process free to end', async () => {
  const use = async (_context: unknown, password: string) => {
    const keytar = require('optee-secure-storage/keytar') as typeof import('../../src-ts/keytar/index.js');
    const before = await keytar.getPassword('app', 'shared name');
    await keytar.setPassword('app', 'shared name', password);
    await keytar.setPassword('app', 'b/c', 'other');
    const found = await keytar.findCredentials('app');
    return {
      before,
      found,
      first: await keytar.findPassword('app'),
      deleted: await keytar.deletePassword('app', 'b/c'),
    };
  };
  for (const name of ['alice', 'bob'] as const) {
    const { value, timersStruck, stderr } = await runScript(machineOfFile.machine, { uid: Uid[name] }, use, [
      `of ${name}`,
    ]);
    // Nobody closed the store, and yet the process had nothing to wait for.
    expect({ value, stderr, timersStruck }).toEqual({
      value: {
        before: null,
        found: [
          { account: 'b/c', password: 'other' },
          { account: 'shared name', password: `of ${name}` },
        ],
        first: 'other',
        deleted: true,
      },
      stderr: '',
      timersStruck: 0,
    });
  }
  const { code, stdout } = await machineOfFile.machine.exec(
    ['optee-storage', 'get', 'app/shared name', '--domain', 'keytar'],
    { uid: Uid.alice },
  );
  expect([code, stdout.toString()]).toEqual([0, 'of alice']);
});

test('Keyv’s adapter stores, expires, walks and clears', async () => {
  const alice = await machineOfFile.user('alice');
  const outcome = await alice.run(async ({ require }) => {
    const { KeyvSecureStorage } = require('optee-secure-storage/keyv') as typeof import('../../src-ts/keyv/index.js');
    // As Keyv 5 does it: each namespace has an adapter, which is told of it.
    const [adapter, other] = ['keyv', 'other'].map((namespace) =>
      Object.assign(new KeyvSecureStorage({ timeoutMs: 60_000 }), { namespace }),
    ) as [InstanceType<typeof KeyvSecureStorage>, InstanceType<typeof KeyvSecureStorage>];
    await adapter.set('keyv:a', '{"value":1}');
    await adapter.setMany([{ key: 'keyv:b', value: '{"value":2}' }]);
    await other.set('other:c', '{"value":3}');
    await adapter.set('keyv:short', '{"value":4}', 1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const walked: [string, string][] = [];
    for await (const entry of adapter.iterator()) walked.push(entry);
    const many: unknown = await adapter.getMany(['keyv:b', 'keyv:short', 'keyv:a']);
    await adapter.clear();
    const left = [...(await adapter.hasMany(['keyv:a', 'keyv:b'])), await other.has('other:c')];
    await adapter.disconnect();
    await other.disconnect();
    return { walked, many: JSON.stringify(many), left };
  });
  expect(outcome).toEqual({
    walked: [
      ['keyv:a', '{"value":1}'],
      ['keyv:b', '{"value":2}'],
    ],
    many: JSON.stringify(['{"value":2}', undefined, '{"value":1}']),
    left: [false, false, true],
  });
});
