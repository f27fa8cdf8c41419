// SPDX-License-Identifier: MIT
/** Cursors, counts and revisions of an attacker's own making, past the API; and what the time of an answer tells. */
import { Command, Limit, PROTOCOL_VERSION, TA_UUID, TaError } from '../../../src-ts/protocol/contract.js';
import { TeeResult } from '../../../src-ts/tee/results.js';
import { Login, type Outcome } from '../../../src-ts/tee/seam.js';
import type { Store } from '../../conformance/store.js';
import { contentsOf } from '../support/contents.js';
import type { MachineOfFile } from '../support/machine.js';
import { input, output, packedKey, packedOperation, valueOut } from '../support/packed.js';
import { openRemoteStore } from '../support/remote-store.js';
import { mustOpenSession, type RemoteSession } from '../support/remote-tee.js';
import { inTeam } from './matrix.js';

const DOMAIN = 'forged';
const ALL = 0xffff_ffff;

export function forgedSuite(on: MachineOfFile): void {
  let ofAlice: Store;
  let before: Record<string, string>;
  let bob: RemoteSession;

  beforeAll(async () => {
    ofAlice = await openRemoteStore(await on.user('alice', inTeam), { domain: DOMAIN, timeoutMs: 60_000 });
    const keys = ['a', 'm', 'm/1', 'z'].map((key) => `${key} of alice`);
    await ofAlice.batch(keys.map((key) => ({ type: 'put', key, value: `value of ${key}` })));
    before = await contentsOf(ofAlice);
    const process = await on.user('bob', inTeam);
    const ofBob = await openRemoteStore(process, { domain: DOMAIN, timeoutMs: 60_000 });
    await ofBob.put('m of bob', 'value');
    bob = await mustOpenSession(process, {
      uuid: TA_UUID,
      login: Login.USER,
      params: [{ type: 'value-in', a: PROTOCOL_VERSION, b: 0 }, input(DOMAIN)],
    });
  });

  afterAll(async () => {
    expect(await contentsOf(ofAlice)).toEqual(before);
  });

  const textOf = ({ params }: Outcome, index: number) => (params[index] as { data: Buffer }).data.toString('latin1');

  test('no cursor, prefix or count makes a list show keys of others', async () => {
    const cursors = ['', 'a of alice', 'm of alice', 'z of alice', 'm', '\u{10ffff}', 'z'.repeat(Limit.KEY_MAX)];
    let shown = 0;
    for (const prefix of cursors) {
      for (const after of cursors) {
        for (const [a, b] of [
          [0, 0],
          [1, ALL],
          [ALL, ALL],
          [0x8000_0000, 1],
        ] as const) {
          const list = await bob.invoke(Command.LIST, [
            input(prefix),
            input(after),
            output(2048),
            { type: 'value-inout', a, b },
          ]);
          expect(list.result).toBe(TeeResult.SUCCESS);
          expect(textOf(list, 2)).not.toContain('alice');
          shown += (list.params[3] as { a: number }).a;
        }
      }
    }
    // Its own key does appear.
    expect(shown).toBeGreaterThan(0);
  });

  test('as many keys as a request can hold, all of them of others, are all absent', async () => {
    const keys = Object.keys(before);
    const request = Buffer.concat(
      Array.from({ length: Limit.REQUEST_COUNT_MAX }, (_, n) => packedKey(keys[n % keys.length] ?? '')),
    );
    const many = await bob.invoke(Command.GET_MANY, [input(request), output(64 * 1024), valueOut]);
    expect(many).toMatchObject({ result: TeeResult.SUCCESS, params: [undefined, {}, { a: Limit.REQUEST_COUNT_MAX }] });
    expect((many.params[1] as { data: Buffer }).data.every((byte) => byte === 0)).toBe(true);
  });

  test('no revision makes a key of others one that can be changed', async () => {
    const [, revision = 0] = /^(\d+):/.exec(before['a of alice'] ?? '')?.map(Number) ?? [];
    expect(revision).toBeGreaterThan(0);
    const key = 'a of alice';
    for (const [a, b] of [
      [revision, 0],
      [revision + 1, 0],
      [0, 1],
      [ALL, 0],
      [ALL - 1, ALL],
      [0, 0x8000_0000],
    ] as const) {
      const expected = { type: 'value-inout', a, b } as const;
      const operation = packedOperation({ key, value: 'x' });
      operation.writeUInt32LE(a, 8);
      operation.writeUInt32LE(b, 12);
      const outcomes = [
        await bob.invoke(Command.PUT, [input(key), input('x'), expected, output(64)]),
        await bob.invoke(Command.DELETE, [input(key), expected]),
        await bob.invoke(Command.GENERATE, [input(key), { type: 'value-in', a: 8, b: 0 }, expected, output(8)]),
        await bob.invoke(Command.BATCH, [input(operation), output(64), valueOut]),
      ];
      expect(outcomes.map(({ result }) => result)).toEqual(Array(4).fill(TaError.CONFLICT));
    }
  });
}
