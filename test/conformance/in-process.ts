// SPDX-License-Identifier: MIT
import { inspect } from 'node:util';

import { SecureStorage, isSecureStorageError } from '../../src-ts/index.js';
import { testWith, type Backend } from './backend.js';
import { errorOf } from './errors.js';
import type { Store } from './store.js';

/**
 * What is about the objects themselves, and so about stores of this process only: whatever stands for a store in another
 * process hands out copies of its errors and Buffers.
 */
export function inProcessSuite({ open, inProcess }: Backend): void {
  const wrong = (value: unknown) => value as never;

  const inStore = (name: string, body: (store: Store) => Promise<void>) => {
    testWith(inProcess, name, async () => {
      const store = await open({ domain: `test in process ${String(Date.now())}` });
      try {
        await body(store);
      } finally {
        await store.clear({ confirm: true });
        await store.close();
      }
    });
  };

  inStore('the Buffer is the caller’s own: not shared, not pooled', async (store) => {
    await store.put('k', 'v');
    const values = [
      await store.get('k'),
      (await store.getEntry('k'))?.value,
      (await store.getMany(['k'])).get('k'),
      (await store.entries().next()).value?.value,
      (await store.put('k', 'v', { returnPrevious: true })).previous,
      (await store.generate('g', { size: 1, return: true })).value,
    ];
    for (const value of values) {
      expect(value?.buffer.byteLength).toBe(1);
      value?.fill(0);
    }
    expect((await store.get('k'))?.toString()).toBe('v');
  });

  inStore('errors are known for this package’s, and a signal’s reason is passed on as it is', async (store) => {
    expect(isSecureStorageError(await errorOf(store.get('')))).toBe(true);
    const reason = new Error('enough');
    await expect(store.put('k', 'v', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  inStore('a store shows neither values nor its insides', async (store) => {
    await store.put('k', 's3cret');
    await store.get('k');
    const shown = `${inspect(store, { depth: 9, showHidden: true })} ${JSON.stringify(store)}`;
    expect(shown).toMatch(/^SecureStorage \{"backend":"\w+","domain":"test/);
    expect(shown).not.toMatch(/s3cret|73 33 63|connection|session/i);
    expect(Object.keys(store)).toEqual([]);
  });

  testWith(inProcess, 'a store cannot be made without opening it', () => {
    expect(() => new SecureStorage(wrong({}))).toThrow('SecureStorage.open()');
    return Promise.resolve();
  });
}
