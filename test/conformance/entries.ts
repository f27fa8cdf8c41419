// SPDX-License-Identifier: MIT
import { errorOf } from './errors.js';
import { freshStore, type OpenStore } from './store.js';

/** The walk through keys and values, 64 at a time. */
export function entriesSuite(open: OpenStore): void {
  const store = freshStore(open);

  const fill = async (count: number) => {
    const keys = Array.from({ length: count }, (_, index) => `k${String(index).padStart(5, '0')}`);
    await store().batch(keys.map((key) => ({ type: 'put', key, value: key })));
    return keys;
  };

  test.each([0, 1, 63, 64, 65, 128, 150])('%i of them come in order, each once', async (count) => {
    const keys = await fill(count);
    const seen: string[] = [];
    for await (const { key, value, revision } of store().entries({ encoding: 'utf8' })) {
      expect(value).toBe(key);
      expect(revision).toBeGreaterThan(0);
      seen.push(key);
    }
    expect(seen).toEqual(keys);
  });

  test('of a prefix, as Buffers, left early', async () => {
    await store().put('a', '1');
    await store().put('b/1', '2');
    await store().put('b/2', '3');
    const walk = store().entries({ prefix: 'b/' });
    for await (const { key, value } of walk) {
      expect([key, value]).toEqual(['b/1', Buffer.from('2')]);
      break;
    }
    expect(await walk.next()).toEqual({ done: true, value: undefined });
  });

  test('a walk may be ended before it has begun', async () => {
    const walk = store().entries();
    await walk.return();
    expect(await walk.next()).toEqual({ done: true, value: undefined });
  });

  test('two walks do not disturb each other', async () => {
    const keys = await fill(70);
    const [one, two] = [store().entries(), store().entries({ prefix: 'k0006' })];
    const seen: string[][] = [[], []];
    for (let done = 0; done < 2;) {
      done = 0;
      for (const [index, walk] of [one, two].entries()) {
        const step = await walk.next();
        if (step.done === true) done++;
        else seen[index]?.push(step.value.key);
      }
    }
    expect(seen).toEqual([keys, keys.slice(60)]);
  });

  test('what changes behind the page that was fetched is seen', async () => {
    const keys = await fill(100);
    const walk = store().entries({ encoding: 'utf8' });
    await walk.next();
    await store().delete('k00070');
    await store().put('k00080', 'changed');
    await store().put('k00090+', 'new');
    const seen = new Map<string, string>();
    for await (const { key, value } of walk) seen.set(key, value);
    expect([...seen.keys()]).toEqual([...keys.slice(1, 70), ...keys.slice(71, 91), 'k00090+', ...keys.slice(91)]);
    expect(seen.get('k00080')).toBe('changed');
  });

  test('values of many sizes come whole', async () => {
    const sizes = [0, 1, 3584, 70_000, 10, 5000, 200_000];
    for (const [index, size] of sizes.entries()) await store().put(`k${String(index)}`, Buffer.alloc(size, index));
    const seen: Buffer[] = [];
    for await (const { value } of store().entries()) seen.push(value);
    expect(seen.map(({ length }) => length)).toEqual(sizes);
    expect(seen.every((value, index) => value.equals(Buffer.alloc(value.length, index)))).toBe(true);
  });

  test('bytes that are not UTF-8 end it, and the error tells the key', async () => {
    await store().batch([
      { type: 'put', key: 'a', value: 'text' },
      { type: 'put', key: 'b', value: Uint8Array.of(0xff) },
    ]);
    const walk = store().entries({ encoding: 'utf8' });
    expect(await walk.next()).toMatchObject({ value: { key: 'a', value: 'text' } });
    expect(await errorOf(walk.next())).toMatchObject({ code: 'ERR_NOT_UTF8', operation: 'entries', key: 'b' });
    expect(await walk.next()).toEqual({ done: true, value: undefined });
  });

  test('a store closed meanwhile ends it at the next page', async () => {
    await fill(100);
    const walker = await open({ domain: (await store().info()).domain });
    const walk = walker.entries();
    expect((await walk.next()).done).toBe(false);
    await walker.close();
    const rest = async () => {
      for (;;) if ((await walk.next()).done === true) return;
    };
    expect(await errorOf(rest())).toMatchObject({ code: 'ERR_CLOSED', operation: 'entries' });
  });
}
