// SPDX-License-Identifier: MIT
import { errorOf } from './errors.js';
import { freshStore, type OpenStore, type Store } from './store.js';

/** The end of a store. */
export function closingSuite(open: OpenStore): void {
  const store = freshStore(open);

  type Calling = [string, (s: Store) => Promise<unknown>];
  test.each<Calling>([
    ['get', (s) => s.get('k')],
    ['getEntry', (s) => s.getEntry('k')],
    ['getMany', (s) => s.getMany(['k'])],
    ['put', (s) => s.put('k', 'v')],
    ['delete', (s) => s.delete('k')],
    ['has', (s) => s.has('k')],
    ['stat', (s) => s.stat('k')],
    ['list', (s) => s.list()],
    ['entries', (s) => s.entries().next()],
    ['batch', (s) => s.batch([])],
    ['generate', (s) => s.generate('k')],
    ['clear', (s) => s.clear({ confirm: true })],
    ['info', (s) => s.info()],
  ])('a closed store refuses %s', async (name, call) => {
    const closed = await open();
    await closed.close();
    expect(await errorOf(call(closed))).toMatchObject({ code: 'ERR_CLOSED', operation: name, outcomeUnknown: false });
  });

  test('keys() of a closed store fails as the list that it is', async () => {
    const closed = await open();
    await closed.close();
    expect(await errorOf(closed.keys())).toMatchObject({ code: 'ERR_CLOSED', operation: 'list' });
  });

  test('closing waits for what was called before', async () => {
    const { domain } = await store().info();
    const closing = await open({ domain });
    const calls = [closing.put('a', Buffer.alloc(100_000, 'a')), closing.put('b', 'b'), closing.get('b')];
    await closing.close();
    expect(await Promise.allSettled(calls)).toMatchObject([
      { status: 'fulfilled' },
      { status: 'fulfilled' },
      { status: 'fulfilled', value: Buffer.from('b') },
    ]);
    expect(await store().keys()).toEqual(['a', 'b']);
  });

  test('a store may be closed again, also at the same time', async () => {
    const closing = await open();
    await Promise.all([closing.close(), closing.close()]);
    await closing.close();
    await closing[Symbol.asyncDispose]();
  });

  test('await using closes', async () => {
    const opened = await open();
    await opened[Symbol.asyncDispose]();
    expect(await errorOf(opened.get('k'))).toMatchObject({ code: 'ERR_CLOSED' });
  });

  test('another store of the same domain goes on', async () => {
    const { domain } = await store().info();
    const closing = await open({ domain });
    await closing.put('k', 'v');
    await closing.close();
    expect(await store().get('k', { encoding: 'utf8' })).toBe('v');
    const opened = await open({ domain });
    expect(await opened.get('k', { encoding: 'utf8' })).toBe('v');
    await opened.close();
  });

  test('opening and closing many times keeps what is stored', async () => {
    const { domain } = await store().info();
    for (let count = 1; count <= 10; count++) {
      const opened = await open({ domain });
      await opened.put('k', String(count));
      await opened.close();
    }
    expect(await store().get('k', { encoding: 'utf8' })).toBe('10');
  });
}
