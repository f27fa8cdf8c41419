// SPDX-License-Identifier: MIT
/** The one way in for options: every option of every method, however the object has it, and nothing that it has not. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import vm from 'node:vm';

import { schema } from '../../src-ts/arguments/options.js';
import { SecureStorage } from '../../src-ts/index.js';
import { KeyvSecureStorage } from '../../src-ts/keyv/index.js';
import { MemoryTee } from '../../src-ts/testing/index.js';
import { errorOf } from '../conformance/errors.js';

let tee: MemoryTee;
let store: SecureStorage;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'options-'));
  tee = await MemoryTee.create();
  store = await tee.open();
});
afterAll(async () => {
  await tee.close();
  rmSync(folder, { recursive: true });
});

type Options = Record<string, unknown>;
type Method = [name: string, options: readonly string[], call: (options: never) => unknown];

const optionsOf = (name: keyof typeof schema) => Object.keys(schema[name]);
const simulator = () => ({ backend: 'simulator', simulator: { directory: folder } });
const methods: Method[] = [
  ['get', optionsOf('get'), (options) => store.get('k', options)],
  ['getEntry', optionsOf('get'), (options) => store.getEntry('k', options)],
  ['getMany', optionsOf('getMany'), (options) => store.getMany(['k'], options)],
  ['put', optionsOf('put'), (options) => store.put('k', 'v', options)],
  ['delete', optionsOf('delete'), (options) => store.delete('gone', options)],
  ['has', optionsOf('call'), (options) => store.has('k', options)],
  ['stat', optionsOf('call'), (options) => store.stat('k', options)],
  ['list', optionsOf('list'), (options) => store.list(options)],
  ['keys', optionsOf('keys'), (options) => store.keys(options)],
  ['entries', optionsOf('entries'), (options) => store.entries(options).next()],
  ['batch', optionsOf('call'), (options) => store.batch([], options)],
  ['generate', optionsOf('generate'), (options) => store.generate('g', options)],
  ['clear', optionsOf('clear'), (options) => store.clear(options)],
  ['info', optionsOf('call'), (options) => store.info(options)],
  ['verify', optionsOf('verify'), (options) => store.verify(options)],
  ['owners', optionsOf('call'), (options) => store.owners(options)],
  ['removeOwner', optionsOf('removeOwner'), (options) => store.removeOwner(options)],
  ['SecureStorage.open', optionsOf('open'), (options) => SecureStorage.open(options)],
  ['SecureStorage.isAvailable', optionsOf('open'), (options) => SecureStorage.isAvailable(options)],
  ['SecureStorage.diagnose', optionsOf('open'), (options) => SecureStorage.diagnose(options)],
  [
    'simulator of SecureStorage.open',
    optionsOf('simulator'),
    (options) => SecureStorage.open({ backend: 'simulator', simulator: options }),
  ],
  [
    'MemoryTee.open',
    ['signal', 'timeoutMs', 'callTimeoutMs', 'waitMs', 'domain', 'group', 'taUuid', 'uid', 'groups'],
    (options) => tee.open(options),
  ],
  [
    'MemoryTee.fail',
    ['kind', 'operation', 'times', 'delayMs'],
    // eslint-disable-next-line @typescript-eslint/require-await -- what it throws becomes a rejection
    async (options) => {
      tee.fail(options);
    },
  ],
  [
    'new KeyvSecureStorage',
    [...optionsOf('open'), 'store'],
    // eslint-disable-next-line @typescript-eslint/require-await -- what it throws becomes a rejection
    async (options) => new KeyvSecureStorage(options),
  ],
  ['a put of batch', ['type', 'key', 'value', 'ifAbsent', 'ifRevision'], (operation) => store.batch([operation])],
  ['a delete of batch', ['type', 'key', 'ifRevision'], (operation) => store.batch([operation])],
];
/** What a method needs beside the option that is tried. */
const needs: Record<string, Options> = {
  clear: { confirm: true },
  removeOwner: { confirm: true, uid: 4711 },
  'a put of batch': { type: 'put', key: 'k', value: 'v' },
  'a delete of batch': { type: 'delete', key: 'gone' },
};

const withGetters = (object: object, options: Options, enumerable: boolean): object => {
  for (const [name, value] of Object.entries(options)) {
    Object.defineProperty(object, name, { get: () => value, enumerable, configurable: true });
  }
  return object;
};
const inOtherRealm = (code: string) => (options: Options) => vm.runInNewContext(code, { options }) as object;

const forms: Record<string, (options: Options) => object> = {
  own: (options) => ({ ...options }),
  frozen: (options) => Object.freeze({ ...options }),
  inherited: (options) => Object.create(options) as object,
  'inherited from further up': (options) =>
    Object.create(Object.create(Object.create(options) as object) as object) as object,
  getters: (options) => withGetters({}, options, true),
  'not enumerable': (options) => withGetters({}, options, false),
  'getters of a class': (options) => {
    // eslint-disable-next-line @typescript-eslint/no-extraneous-class -- its prototype gets them
    class Given {}
    withGetters(Given.prototype, options, false);
    return new Given();
  },
  'getters of a base class': (options) => {
    class Base {
      method() {
        return this;
      }
    }
    class Given extends Base {}
    withGetters(Base.prototype, options, false);
    return new Given();
  },
  'without a prototype': (options) => Object.assign(Object.create(null) as object, options),
  'inherited without a prototype': (options) =>
    Object.create(Object.assign(Object.create(null) as object, options)) as object,
  'of another realm': inOtherRealm('Object.assign({}, options)'),
  'inherited in another realm': inOtherRealm('Object.create(Object.assign({}, options))'),
  'a proxy': (options) => new Proxy(options, {}),
  'a proxy that lists nothing': (options) =>
    new Proxy({}, { get: (_target, name) => (typeof name === 'string' ? options[name] : undefined) }),
};

describe.each(methods)('%s', (name, options, call) => {
  test.each(Object.entries(forms))('reads every option that is %s', async (_form, make) => {
    for (const option of options) {
      // A list is never right, so an error that names the option shows that it was read.
      const wrong = option === 'groups' ? ['x'] : option === 'key' || option === 'value' ? 5 : [];
      const error = await errorOf(Promise.resolve(call(make({ ...needs[name], [option]: wrong }) as never)));
      expect(error.code).toBe('ERR_INVALID_ARG');
      if (option !== 'type') expect(error.message).toContain(option);
    }
  });

  test.each<[string, unknown]>([
    ['a misspelt option', { ...needs[name], misspelt: true }],
    ['a misspelt option that is inherited', Object.create({ ...needs[name], misspelt: true })],
    ['a misspelt option of a class', withGetters({ ...needs[name] }, { misspelt: 1 }, false)],
    ['null', null],
    ['a text', 'utf8'],
    ['a function', () => ({})],
    ['an array', []],
    ['a Map', new Map([['ifAbsent', true]])],
    ['a Set', new Set(['ifAbsent'])],
    ['a Date', new Date()],
    ['a promise', Promise.resolve({ ifAbsent: true })],
    ['a RegExp', /x/],
    ['an error', new Error('x')],
    ['a Buffer', Buffer.from('x')],
    ['an ArrayBuffer', new ArrayBuffer(1)],
    ['a boxed text', Object('utf8')],
    ['a signal in place of options', new AbortController().signal],
    ['an object whose getter throws', Object.defineProperty({}, 'timeoutMs', { get: thrower })],
    ['a proxy whose traps throw', new Proxy({}, { ownKeys: thrower, get: thrower, getPrototypeOf: thrower })],
    ['a proxy that was revoked', revoked()],
  ])('refuses %s', async (_what, given) => {
    expect(await errorOf(Promise.resolve(call(given as never)))).toMatchObject({ code: 'ERR_INVALID_ARG' });
  });
});

function thrower(): never {
  throw new TypeError('from a trap');
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

describe('what Object.prototype has is no option', () => {
  const all = [...new Set(methods.flatMap(([, options]) => options))]
    // JavaScript itself looks for these: in iterators and in descriptors of properties.
    .filter((option) => !['return', 'value'].includes(option));

  const polluted = async <T>(option: string, value: unknown, work: () => Promise<T>): Promise<T> => {
    Object.defineProperty(Object.prototype, option, { value, configurable: true, writable: true, enumerable: true });
    try {
      return await work();
    } finally {
      // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- it was put there by this test
      delete (Object.prototype as Options)[option];
    }
  };

  test.each(all)('%s', async (option) => {
    await store.put('k', 'v');
    await polluted(option, [], async () => {
      expect(await store.get('k', { encoding: 'utf8' })).toBe('v');
      expect(await store.getMany(['k'])).toEqual(new Map([['k', Buffer.from('v')]]));
      await store.put('k', 'v');
      await store.put('k', 'v', {});
      await store.batch([
        { type: 'put', key: 'b', value: 'v' },
        { type: 'delete', key: 'gone' },
      ]);
      await store.generate('g', { size: 5 });
      expect((await store.list()).length).toBeGreaterThan(1);
      expect((await store.entries().next()).done).toBe(false);
      expect(await store.delete('g')).toBe(true);
      expect((await store.info()).domain).toBe('default');
      await store.verify();
      await (await tee.open()).close();
      await (await SecureStorage.open(simulator() as never)).close();
    });
  });

  test.each<[string, unknown, () => Promise<unknown>]>([
    ['confirm', true, () => store.clear({} as never)],
    ['confirm', true, () => store.removeOwner({ uid: 4711 } as never)],
    ['uid', 4711, () => store.removeOwner({ confirm: true })],
    ['type', 'delete', () => store.batch([{ key: 'k' } as never])],
    ['key', 'k', () => store.batch([{ type: 'delete' } as never])],
  ])('%s of %j does not take the place of what must be given', async (option, value, call) => {
    await store.put('k', 'v');
    expect(await polluted(option, value, () => errorOf(call()))).toMatchObject({ code: 'ERR_INVALID_ARG' });
    expect(await store.has('k')).toBe(true);
  });

  test.each<[string, unknown, () => Promise<unknown>]>([
    ['ifAbsent', true, () => store.put('k', 'new')],
    ['ifAbsent', true, () => store.batch([{ type: 'put', key: 'k', value: 'new' }])],
    ['ifRevision', 0, () => store.put('k', 'new')],
    ['domain', 'elsewhere', async () => (await tee.open()).put('k', 'new')],
  ])('%s of %j changes nothing about a call', async (option, value, call) => {
    await store.put('k', 'old');
    await polluted(option, value, call);
    expect(await store.get('k', { encoding: 'utf8' })).toBe('new');
  });
});

test('an inherited condition holds', async () => {
  await store.put('k', 'old');
  const conditions = [
    Object.create({ ifAbsent: true }) as object,
    Object.create({
      get ifAbsent() {
        return true;
      },
    }) as object,
  ];
  for (const condition of conditions) {
    expect(await errorOf(store.put('k', 'new', condition))).toMatchObject({ code: 'ERR_EXISTS' });
    const operation = Object.assign(condition, { type: 'put' as const, key: 'k', value: 'new' });
    expect(await errorOf(store.batch([operation]))).toMatchObject({ code: 'ERR_EXISTS' });
  }
  expect(await store.get('k', { encoding: 'utf8' })).toBe('old');
});

test('each option is read once', async () => {
  let reads = 0;
  const twoFaced = {
    get encoding() {
      reads++;
      return 'hex' as const;
    },
  };
  await store.put('k', 'v');
  expect(await store.get('k', twoFaced)).toBe('76');
  expect(reads).toBe(1);
});

describe('signals', () => {
  const signal = new AbortController().signal;
  const boom = () => {
    throw new TypeError('not ours');
  };
  /** What looks like a signal from another realm, with some members of its own. */
  const pretender = (members: object = {}): object =>
    Object.defineProperties(
      {
        [Symbol.toStringTag]: 'AbortSignal',
        aborted: false,
        throwIfAborted() {},
        addEventListener() {},
        removeEventListener() {},
      },
      Object.getOwnPropertyDescriptors(members),
    );
  /** A proxy whose traps throw from the nth look at it on. */
  const throwingProxy = (looks: number) =>
    new Proxy(new AbortController().signal, {
      get: (target, member) => (--looks < 0 ? boom() : (Reflect.get(target, member, target) as unknown)),
    });
  const reasonOf = (call: Promise<unknown>): Promise<unknown> =>
    call.then(
      () => undefined,
      (reason: unknown) => reason,
    );

  test.each<[string, unknown]>([
    ['an empty object', {}],
    ['an object with the property', { aborted: false }],
    [
      'an object with the methods',
      { aborted: false, throwIfAborted() {}, addEventListener() {}, removeEventListener() {} },
    ],
    ['a controller', new AbortController()],
    ['another event target', new EventTarget()],
    ['an event target with the property', Object.assign(new EventTarget(), { aborted: false })],
    ['what has the prototype of one', Object.create(AbortSignal.prototype)],
    ['what inherits from one, without its methods', Object.create(signal, { addEventListener: { value: undefined } })],
    ['what inherits from one, with a method that throws', Object.create(signal, { addEventListener: { value: boom } })],
    ['what throws where it is listened to', pretender({ addEventListener: boom })],
    ['one with a method of its own', Object.assign(new AbortController().signal, { addEventListener: boom })],
    ['what is aborted in words', pretender({ aborted: 'no' })],
    ['a proxy that throws', throwingProxy(0)],
    ['a text', 'abort'],
    ['a function', () => signal],
    ['a revoked proxy', revoked()],
  ])('%s is refused by every method', async (_what, wrong) => {
    for (const [name, , call] of methods.filter(([, known]) => known.includes('signal'))) {
      const error = await reasonOf(Promise.resolve().then(() => call({ ...needs[name], signal: wrong } as never)));
      expect([name, error]).toEqual([name, expect.objectContaining({ code: 'ERR_INVALID_ARG' })]);
    }
  });

  test.each<[string, AbortSignal]>([
    ['one of a controller', signal],
    ['one with a time-out', AbortSignal.timeout(1e6)],
    ['a proxy of one', new Proxy(signal, {})],
    ['what inherits from one', Object.create(signal) as AbortSignal],
  ])('%s is taken', async (_what, right) => {
    await store.put('k', 'v', { signal: right });
  });

  test.each<[string, object]>([
    ['throws where it is left', pretender({ removeEventListener: boom })],
    ['throws although it is not aborted', pretender({ throwIfAborted: boom })],
    ['calls back at once', pretender({ addEventListener: (_type: string, listener: () => void) => listener })],
    ['throws from some look on', throwingProxy(12)],
    ['throws from a later look on', throwingProxy(20)],
    [
      'has other methods the second time',
      (() => {
        let looks = 0;
        return pretender({
          get throwIfAborted() {
            return looks++ === 0 ? () => undefined : 5;
          },
        });
      })(),
    ],
  ])('what looks like one and %s changes no outcome', async (_what, odd) => {
    for (let count = 0; count < 5; count++) {
      const error = await reasonOf(store.put('odd', String(count), { signal: odd as never }));
      if (error !== undefined) expect(error).toMatchObject({ code: 'ERR_INVALID_ARG' });
      else expect(await store.get('odd', { encoding: 'utf8' })).toBe(String(count));
    }
  });

  test('one of another realm aborts, with its reason, as often as it is given', async () => {
    const listeners: (() => void)[] = [];
    const members = {
      reason: new Error('enough'),
      addEventListener: (_: string, each: () => void) => listeners.push(each),
    };
    const foreign = pretender(members) as AbortSignal;
    tee.fail({ kind: 'slow', delayMs: 50 });
    const first = store.put('k', 'v');
    const waiting = [1, 2, 3].map(() => reasonOf(store.get('k', { signal: foreign })));
    for (const listener of listeners) listener();
    expect(await Promise.all(waiting)).toEqual([members.reason, members.reason, members.reason]);
    expect(listeners).toHaveLength(1);
    await first;
    const aborted = pretender({
      aborted: true,
      get reason() {
        return boom();
      },
    }) as AbortSignal;
    expect(await reasonOf(store.get('k', { signal: aborted }))).toMatchObject({ name: 'AbortError' });
  });

  test('fifty calls at a time on one signal warn of nothing, and all are aborted', async () => {
    const warnings: unknown[] = [];
    const note = (warning: unknown) => warnings.push(warning);
    process.on('warning', note);
    const controller = new AbortController();
    tee.fail({ kind: 'slow', delayMs: 50 });
    const first = store.put('k', 'v');
    const calls = Array.from({ length: 50 }, () => store.get('k', { signal: controller.signal }));
    controller.abort(new Error('enough'));
    const results = await Promise.allSettled(calls);
    expect(
      results.every((result) => result.status === 'rejected' && (result.reason as Error).message === 'enough'),
    ).toBe(true);
    const more = Array.from({ length: 50 }, () => store.get('k', { signal }));
    await Promise.all([first, ...more]);
    // Warnings come with the next turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });
});

describe('values', () => {
  const detached = (array: Uint8Array) => {
    structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
    return array;
  };
  const pieceOfDetached = () => {
    const whole = new Uint8Array(9);
    const piece = whole.subarray(1);
    detached(whole);
    return piece;
  };
  const shrunk = () => {
    const Resizable = ArrayBuffer as unknown as new (size: number, options: object) => ArrayBuffer;
    const memory = new Resizable(8, { maxByteLength: 8 }) as ArrayBuffer & { resize(size: number): void };
    const array = new Uint8Array(memory, 4, 4);
    memory.resize(2);
    return array;
  };

  test.each<[string, () => unknown]>([
    ['a detached array', () => detached(new Uint8Array(5))],
    ['a detached Buffer', () => detached(Buffer.from(new Uint8Array(5).buffer))],
    ['a piece of a detached array', () => pieceOfDetached()],
    ['an array whose memory shrank', shrunk],
    ['a proxy of an array', () => new Proxy(new Uint8Array(5), {})],
    ['a DataView', () => new DataView(new ArrayBuffer(1))],
  ])('%s is refused', async (_what, make) => {
    await store.put('k', 'old');
    const attempts = [
      store.put('k', make() as never),
      store.batch([{ type: 'put', key: 'k', value: make() as never }]),
    ];
    for (const attempt of attempts) expect(await errorOf(attempt)).toMatchObject({ code: 'ERR_INVALID_ARG' });
    expect(await store.get('k', { encoding: 'utf8' })).toBe('old');
  });

  const lying = (length: number) => Object.defineProperty(Uint8Array.of(1, 2, 3), 'length', { value: length });
  test.each<[string, unknown]>([
    ['an array that says it is longer', lying(9)],
    ['an array that says it is shorter', lying(1)],
    ['an array of another realm', vm.runInNewContext('Uint8Array.of(1, 2, 3)')],
    ['a piece of an array', Uint8Array.of(0, 1, 2, 3, 4).subarray(1, 4)],
    ['shared memory', new Uint8Array(new SharedArrayBuffer(3)).map((_, index) => index + 1)],
  ])('%s is stored as the bytes that it has', async (_what, value) => {
    await store.put('k', value as Uint8Array);
    expect(await store.get('k')).toEqual(Buffer.of(1, 2, 3));
  });

  test.each<[string, () => Promise<unknown>]>([
    ['keys with a hole', () => store.getMany(Array<string>(2))],
    ['keys whose getter throws', () => store.getMany(Object.defineProperty(['k'], '0', { get: thrower }))],
    ['keys that are a revoked proxy', () => store.getMany(revoked() as never)],
    ['operations with a hole', () => store.batch(Array<never>(2))],
    ['operations that are a revoked proxy', () => store.batch(revoked() as never)],
    ['an operation that is a revoked proxy', () => store.batch([revoked() as never])],
  ])('%s are refused', async (_what, call) => {
    expect(await errorOf(call())).toMatchObject({ code: 'ERR_INVALID_ARG' });
  });
});
