// SPDX-License-Identifier: MIT
import { errorOf } from './errors.js';
import { freshStore, type OpenStore, type Store } from './store.js';

/** Calls that nobody waits for before the next one, from one store and from several. */
export function concurrencySuite(open: OpenStore): void {
  const store = freshStore(open);

  const withAnother = async (work: (another: Store) => Promise<void>) => {
    const another = await open({ domain: (await store().info()).domain });
    try {
      await work(another);
    } finally {
      await another.close();
    }
  };

  test('calls of a store are carried out in their order', async () => {
    const text = { encoding: 'utf8' } as const;
    const results = await Promise.all([
      store().get('k', text),
      store().put('k', '1'),
      store().get('k', text),
      store().put('k', '2', { returnPrevious: true }),
      store().has('k'),
      store().delete('k'),
      store().has('k'),
      store().delete('k'),
      store().put('k', '3', { ifAbsent: true }),
      store().getMany(['k'], text),
      store().keys(),
    ]);
    expect([results[0], results[2], results[4], results[5], results[6], results[7]]).toEqual([
      null,
      '1',
      true,
      true,
      false,
      false,
    ]);
    expect(results[3].previous).toEqual(Buffer.from('1'));
    expect(results[9]).toEqual(new Map([['k', '3']]));
    expect(results[10]).toEqual(['k']);
  });

  test('changes keep their order however large the value is that one of them returns', async () => {
    const large = Buffer.alloc(200_000, 'large');
    await store().put('k', large);
    const [first] = await Promise.all([store().put('k', '1', { returnPrevious: true }), store().put('k', '2')]);
    expect(first.previous?.equals(large)).toBe(true);
    expect(await store().get('k', { encoding: 'utf8' })).toBe('2');
  });

  test('hundreds at once are all served', async () => {
    const keys = Array.from({ length: 300 }, (_, index) => `k${String(index).padStart(3, '0')}`);
    await store().batch(keys.map((key) => ({ type: 'put', key, value: key })));
    const read = await Promise.all(keys.map((key) => store().get(key, { encoding: 'utf8' })));
    expect(read).toEqual(keys);
    const puts = await Promise.all(keys.slice(0, 12).map((key) => store().put(key, 'changed')));
    const revisions = puts.map(({ revision }) => revision);
    expect([...revisions].sort((a, b) => a - b)).toEqual(revisions);
    expect(new Set(revisions).size).toBe(12);
  });

  test('one that fails does not disturb the others', async () => {
    const results = await Promise.allSettled([
      store().put('a', '1'),
      store().put('a', '2', { ifAbsent: true }),
      store().get(''),
      store().put('b', '1'),
      store().get('b', { encoding: 'utf8' }),
    ]);
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    expect(await store().keys()).toEqual(['a', 'b']);
  });

  test('what the caller changes after the call does not matter', async () => {
    const value = Buffer.from('as it was');
    const batched = Buffer.from('as it was too');
    const operations = [{ type: 'put' as const, key: 'b', value: batched }];
    const keys = ['a', 'b'];
    const calls = [store().put('a', value), store().batch(operations)];
    value.fill('x');
    batched.fill('x');
    operations.push({ type: 'put', key: 'c', value: batched });
    await Promise.all(calls);
    const found = store().getMany(keys, { encoding: 'utf8' });
    keys.push('c');
    expect([...(await found)]).toEqual([
      ['a', 'as it was'],
      ['b', 'as it was too'],
    ]);
    expect(await store().keys()).toEqual(['a', 'b']);
  });

  test('of many that race, one wins', async () => {
    const { revision } = await store().put('k', '');
    await withAnother(async (another) => {
      const racers = Array.from({ length: 8 }, (_, index) =>
        (index % 2 === 0 ? store() : another).put('k', String(index), { ifRevision: revision }),
      );
      const results = await Promise.allSettled(racers);
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const result of results)
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'ERR_CONFLICT' });
    });
  });

  test('of many that store what is absent, one does', async () => {
    await withAnother(async (another) => {
      const racers = [store(), another, store(), another].map((racer, index) =>
        racer.put('k', String(index), { ifAbsent: true }),
      );
      const results = await Promise.allSettled(racers);
      const winner = results.findIndex(({ status }) => status === 'fulfilled');
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(await store().get('k', { encoding: 'utf8' })).toBe(String(winner));
    });
  });

  test('two stores count together without losing one, by revisions', async () => {
    const increment = async (counter: Store): Promise<void> => {
      const entry = await counter.getEntry('count', { encoding: 'utf8' });
      const next = String(Number(entry?.value ?? '0') + 1);
      const put = counter.put('count', next, { ifRevision: entry?.revision ?? 0 });
      const error = await put.then(
        () => undefined,
        () => errorOf(put),
      );
      if (error === undefined) return;
      expect(['ERR_CONFLICT', 'ERR_EXISTS']).toContain(error.code);
      return increment(counter);
    };
    const countTo = async (counter: Store, times: number) => {
      for (let count = 0; count < times; count++) await increment(counter);
    };
    await withAnother(async (another) => {
      await Promise.all([countTo(store(), 5), countTo(another, 5)]);
    });
    expect(await store().get('count', { encoding: 'utf8' })).toBe('10');
  });

  test('two stores see each other’s changes at once', async () => {
    await withAnother(async (another) => {
      const { revision } = await store().put('k', '1');
      expect(await another.getEntry('k', { encoding: 'utf8' })).toMatchObject({ value: '1', revision });
      await another.put('k', '2', { ifRevision: revision });
      expect(await store().get('k', { encoding: 'utf8' })).toBe('2');
      await another.batch([{ type: 'put', key: 'b', value: '' }]);
      expect(await store().keys()).toEqual(['b', 'k']);
      expect(await store().clear({ confirm: true })).toBe(2);
      expect(await another.list()).toEqual([]);
    });
  });

  test('a list amid changes is in order and has all that stays', async () => {
    const keys = Array.from({ length: 200 }, (_, index) => `k${String(index).padStart(3, '0')}`);
    await store().batch(keys.map((key) => ({ type: 'put', key, value: '' })));
    await withAnother(async (another) => {
      const changes = Promise.all(keys.slice(0, 10).map((key) => another.put(`${key}+`, '')));
      const lists = await Promise.all(Array.from({ length: 5 }, () => store().keys()));
      await changes;
      for (const list of lists) {
        expect([...list].sort()).toEqual(list);
        expect(list.filter((key) => !key.endsWith('+'))).toEqual(keys);
      }
    });
    expect(await store().keys()).toHaveLength(210);
  });

  test('too many calls at once are refused, and those that were taken are served', async () => {
    let refused: PromiseRejectedResult[] = [];
    // Work for the TEE that costs this side nothing; the quicker the backend, the more of it keeps it busy.
    for (let kib = 2048; refused.length === 0 && kib <= 128 * 1024; kib *= 4) {
      const size = Math.min(kib, 1024) * 1024;
      const busy = Array.from({ length: (kib * 1024) / size }, () => store().generate('busy', { size }));
      const results = await Promise.allSettled(Array.from({ length: 1200 }, () => store().has('busy')));
      await Promise.all(busy);
      refused = results.filter((result) => result.status === 'rejected');
      const taken = results.filter((result) => result.status === 'fulfilled');
      expect(taken.length).toBeGreaterThan(900);
      expect(taken.every(({ value }) => value)).toBe(true);
    }
    expect(refused.length).toBeGreaterThan(0);
    for (const { reason } of refused) {
      expect(reason).toMatchObject({ code: 'ERR_BUSY', operation: 'has', key: 'busy', outcomeUnknown: false });
    }
    expect(await store().delete('busy')).toBe(true);
  });
}
