// SPDX-License-Identifier: MIT
/** keytar's functions: its answers and errors, and which key belongs to which account. */
import fc from 'fast-check';

import { keytarOver, type Keytar } from '../../src-ts/keytar/keytar.js';
import { MemoryTee } from '../../src-ts/testing/index.js';
import type { SecureStorage } from '../../src-ts/index.js';
import { errorOf } from '../conformance/errors.js';

let tee: MemoryTee;
let store: SecureStorage;
let keytar: Keytar;
beforeEach(async () => {
  tee = await MemoryTee.create();
  store = await tee.open();
  keytar = keytarOver(store);
});
afterEach(() => tee.close());

describe('answers', () => {
  test('a password that was set is had, replaced, deleted', async () => {
    expect(await keytar.getPassword('app', 'alice')).toBeNull();
    await expect(keytar.setPassword('app', 'alice', 'one')).resolves.toBeUndefined();
    expect(await keytar.getPassword('app', 'alice')).toBe('one');
    await keytar.setPassword('app', 'alice', 'zwei \u{1f511}');
    expect(await keytar.getPassword('app', 'alice')).toBe('zwei \u{1f511}');
    expect(await keytar.deletePassword('app', 'alice')).toBe(true);
    expect(await keytar.deletePassword('app', 'alice')).toBe(false);
    expect(await keytar.getPassword('app', 'alice')).toBeNull();
  });

  test('a service has the accounts that were set for it, and no other’s', async () => {
    expect(await keytar.findCredentials('app')).toEqual([]);
    expect(await keytar.findPassword('app')).toBeNull();
    await keytar.setPassword('app', 'zoe', '3');
    await keytar.setPassword('app', 'a/b', '1');
    await keytar.setPassword('app', 'alice', '2');
    await keytar.setPassword('app/a', 'b', 'of another service');
    await keytar.setPassword('ap', 'p', 'of yet another');
    expect(await keytar.findCredentials('app')).toEqual([
      { account: 'a/b', password: '1' },
      { account: 'alice', password: '2' },
      { account: 'zoe', password: '3' },
    ]);
    expect(await keytar.findPassword('app')).toBe('1');
    expect(await keytar.findCredentials('app/a')).toEqual([{ account: 'b', password: 'of another service' }]);
  });

  test('findPassword goes on to the next account when the first one is deleted meanwhile', async () => {
    await keytar.setPassword('app', 'a', 'gone');
    await keytar.setPassword('app', 'b', 'there');
    const other = await tee.open();
    const list = store.list.bind(store);
    store.list = async (options) => {
      const found = await list(options);
      await other.delete('app/a');
      return found;
    };
    expect(await keytar.findPassword('app')).toBe('there');
  });
});

describe('keys', () => {
  test('are service/account, readable by the command line', async () => {
    await keytar.setPassword('com.example.app', 'alice@example.com', 'x');
    await keytar.setPassword('https://host/path', '100%\n/', 'y');
    expect(await store.keys()).toEqual(['com.example.app/alice@example.com', 'https:%2F%2Fhost%2Fpath/100%25%0A/']);
  });

  test('differ for different pairs, and give the account back', async () => {
    const text = fc.string({
      unit: fc.constantFrom('/', '%', '2', 'F', '\n', '\0', '\x7f', 'a', 'ü'),
      minLength: 1,
      maxLength: 6,
    });
    const pairs = fc.uniqueArray(fc.tuple(text, text), { selector: (pair) => JSON.stringify(pair), maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(pairs, async (all) => {
        await store.clear({ confirm: true });
        for (const [index, [service, account]] of all.entries()) {
          await keytar.setPassword(service, account, `p${String(index)}`);
        }
        for (const [service] of all) {
          const wanted = all.flatMap(([of, account], index) =>
            of === service ? [{ account, password: `p${String(index)}` }] : [],
          );
          const found = await keytar.findCredentials(service);
          expect(new Map(found.map((one) => [one.account, one]))).toEqual(
            new Map(wanted.map((one) => [one.account, one])),
          );
          expect(found).toHaveLength(wanted.length);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('that would be too long are refused with the sizes that count', async () => {
    await keytar.setPassword('s', 'a'.repeat(1022), 'fits');
    expect(await keytar.getPassword('s', 'a'.repeat(1022))).toBe('fits');
    const error = await errorOf(keytar.setPassword('s', 'a'.repeat(1023), 'p'));
    expect(error).toMatchObject({ code: 'ERR_KEY_TOO_LONG' });
    expect(error.message).toContain('service and account together have 1024 bytes in UTF-8, more than 1023');
    expect(await errorOf(keytar.findPassword('/'.repeat(400)))).toMatchObject({ code: 'ERR_KEY_TOO_LONG' });
  });

  test('cannot have half of a surrogate pair, which keytar would change', async () => {
    expect(await errorOf(keytar.setPassword('s', '\ud800', 'p'))).toMatchObject({ code: 'ERR_INVALID_KEY' });
  });
});

describe('errors', () => {
  // As keytar 7.9.0 throws them: at once, in this order.
  test.each([
    ['no service', () => keytar.getPassword('', 'a'), Error, 'Service is required.'],
    ['no account', () => keytar.getPassword('s', undefined as never), Error, 'Account is required.'],
    ['an empty password', () => keytar.setPassword('s', 'a', ''), Error, 'Password is required.'],
    ['no account to delete', () => keytar.deletePassword('s', null as never), Error, 'Account is required.'],
    ['no service to find', () => keytar.findPassword(undefined as never), Error, 'Service is required.'],
    ['nothing to find', () => keytar.findCredentials([] as never), Error, 'Service is required.'],
    ['a number', () => keytar.getPassword(5 as never, 'a'), TypeError, "Parameter 'service' must be a string"],
    ['an object', () => keytar.getPassword('s', {} as never), TypeError, "Parameter 'username' must be a string"],
    [
      'a Buffer',
      () => keytar.setPassword('s', 'a', Buffer.from('x') as never),
      TypeError,
      "Parameter 'password' must be a string",
    ],
  ])('%s', (_name, call, type, message) => {
    let thrown: unknown;
    try {
      void call();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(type);
    expect(thrown).toMatchObject({ message, code: 'ERR_INVALID_ARG' });
  });

  test('of the storage keep their codes', async () => {
    tee.fail({ kind: 'no-space' });
    const error = await errorOf(keytar.setPassword('app', 'alice', 's3cret'));
    expect(error).toMatchObject({ code: 'ERR_NO_SPACE', key: 'app/alice' });
    expect(JSON.stringify(error)).not.toContain('s3cret');
    expect(await errorOf(keytar.setPassword('s', 'a', 'x'.repeat(2 ** 20 + 1)))).toMatchObject({
      code: 'ERR_VALUE_TOO_LARGE',
    });
  });
});
