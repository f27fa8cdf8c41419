// SPDX-License-Identifier: MIT
/**
 * Commands as an enemy would send them, past all checks of the API: each gets the result that ta/include/secstor_ta.h
 * documents and changes nothing.
 */
import { BatchKind, Command, Info, Limit, PROTOCOL_VERSION, TA_UUID, TaError } from '../../src-ts/protocol/contract.js';
import { TeeResult } from '../../src-ts/tee/results.js';
import { Login, Origin, type Outcome, type Param } from '../../src-ts/tee/seam.js';
import type { Store } from '../conformance/store.js';
import { contentsOf } from './support/contents.js';
import { useMachine } from './support/machine.js';
import {
  anyRevision,
  badKeys,
  everyType,
  forbiddenKeys,
  illFormedKeys,
  input,
  none,
  output,
  packedKey,
  packedOperation,
  valueOut,
} from './support/packed.js';
import { openRemoteStore } from './support/remote-store.js';
import { mustOpenSession, openRemoteSession, type RemoteSession } from './support/remote-tee.js';

const DOMAIN = 'raw';
const VALUE = Buffer.alloc(100, 'v');
const { BAD_PARAMETERS, ITEM_NOT_FOUND, NOT_SUPPORTED, SHORT_BUFFER, SUCCESS } = TeeResult;

/** Valid parameters of each command; where the last one may be left out, with it. */
const valid: Readonly<Record<string, readonly [command: number, ...Param[]]>> = {
  INFO: [Command.INFO, output(256), none, none, none],
  GET: [Command.GET, input('k'), output(256), valueOut, none],
  GET_MANY: [Command.GET_MANY, input(packedKey('k')), output(256), valueOut, none],
  PUT: [Command.PUT, input('new'), input('x'), anyRevision, output(256)],
  DELETE: [Command.DELETE, input('absent'), anyRevision, none, none],
  LIST: [Command.LIST, input(''), input(''), output(2048), { type: 'value-inout', a: 0, b: 0 }],
  STAT: [Command.STAT, input('k'), valueOut, valueOut, none],
  BATCH: [Command.BATCH, input(packedOperation()), output(256), valueOut, none],
  GENERATE: [Command.GENERATE, input('new'), { type: 'value-in', a: 8, b: 0 }, anyRevision, output(256)],
  CLEAR: [Command.CLEAR, input('absent'), valueOut, none, none],
  WHOAMI: [Command.WHOAMI, valueOut, valueOut, valueOut, none],
  VERIFY: [Command.VERIFY, input(''), output(2048), { type: 'value-inout', a: 0, b: 0 }, valueOut],
  OWNERS: [Command.OWNERS, input(''), output(2048), valueOut, none],
  REMOVE_OWNER: [Command.REMOVE_OWNER, input(Buffer.alloc(17)), valueOut, none, none],
};
const mayEndEarly: ReadonlySet<string> = new Set(['PUT', 'GENERATE']);

const on = useMachine(() => Promise.resolve({ storage: 'memory' }));
let store: Store;
let session: RemoteSession;
let before: Record<string, string>;

const target = (...params: Param[]) => ({ uuid: TA_UUID, login: Login.USER, params });
const opening = (domain: string | Uint8Array, version = PROTOCOL_VERSION) =>
  target({ type: 'value-in', a: version, b: 0 }, input(domain));
const fromTa = (result: number) => ({ result, origin: Origin.TRUSTED_APP });
const sent = (command: number, ...params: Param[]) => session.invoke(command, params);
const sizeOf = ({ params }: Outcome, index: number) => (params[index] as { size: number }).size;

beforeAll(async () => {
  const alice = await on.user('alice');
  store = await openRemoteStore(alice, { domain: DOMAIN, timeoutMs: 60_000 });
  await store.batch([
    { type: 'put', key: 'k', value: VALUE },
    { type: 'put', key: 'large', value: Buffer.alloc(5000, 1) },
  ]);
  session = await mustOpenSession(alice, opening(DOMAIN));
  before = await contentsOf(store);
});

afterEach(async () => {
  expect(await contentsOf(store)).toEqual(before);
});

describe('parameter types', () => {
  test.each(Object.entries(valid))(
    '%s with any other type in any place is refused',
    async (name, [command, ...params]) => {
      for (const place of params.keys()) {
        for (const other of everyType) {
          const documented =
            other.type === params[place]?.type || (place === 3 && mayEndEarly.has(name) && other === none);
          if (documented) continue;
          const outcome = await sent(command, ...params.map((param, index) => (index === place ? other : param)));
          expect([place, other.type, outcome]).toMatchObject([place, other.type, fromTa(BAD_PARAMETERS)]);
        }
      }
    },
  );

  test.each(Object.entries(valid))(
    '%s without any parameter, or with four of one type, is refused',
    async (_name, [command]) => {
      for (const type of everyType) {
        expect(await sent(command, type, type, type, type)).toMatchObject(fromTa(BAD_PARAMETERS));
      }
    },
  );

  test.each([14, 15, 0xff, Command.TEST_PANIC, 0x10000, 0xffffffff])('there is no command %i', async (command) => {
    for (const type of everyType) expect(await sent(command, type)).toMatchObject(fromTa(NOT_SUPPORTED));
  });
});

describe('opening a session', () => {
  const refusal = async (...params: Param[]) => {
    const opened = await openRemoteSession(await on.user('alice'), target(...params));
    if ('session' in opened) throw new Error('the session was opened');
    return opened.refused;
  };
  const version: Param = { type: 'value-in', a: PROTOCOL_VERSION, b: 0 };

  test('with other parameter types is refused', async () => {
    for (const type of everyType) {
      if (type.type !== 'value-in') expect(await refusal(type, input('d'))).toMatchObject(fromTa(BAD_PARAMETERS));
      if (type.type !== 'memref-in') expect(await refusal(version, type)).toMatchObject(fromTa(BAD_PARAMETERS));
      if (type === none) continue;
      if (type.type !== 'value-in')
        expect(await refusal(version, input('d'), type)).toMatchObject(fromTa(BAD_PARAMETERS));
      expect(await refusal(version, input('d'), none, type)).toMatchObject(fromTa(BAD_PARAMETERS));
    }
  });

  test.each([0, 2, 0xffffffff])('with protocol version %i is refused', async (other) => {
    expect(await refusal({ ...version, a: other }, input('d'))).toMatchObject(fromTa(TaError.PROTOCOL));
  });

  test.each([...badKeys, ['of 65 bytes', Buffer.alloc(65, 'd')] as const])(
    'with a domain %s is refused',
    async (_name, domain) => {
      expect(await refusal(version, input(domain))).toMatchObject(fromTa(TaError.DOMAIN));
    },
  );

  test('with a domain of 64 bytes works, and is a store of its own', async () => {
    const other = await mustOpenSession(await on.user('alice'), opening('ä'.repeat(32)));
    const outcome = await other.invoke(Command.STAT, [input('k'), valueOut, valueOut]);
    expect(outcome).toMatchObject(fromTa(ITEM_NOT_FOUND));
    await other.close();
  });
});

describe('keys', () => {
  test.each(badKeys)('%s are refused by every command', async (_name, key) => {
    const refused = fromTa(TaError.KEY);
    expect(await sent(Command.GET, input(key), output(256), valueOut)).toMatchObject(refused);
    expect(await sent(Command.PUT, input(key), input('x'), anyRevision)).toMatchObject(refused);
    expect(await sent(Command.DELETE, input(key), anyRevision)).toMatchObject(refused);
    expect(await sent(Command.STAT, input(key), valueOut, valueOut)).toMatchObject(refused);
    const size: Param = { type: 'value-in', a: 8, b: 0 };
    expect(await sent(Command.GENERATE, input(key), size, anyRevision)).toMatchObject(refused);
  });

  test.each(badKeys.filter(([, key]) => key.length <= 0xffff))(
    '%s are refused within packed requests, which tell where',
    async (_name, key) => {
      const keys = Buffer.concat([packedKey('k'), packedKey(key)]);
      const many = await sent(Command.GET_MANY, input(keys), output(2048), valueOut);
      expect(many).toMatchObject({ ...fromTa(TaError.KEY), params: [undefined, { size: 0 }, { b: 1 }] });
      const operations = Buffer.concat([packedOperation({ value: 'x' }), packedOperation({ key })]);
      const batch = await sent(Command.BATCH, input(operations), output(64), valueOut);
      expect(batch).toMatchObject({ ...fromTa(TaError.KEY), params: [undefined, { size: 0 }, { a: 1 }] });
    },
  );

  const list = (prefix: string | Uint8Array, after: string | Uint8Array) =>
    sent(Command.LIST, input(prefix), input(after), output(2048), { type: 'value-inout', a: 0, b: 0 });

  test.each(forbiddenKeys)('%s are refused as a prefix or a place to go on from', async (_name, key) => {
    const refused = fromTa(TaError.KEY);
    expect(await list(key, '')).toMatchObject(refused);
    expect(await list('', key)).toMatchObject(refused);
    expect(await sent(Command.CLEAR, input(key), valueOut)).toMatchObject(refused);
  });

  test.each(illFormedKeys)('%s are the prefix of nothing', async (_name, key) => {
    expect(await list(key, '')).toMatchObject({
      result: SUCCESS,
      params: [undefined, undefined, { size: 0 }, { a: 0 }],
    });
    expect(await sent(Command.CLEAR, input(key), valueOut)).toMatchObject({
      result: SUCCESS,
      params: [undefined, { a: 0 }],
    });
  });
});

describe('sizes', () => {
  test('a value above the limit is refused', async () => {
    const value = input(Buffer.alloc(Limit.VALUE_MAX + 1));
    const refused = fromTa(TaError.VALUE_TOO_LARGE);
    expect(await sent(Command.PUT, input('new'), value, anyRevision)).toMatchObject(refused);
    const batch = packedOperation({ value: Buffer.alloc(Limit.VALUE_MAX + 1) });
    expect(await sent(Command.BATCH, input(batch), output(64), valueOut)).toMatchObject(refused);
  });

  test.each([
    [0, 0, BAD_PARAMETERS],
    [8, 1, BAD_PARAMETERS],
    [Limit.VALUE_MAX + 1, 0, TaError.VALUE_TOO_LARGE],
    [0xffffffff, 0, TaError.VALUE_TOO_LARGE],
  ])('GENERATE of (%i, %i) bytes is refused', async (a, b, result) => {
    const outcome = await sent(Command.GENERATE, input('new'), { type: 'value-in', a, b }, anyRevision);
    expect(outcome).toMatchObject(fromTa(result));
  });

  test('too little room is answered with the size that would do, before any change', async () => {
    const get = await sent(Command.GET, input('k'), output(VALUE.length - 1), valueOut);
    expect([get.result, sizeOf(get, 1)]).toEqual([SHORT_BUFFER, VALUE.length]);
    const many = await sent(Command.GET_MANY, input(packedKey('k')), output(16), valueOut);
    expect([many.result, sizeOf(many, 1)]).toEqual([SHORT_BUFFER, 16 + VALUE.length]);
    const put = await sent(Command.PUT, input('k'), input('x'), anyRevision, output(8));
    expect([put.result, sizeOf(put, 3)]).toEqual([SHORT_BUFFER, 8 + VALUE.length]);
    const list = await sent(Command.LIST, input(''), input(''), output(16), { type: 'value-inout', a: 0, b: 0 });
    expect([list.result, sizeOf(list, 2)]).toEqual([SHORT_BUFFER, 17]);
    const batch = await sent(Command.BATCH, input(packedOperation()), output(7), valueOut);
    expect([batch.result, sizeOf(batch, 1)]).toEqual([SHORT_BUFFER, 8]);
    const random = await sent(Command.GENERATE, input('k'), { type: 'value-in', a: 8, b: 0 }, anyRevision, output(7));
    expect([random.result, sizeOf(random, 3)]).toEqual([SHORT_BUFFER, 8]);
    const info = await sent(Command.INFO, output(0));
    expect([info.result, sizeOf(info, 0)]).toEqual([SHORT_BUFFER, Info.SIZE]);
  });

  test('no room at all is enough for an empty answer', async () => {
    const list = await sent(Command.LIST, input('none'), input(''), output(0), { type: 'value-inout', a: 0, b: 0 });
    expect(list).toMatchObject({ result: SUCCESS, params: [undefined, undefined, { size: 0 }, { a: 0, b: 0 }] });
  });
});

describe('packed requests', () => {
  const tooMany = (item: Buffer) => Buffer.concat(Array.from({ length: Limit.REQUEST_COUNT_MAX + 1 }, () => item));

  test.each([
    ['of nothing', Buffer.alloc(0)],
    ['of one byte', Buffer.from([1])],
    ['of a size alone', packedKey('', 1)],
    ['with a key beyond the end', packedKey('k', 2)],
    ['with a key far beyond the end', packedKey('k', 0xffff)],
    ['with a byte too many', Buffer.concat([packedKey('k'), Buffer.alloc(1)])],
    ['of too many keys', tooMany(packedKey('k'))],
    ['of too many bytes', Buffer.alloc(Limit.REQUEST_MAX + 1)],
  ])('GET_MANY %s is refused', async (_name, request) => {
    const outcome = await sent(Command.GET_MANY, input(request), output(4096), valueOut);
    expect(outcome).toMatchObject({ ...fromTa(BAD_PARAMETERS), params: [undefined, { size: 0 }, {}] });
  });

  test.each([
    ['of nothing', Buffer.alloc(0)],
    ['of half a header', packedOperation().subarray(0, 15)],
    ['of kind 0', packedOperation({ kind: 0 })],
    ['of kind 3', packedOperation({ kind: 3 })],
    ['with a byte that must be zero', packedOperation({ zero: 1 })],
    ['with a key beyond the end', packedOperation({ key: 'k', keySize: 2 })],
    ['with a value beyond the end', packedOperation({ value: 'v', valueSize: 2 })],
    ['with a value far beyond the end', packedOperation({ valueSize: 0xffffffff })],
    ['that deletes with a value', packedOperation({ kind: BatchKind.DELETE, key: 'k', value: 'v' })],
    ['with a byte too many', Buffer.concat([packedOperation(), Buffer.alloc(1)])],
    ['with a key twice', Buffer.concat([packedOperation({ key: 'a' }), packedOperation({ key: 'a' })])],
    ['of too many operations', tooMany(packedOperation())],
    ['of too many bytes', Buffer.alloc(Limit.REQUEST_MAX + 1)],
  ])('BATCH %s is refused, with all that it holds', async (_name, request) => {
    const outcome = await sent(Command.BATCH, input(request), output(16 * 1024), valueOut);
    expect(outcome).toMatchObject({ ...fromTa(BAD_PARAMETERS), params: [undefined, { size: 0 }, {}] });
  });

  test('a good operation before a bad one is not carried out', async () => {
    const request = Buffer.concat([
      packedOperation({ kind: BatchKind.DELETE, key: 'k' }),
      packedOperation({ key: 'new', value: 'x' }),
      packedOperation({ kind: 9 }),
    ]);
    const outcome = await sent(Command.BATCH, input(request), output(256), valueOut);
    expect(outcome).toMatchObject({ ...fromTa(BAD_PARAMETERS), params: [undefined, { size: 0 }, { a: 2 }] });
  });
});
