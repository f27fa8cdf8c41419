// SPDX-License-Identifier: MIT
/**
 * Tests as an application with a page has them, run by jsdom.test.ts under jest-environment-jsdom: the globals are those
 * of a page, so that Buffers, signals and errors come from two realms, and some of Node.js's globals are missing.
 */
/* global afterEach, beforeEach, document, EventTarget, expect, test */
const vm = require('node:vm');

const { SecureStorage, SecureStorageError, isSecureStorageError } = require('optee-secure-storage');
const { KeyvSecureStorage } = require('optee-secure-storage/keyv');
const keytar = require('optee-secure-storage/keytar');
const { MemoryTee } = require('optee-secure-storage/testing');

/** Something of Node.js's own realm. */
const ofNode = (source) => vm.runInThisContext(source);
/** Something of a realm that is neither the page's nor Node.js's. */
const ofOther = (source) => vm.runInNewContext(source);

let tee;
let store;
beforeEach(async () => {
  tee = await MemoryTee.create();
  store = await tee.open();
});
afterEach(() => tee.close());

test('this is a page, with realms of its own', () => {
  expect(document.body.tagName).toBe('BODY');
  expect(Buffer.from('x') instanceof Uint8Array).toBe(false);
  expect(typeof TextDecoder).toBe('undefined');
  expect(AbortController).not.toBe(ofNode('AbortController'));
});

const bytes = [118, 97, 108, 117, 101];
test.each([
  ['a string', () => 'value'],
  ['a Buffer', () => Buffer.from('value')],
  ['a part of a Buffer', () => Buffer.from('a value').subarray(2)],
  ['an array of the page', () => new Uint8Array(bytes)],
  ['a part of one', () => new Uint8Array([0, ...bytes]).subarray(1)],
  ['an array of Node.js', () => ofNode(`new Uint8Array([${bytes}])`)],
  ['an array of another realm', () => ofOther(`new Uint8Array([${bytes}])`)],
  ['an array over memory of Node.js', () => new Uint8Array(ofNode(`new Uint8Array([${bytes}]).buffer`))],
])('stores %s, alone and in a batch', async (_what, value) => {
  await store.put('alone', value());
  await store.batch([{ type: 'put', key: 'batched', value: value() }]);
  for (const key of ['alone', 'batched']) {
    const found = await store.get(key);
    expect(Buffer.isBuffer(found)).toBe(true);
    expect([...found]).toEqual(bytes);
    expect(await store.get(key, { encoding: 'utf8' })).toBe('value');
    expect(await store.get(key, { encoding: 'hex' })).toBe('76616c7565');
  }
});

test.each([
  ['of the page', () => ({ ifAbsent: true })],
  ['without a prototype', () => Object.assign(Object.create(null), { ifAbsent: true })],
  ['of Node.js', () => ofNode('({ ifAbsent: true })')],
  ['of another realm', () => ofOther('({ ifAbsent: true })')],
  [
    'of a class',
    () =>
      new (class {
        ifAbsent = true;
      })(),
  ],
])('takes options %s', async (_what, options) => {
  await store.put('k', 'first', options());
  await expect(store.put('k', 'second', options())).rejects.toMatchObject({ code: 'ERR_EXISTS' });
});

test.each([
  ['of the page', () => ['a', 'b']],
  ['of Node.js', () => ofNode('["a", "b"]')],
  ['of another realm', () => ofOther('["a", "b"]')],
])('takes lists of keys %s, and gives a Map', async (_what, keys) => {
  await store.put('a', '1');
  const found = await store.getMany(keys(), { encoding: 'utf8' });
  expect([...found]).toEqual([
    ['a', '1'],
    ['b', null],
  ]);
});

test.each([
  ['of the page', () => new AbortController()],
  ['of Node.js', () => ofNode('new AbortController()')],
])('knows signals %s, aborted before a call and during one that waits', async (_what, make) => {
  const before = make();
  before.abort('enough');
  await expect(store.get('k', { signal: before.signal })).rejects.toBe('enough');
  tee.fail({ kind: 'slow', delayMs: 200 });
  const slow = store.put('k', 'v');
  const during = make();
  const waiting = store.put('k', 'never', { signal: during.signal });
  during.abort('enough of that');
  await expect(waiting).rejects.toBe('enough of that');
  await slow;
  expect(await store.get('k', { encoding: 'utf8' })).toBe('v');
});

test('errors are errors', async () => {
  const error = await store.get('').catch((reason) => reason);
  expect(isSecureStorageError(error)).toBe(true);
  expect(error).toBeInstanceOf(SecureStorageError);
  expect(error).toBeInstanceOf(Error);
  expect(error).toMatchObject({ name: 'SecureStorageError', code: 'ERR_INVALID_KEY' });
  await expect(store.put('k', document.body)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG' });
  await expect(store.put('k', 'v', { signal: new EventTarget() })).rejects.toMatchObject({ code: 'ERR_INVALID_ARG' });
});

test.each([
  ['timeout', 'ERR_TIMEOUT'],
  ['corrupt', 'ERR_CORRUPT'],
  ['busy', 'ERR_BUSY'],
])('the fault %s can be ordered', async (kind, code) => {
  tee.fail({ kind });
  await expect(store.get('k', { timeoutMs: 50 })).rejects.toMatchObject({ code });
});

test('entries are walked through, and random values made', async () => {
  await store.generate('k', { size: 16 });
  const found = [];
  for await (const { key, value } of store.entries()) found.push([key, value.length]);
  expect(found).toEqual([['k', 16]]);
});

test('the simulator with its directory works, and what is built on it', async () => {
  const real = await SecureStorage.open();
  await real.put('k', Buffer.from('v'));
  expect(await real.get('k', { encoding: 'utf8' })).toBe('v');
  await real.close();
  await keytar.setPassword('service', 'account', 'password');
  expect(await keytar.getPassword('service', 'account')).toBe('password');
  const adapter = new KeyvSecureStorage({ store });
  await adapter.set('k', 'cached');
  expect(await adapter.get('k')).toBe('cached');
});
