// SPDX-License-Identifier: MIT
import { errorOf } from './errors.js';
import { freshStore, type OpenStore, type Store } from './store.js';

/** So many attempts at something that a quick backend may do before it can be stopped. */
const ATTEMPTS = 100;

/** Aborting, and deadlines: both stop what has not begun, and nothing else. */
export function signalSuite(open: OpenStore): void {
  const store = freshStore(open);

  type Calling = [string, (s: Store, signal: AbortSignal) => Promise<unknown>];
  const calls: Calling[] = [
    ['get', (s, signal) => s.get('k', { signal })],
    ['getEntry', (s, signal) => s.getEntry('k', { signal })],
    ['getMany', (s, signal) => s.getMany(['k'], { signal })],
    ['put', (s, signal) => s.put('k', 'new', { signal })],
    ['delete', (s, signal) => s.delete('k', { signal })],
    ['has', (s, signal) => s.has('k', { signal })],
    ['stat', (s, signal) => s.stat('k', { signal })],
    ['list', (s, signal) => s.list({ signal })],
    ['keys', (s, signal) => s.keys({ signal })],
    ['entries', (s, signal) => s.entries({ signal }).next()],
    ['batch', (s, signal) => s.batch([{ type: 'delete', key: 'k' }], { signal })],
    ['generate', (s, signal) => s.generate('k', { signal })],
    ['clear', (s, signal) => s.clear({ confirm: true, signal })],
    ['info', (s, signal) => s.info({ signal })],
  ];

  test.each(calls)('%s with an aborted signal rejects with its reason and does nothing', async (_name, call) => {
    await store().put('k', 'old');
    const reason = new Error('enough');
    await expect(call(store(), AbortSignal.abort(reason))).rejects.toThrow('enough');
    expect(await store().get('k', { encoding: 'utf8' })).toBe('old');
    expect(await store().keys()).toEqual(['k']);
  });

  test.each(calls)('%s is not disturbed by a signal that is aborted later', async (_name, call) => {
    const controller = new AbortController();
    await store().put('k', 'old');
    await call(store(), controller.signal);
    controller.abort();
    await store().put('k', 'after');
    expect(await store().get('k', { encoding: 'utf8' })).toBe('after');
  });

  test('opening with an aborted signal rejects with its reason', async () => {
    await expect(open({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough');
  });

  test('a call that waits in the queue can be aborted', async () => {
    // A quick backend may be done with what goes before and have begun the call: then it is tried again.
    const abortedInTime = async () => {
      const busy = store().put('busy', Buffer.alloc(200_000));
      const controller = new AbortController();
      const waiting = store().put('k', 'v', { signal: controller.signal });
      controller.abort();
      const reason = await reasonOf(waiting);
      await busy;
      expect(await store().delete('k')).toBe(reason === undefined);
      if (reason !== undefined) expect(reason).toMatchObject({ name: 'AbortError' });
      return reason !== undefined;
    };
    await untilTrue(abortedInTime);
  });

  test('of calls that wait, only the one that is aborted goes', async () => {
    const abortedInTime = async () => {
      const controllers = ['a', 'b', 'c'].map((key) => ({ key, controller: new AbortController() }));
      const busy = store().put('busy', Buffer.alloc(200_000));
      const waiting = controllers.map(({ key, controller }) => store().put(key, key, { signal: controller.signal }));
      controllers[1]?.controller.abort();
      const [first, second, third] = await Promise.all(waiting.map(reasonOf));
      await busy;
      expect([first, third]).toEqual([undefined, undefined]);
      expect(await store().keys()).toEqual(second === undefined ? ['a', 'b', 'busy', 'c'] : ['a', 'busy', 'c']);
      await store().clear({ confirm: true });
      return second !== undefined;
    };
    await untilTrue(abortedInTime);
  });

  test('a call that waits beyond its deadline fails, has done nothing, and the next ones are served', async () => {
    const late = async (attempt: number) => {
      const busy = busyWith(store(), attempt);
      const waiting = store().put('k', 'v', { timeoutMs: 1 });
      const error = await reasonOf(waiting);
      await Promise.all(busy);
      if (error !== undefined) expect(error).toMatchObject({ code: 'ERR_TIMEOUT', operation: 'put', key: 'k' });
      const { outcomeUnknown = false } = (error ?? {}) as { outcomeUnknown?: boolean };
      const done = await store().delete('k');
      if (!outcomeUnknown) expect(done).toBe(error === undefined);
      return error !== undefined && !outcomeUnknown;
    };
    await untilTrue(late);
  });

  test('what is called behind a call that missed its deadline waits for its turn and sees what that one did', async () => {
    const cutShort = deadlineAmid(store());
    const overtaken = async (attempt: number) => {
      const value = `new ${String(attempt)}`;
      await store().put('k', 'old');
      const { error, outcomeUnknown } = await cutShort(value);
      // At once: the request may still be under way.
      const got = store().get('k', { encoding: 'utf8' });
      const [has, put] = await Promise.all([store().has('k'), store().put('next', 'v')]);
      expect([has, put.revision > 0]).toEqual([true, true]);
      expect(await got).toBe(error === undefined || outcomeUnknown ? value : 'old');
      return outcomeUnknown;
    };
    await untilTrue(overtaken);
  });

  test('calls behind one that missed its deadline are carried out in their order', async () => {
    const cutShort = deadlineAmid(store());
    const inOrder = async (attempt: number) => {
      const { outcomeUnknown } = await cutShort(String(attempt));
      const changes = Array.from({ length: 10 }, (_, index) => store().put('order', String(index)));
      const reads = changes.map(() => store().get('order', { encoding: 'utf8' }));
      const revisions = (await Promise.all(changes)).map(({ revision }) => revision);
      expect([...revisions].sort((a, b) => a - b)).toEqual(revisions);
      expect(await Promise.all(reads)).toEqual(Array<string>(10).fill('9'));
      return outcomeUnknown;
    };
    await untilTrue(inOrder);
  });

  test('a store has a deadline for its calls apart from that of its opening', async () => {
    const { domain } = await store().info();
    const hurried = await open({ domain, timeoutMs: 60_000, callTimeoutMs: 1 });
    try {
      const late = async (attempt: number) => {
        const busy = busyWith(hurried, attempt, 60_000);
        const patient = hurried.get('k', { timeoutMs: 60_000 });
        const error = await reasonOf(hurried.get('k'));
        await Promise.all(busy);
        expect(await patient).toBeNull();
        if (error !== undefined) expect(error).toMatchObject({ code: 'ERR_TIMEOUT', operation: 'get' });
        return error !== undefined;
      };
      await untilTrue(late);
    } finally {
      await hurried.close();
    }
  });

  test('a deadline of a store is that of its calls, and one of a call comes before it', async () => {
    const hurried = await open({ domain: (await store().info()).domain, timeoutMs: 60_000 });
    try {
      const late = async (attempt: number) => {
        const busy = busyWith(hurried, attempt);
        const [patient, impatient] = [hurried.get('k'), hurried.get('k', { timeoutMs: 1 })];
        await Promise.all(busy);
        expect(await patient).toBeNull();
        const error = await reasonOf(impatient);
        if (error === undefined) return false;
        const known = { operation: 'get', key: 'k', outcomeUnknown: false, retryable: true };
        expect(error).toMatchObject({ code: 'ERR_TIMEOUT', ...known });
        expect((error as Error).message).toMatch(/\b1 ms/);
        return true;
      };
      await untilTrue(late);
    } finally {
      await hurried.close();
    }
  });

  test.each([0, -1, 1.5, NaN, Infinity, 2 ** 31])('a time-out of %d is refused, by open too', async (timeoutMs) => {
    expect(await errorOf(store().has('k', { timeoutMs }))).toMatchObject({ code: 'ERR_INVALID_ARG' });
    expect(await errorOf(open({ timeoutMs }))).toMatchObject({ code: 'ERR_INVALID_ARG' });
    expect(await errorOf(open({ callTimeoutMs: timeoutMs }))).toMatchObject({ code: 'ERR_INVALID_ARG' });
  });

  test.each([-1, 1.5, NaN, Infinity, 2 ** 31])('waiting for %d ms is refused', async (waitMs) => {
    expect(await errorOf(open({ waitMs }))).toMatchObject({ code: 'ERR_INVALID_ARG' });
  });

  test('opening that may wait opens at once, and fails at once if waiting is in vain', async () => {
    await (await open({ waitMs: 2 ** 31 - 1 })).close();
    const taUuid = 'c0ffee00-0000-4000-8000-000000000000';
    const error = await errorOf(open({ waitMs: 2 ** 31 - 1, taUuid }));
    expect(error).toMatchObject({ code: 'ERR_TA_NOT_FOUND', retryable: false });
  });

  test('the longest time-out is as good as any', async () => {
    const patient = await open({ timeoutMs: 2 ** 31 - 1 });
    expect(await patient.has('k', { timeoutMs: 2 ** 31 - 1 })).toBe(false);
    await patient.close();
  });
}

/** What a promise rejects with; undefined if it does not. */
function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Gives the TEE work that takes longer with each attempt. */
function busyWith(store: Store, attempt: number, timeoutMs?: number): Promise<unknown>[] {
  const value = Buffer.alloc(Math.min(attempt * 100_000, 1024 * 1024));
  return Array.from({ length: 3 }, () => store.put('busy', value, { timeoutMs }));
}

async function untilTrue(isDone: (attempt: number) => Promise<boolean>): Promise<void> {
  let attempt = 1;
  while (!(await isDone(attempt))) expect(attempt++).toBeLessThan(ATTEMPTS);
}

/**
 * Puts a value, among others, with a deadline that is to come amid the change: one that came before the change began is
 * longer the next time, one that came after its end is shorter, and if it can't be the change is larger.
 */
function deadlineAmid(store: Store): (value: string) => Promise<{ error: unknown; outcomeUnknown: boolean }> {
  let timeoutMs = 1;
  let count = 8;
  return async (value) => {
    const others = Array.from({ length: count }, (_, index) => [`busy/${String(index)}`, Buffer.alloc(4000)] as const);
    const changes = [...others, ['k', value] as const].map(([key, put]) => ({ type: 'put', key, value: put }) as const);
    const error = await reasonOf(store.batch(changes, { timeoutMs }));
    const { outcomeUnknown = false } = (error ?? {}) as { outcomeUnknown?: boolean };
    if (error === undefined && timeoutMs === 1) count = Math.min(count * 2, 256);
    else if (error === undefined) timeoutMs = Math.floor(timeoutMs / 2);
    else if (!outcomeUnknown) timeoutMs *= 2;
    return { error, outcomeUnknown };
  };
}
