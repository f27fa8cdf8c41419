// SPDX-License-Identifier: MIT
/** Verifying and the list of owners, above a scripted TEE: pages, lost sessions and hostile answers. */
import { Command, Limit } from '../../src-ts/protocol/contract.js';
import { clientUuid } from '../../src-ts/tee/client-uuid.js';
import { TeeResult } from '../../src-ts/tee/results.js';
import { Login, Origin } from '../../src-ts/tee/seam.js';
import { encodeUuid } from '../../src-ts/util/uuid.js';
import { errorOf } from './support/errors.js';
import { ScriptedTee, bytes, ok, refused, u32, u64 } from './support/scripted-tee.js';

let tee: ScriptedTee;
beforeEach(() => {
  tee = new ScriptedTee();
});

const dead = () => refused(TeeResult.TARGET_DEAD, Origin.TEE);
/** An answer to VERIFY: where to go on, and what was found. */
const verified = (next: number[], [objects = 0, lostCopies = 0, repaired = 0, lost = 0]: number[]) =>
  ok(undefined, bytes(next), { a: objects, b: lostCopies }, { a: repaired, b: lost });

describe('verify', () => {
  test('goes on where the answer says until that is empty, and adds up', async () => {
    const store = await tee.store();
    tee.answers.push(
      () => verified([1], [5, 1, 1, 0]),
      () => verified([2, 107], [3, 0, 0, 2]),
      () => verified([], [1, 1, 0, 0]),
    );
    expect(await store.verify({ repair: true })).toEqual({ objects: 9, lostCopies: 2, repaired: 1, lost: 2 });
    expect(tee.seen.map(({ command }) => command)).toEqual(Array(3).fill(Command.VERIFY));
    expect(tee.seen.map(({ params }) => params[0])).toEqual(
      [[], [1], [2, 107]].map((cursor) => ({ type: 'memref-in', data: Buffer.from(cursor) })),
    );
    expect(tee.seen[0]?.params.slice(1, 3)).toEqual([
      { type: 'memref-out', size: Limit.CURSOR_MAX },
      { type: 'value-inout', a: 1, b: 0 },
    ]);
  });

  test('repairs only when it is asked to', async () => {
    const store = await tee.store();
    tee.answers.push(() => verified([], [1, 1, 0, 0]));
    expect(await store.verify()).toEqual({ objects: 1, lostCopies: 1, repaired: 0, lost: 0 });
    expect(tee.seen[0]?.params[2]).toEqual({ type: 'value-inout', a: 0, b: 0 });
  });

  test('is sent again after a lost session, from where it was', async () => {
    const store = await tee.store();
    tee.answers.push(
      () => verified([1], [5]),
      dead,
      () => verified([], [2]),
    );
    expect((await store.verify()).objects).toBe(7);
    expect(tee.seen[2]?.params).toEqual(tee.seen[1]?.params);
  });

  test('does not ask for more once its signal is aborted', async () => {
    const store = await tee.store();
    const controller = new AbortController();
    tee.answers.push(() => {
      controller.abort(new Error('enough'));
      return verified([1], [1]);
    });
    await expect(store.verify({ signal: controller.signal })).rejects.toThrow('enough');
    expect(tee.seen).toHaveLength(1);
  });

  test('its deadline is for all requests together', async () => {
    const store = await tee.store();
    const now = jest.spyOn(performance, 'now').mockReturnValue(0);
    try {
      tee.answers.push(() => {
        now.mockReturnValue(101);
        return verified([1], [1]);
      });
      expect(await errorOf(store.verify({ timeoutMs: 100 }))).toMatchObject({
        code: 'ERR_TIMEOUT',
        operation: 'verify',
        outcomeUnknown: false,
      });
    } finally {
      now.mockRestore();
    }
    expect(tee.seen).toHaveLength(1);
  });

  test.each([
    ['more lost than looked at', () => verified([], [1, 1, 0, 1])],
    ['repairs that nobody asked for', () => verified([], [1, 1, 1, 0])],
    ['no numbers', () => ok(undefined, bytes([]))],
    ['no place to go on', () => ok(undefined, undefined, { a: 1, b: 0 }, { a: 0, b: 0 })],
    [
      'a place larger than the room',
      () => ok(undefined, { size: 9, data: Buffer.alloc(1) }, { a: 1, b: 0 }, { a: 0, b: 0 }),
    ],
  ])('an answer with %s is refused', async (_name, answer) => {
    const store = await tee.store();
    tee.answers.push(answer);
    expect(await errorOf(store.verify())).toMatchObject({ code: 'ERR_PROTOCOL', operation: 'verify' });
  });

  test('an answer that goes on where it began is refused, not asked for ever', async () => {
    const store = await tee.store();
    tee.answers.push(
      () => verified([1], [1]),
      () => verified([1], [1]),
    );
    expect(await errorOf(store.verify())).toMatchObject({ code: 'ERR_PROTOCOL' });
  });
});

interface Listed {
  readonly login?: number;
  readonly uuid: string;
  readonly flags?: number;
  readonly id?: number;
}

const uuid = (last: number) => `00000000-0000-5000-8000-0000000000${last.toString(16).padStart(2, '0')}`;
const entry = ({ login = Login.USER, uuid: owner, flags = 1, id = 7 }: Listed) =>
  Buffer.from([...encodeUuid(owner), login, flags, 0, 0, ...u32(id), ...u32(3), ...u32(8), ...u64(2 ** 33)]);
const HEADER = [...u32(3), ...u32(64), ...u32(24), ...u32(2048)];
const listed = (owners: Listed[], more = 0, header = HEADER, count = owners.length) =>
  ok(undefined, bytes(header, ...owners.map(entry)), { a: count, b: more });

describe('owners', () => {
  test('are listed over several answers, each after the last one', async () => {
    const store = await tee.store();
    tee.answers.push(
      () => listed([{ uuid: uuid(1) }, { uuid: uuid(9), flags: 2 }], 1),
      dead,
      () => listed([{ uuid: uuid(2), login: Login.GROUP, id: 65_536 }]),
    );
    const common = { keys: 3, bytes: 2 ** 33, objects: 8 };
    expect(await store.owners()).toEqual({
      owners: [
        { owner: uuid(1), login: 'user', id: 7, lost: false, ...common },
        { owner: uuid(9), login: 'user', id: undefined, lost: true, ...common },
        { owner: uuid(2), login: 'group', id: 65_536, lost: false, ...common },
      ],
      objects: { used: 24, total: 2048 },
      places: 64,
    });
    expect(tee.seen.map(({ params }) => Buffer.from((params[0] as { data: Uint8Array }).data).toString('hex'))).toEqual(
      ['', `01${uuid(9).replaceAll('-', '')}`, `01${uuid(9).replaceAll('-', '')}`],
    );
  });

  test.each([
    ['owners out of order', () => listed([{ uuid: uuid(2) }, { uuid: uuid(1) }])],
    ['an owner twice', () => listed([{ uuid: uuid(2) }, { uuid: uuid(2) }])],
    ['users after groups', () => listed([{ uuid: uuid(1), login: Login.GROUP }, { uuid: uuid(2) }])],
    ['an impossible login', () => listed([{ uuid: uuid(1), login: 0 }])],
    ['fewer owners than it says', () => listed([{ uuid: uuid(1) }], 0, HEADER, 2)],
    ['more than it says', () => listed([{ uuid: uuid(1) }, { uuid: uuid(2) }], 0, HEADER, 1)],
    ['half a header', () => listed([], 0, u32(1))],
    ['more owners promised, and none', () => listed([], 1)],
    ['nothing to share', () => listed([], 0, Array<number>(16).fill(0))],
  ])('an answer with %s is refused', async (_name, answer) => {
    const store = await tee.store();
    tee.answers.push(answer);
    expect(await errorOf(store.owners())).toMatchObject({ code: 'ERR_PROTOCOL', operation: 'owners' });
  });

  test('a second answer that begins anew is refused, not asked for ever', async () => {
    const store = await tee.store();
    tee.answers.push(
      () => listed([{ uuid: uuid(1) }], 1),
      () => listed([{ uuid: uuid(1) }], 1),
    );
    expect(await errorOf(store.owners())).toMatchObject({ code: 'ERR_PROTOCOL' });
  });

  test('are for root alone', async () => {
    const store = await tee.store();
    tee.answers.push(
      () => refused(TeeResult.ACCESS_DENIED),
      () => refused(TeeResult.ACCESS_DENIED),
    );
    expect(await errorOf(store.owners())).toMatchObject({ code: 'ERR_NOT_ROOT' });
    const removal = await errorOf(store.removeOwner({ uid: 1, confirm: true }));
    expect(removal).toMatchObject({ code: 'ERR_NOT_ROOT', outcomeUnknown: false });
  });
});

describe('removing a store', () => {
  const removed = (keys: number, more: number) => ok(undefined, { a: keys, b: more });

  test.each([
    [{ uid: 1007 }, Login.USER, clientUuid('uid', 1007)],
    [{ gid: 50 }, Login.GROUP, clientUuid('gid', 50)],
    [{ owner: uuid(0xab).toUpperCase(), login: 'group' } as const, Login.GROUP, uuid(0xab)],
    [{ owner: uuid(1), login: 'user' } as const, Login.USER, uuid(1)],
  ])('of %j names it to the TA', async (whose, login, owner) => {
    const store = await tee.store();
    tee.answers.push(() => removed(4, 0));
    expect(await store.removeOwner({ ...whose, confirm: true })).toBe(4);
    expect(tee.seen[0]?.params[0]).toEqual({ type: 'memref-in', data: Buffer.from([login, ...encodeUuid(owner)]) });
  });

  test('is asked for again until no objects are left', async () => {
    const store = await tee.store();
    tee.answers.push(
      () => removed(4, 1),
      () => removed(0, 1),
      () => removed(0, 0),
    );
    expect(await store.removeOwner({ uid: 1, confirm: true })).toBe(4);
    // Somebody else has removed the rest.
    tee.answers.push(
      () => removed(4, 1),
      () => refused(TeeResult.ITEM_NOT_FOUND),
    );
    expect(await store.removeOwner({ uid: 1, confirm: true })).toBe(4);
    tee.answers.push(() => refused(TeeResult.ITEM_NOT_FOUND));
    expect(await store.removeOwner({ uid: 1, confirm: true })).toBeNull();
  });

  test('that ends early does not look as if nothing had happened', async () => {
    const store = await tee.store();
    tee.answers.push(
      () => removed(4, 1),
      () => refused(TeeResult.OUT_OF_MEMORY),
    );
    const error = await errorOf(store.removeOwner({ uid: 1, confirm: true }));
    expect(error).toMatchObject({ code: 'ERR_NO_MEMORY', outcomeUnknown: true });
  });
});
