// SPDX-License-Identifier: MIT
import { inspect } from 'node:util';

import { SecureStorage, isSecureStorageError } from '../../src-ts/index.js';
import { errorOf } from './errors.js';
import { freshStore, type OpenStore } from './store.js';

/**
 * What is about the objects themselves, and so about stores of this process only: whatever stands for a store in another
 * process hands out copies of its errors and Buffers.
 */
export function inProcessSuite(open: OpenStore): void {
  const store = freshStore(open);
  const wrong = (value: unknown) => value as never;

  test('the Buffer is the caller’s own: not shared, not pooled', async () => {
    await store().put('k', 'v');
    const value = await store().get('k');
    expect(value?.buffer.byteLength).toBe(1);
    value?.fill(0);
    expect((await store().get('k'))?.toString()).toBe('v');
  });

  test('errors are known for this package’s, and a signal’s reason is passed on as it is', async () => {
    expect(isSecureStorageError(await errorOf(store().get('')))).toBe(true);
    const reason = new Error('enough');
    await expect(store().put('k', 'v', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test('a store shows neither values nor its insides', async () => {
    await store().put('k', 's3cret');
    await store().get('k');
    const shown = `${inspect(store(), { depth: 9, showHidden: true })} ${JSON.stringify(store())}`;
    expect(shown).toMatch(/^SecureStorage \{"backend":"\w+","domain":"test/);
    expect(shown).not.toMatch(/s3cret|73 33 63|connection|session/i);
    expect(Object.keys(store())).toEqual([]);
  });

  test('a store cannot be made without opening it', () => {
    expect(() => new SecureStorage(wrong({}))).toThrow('SecureStorage.open()');
  });

  test('isAvailable refuses wrong options', async () => {
    await expect(SecureStorage.isAvailable(wrong({ backend: 'x' }))).rejects.toMatchObject({ code: 'ERR_INVALID_ARG' });
  });
}
