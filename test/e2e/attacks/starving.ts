// SPDX-License-Identifier: MIT
/** One user takes all there is, and another one goes on: quota, memory of OP-TEE, time. Disk and sessions: limits.test.ts. */
import { setTimeout as delay } from 'node:timers/promises';
import { contentsOf } from '../support/contents.js';
import { Uid, type MachineOfFile } from '../support/machine.js';
import { openRemoteStore } from '../support/remote-store.js';
import { inTeam } from './matrix.js';
import { pathOf } from './programs.js';

/** @param small a TA with a small quota */
export function starvingSuite(on: MachineOfFile, small: { taUuid: string }): void {
  const open = async (name: 'alice' | 'bob', options = {}) =>
    openRemoteStore(await on.user(name, inTeam), { domain: 'starving', timeoutMs: 60_000, ...options });
  const codeOf = (call: Promise<unknown>) =>
    call.then(
      () => 'done',
      (error: unknown) => (error as { code?: string }).code ?? String(error),
    );

  test('a user whose quota is used up leaves others theirs', async () => {
    const [alice, bob] = [await open('alice', small), await open('bob', small)];
    await bob.put('k', 'of bob');
    const codes = new Set<string>();
    for (let n = 0; n < 8; n++) codes.add(await codeOf(alice.put(`key ${String(n)}`, Buffer.alloc(3000))));
    expect([...codes]).toEqual(['done', 'ERR_QUOTA']);
    expect(await bob.get('k', { encoding: 'utf8' })).toBe('of bob');
    for (let n = 0; n < 4; n++) await bob.put(`key ${String(n)}`, 'there is room');
    expect(await codeOf(bob.put('too much', ''))).toBe('ERR_QUOTA');
    for (const store of [alice, bob]) await store.clear({ confirm: true });
  });

  test("OP-TEE's own memory can be used up by registering memory with it: calls fail meanwhile, and nothing is lost", async () => {
    const bob = await open('bob');
    await bob.put('k', 'of bob');
    const before = await contentsOf(bob);
    let printed = '';
    const hog = on.machine.spawn([pathOf('hog')], {
      uid: Uid.alice,
      onData: (_stream, bytes) => (printed += bytes.toString()),
    });
    while (!printed.includes('\n')) await delay(20);
    const codes = [await codeOf(open('bob')), await codeOf(bob.get('k')), await codeOf(bob.put('new', 'value'))];
    await hog.end(0);
    expect(await hog.closed).toMatchObject({ code: 0 });
    process.stdout.write(`\nwith ${printed.trim()} blocks of memory of somebody else: ${codes.join(', ')}\n`);
    expect(codes).toContain('ERR_NO_MEMORY');
    expect(codes.every((code) => code === 'done' || code === 'ERR_NO_MEMORY')).toBe(true);
    await bob.delete('new');
    expect(await contentsOf(bob)).toEqual(before);
    await bob.put('new', 'value');
    await bob.delete('new');
  });

  test('a user who never pauses makes others wait, within their deadlines', async () => {
    const [alice, bob] = [await open('alice'), await open('bob')];
    await bob.put('k', 'of bob');
    await alice.put('busy', Buffer.alloc(64 * 1024));
    const work = Promise.all(Array.from({ length: 60 }, () => alice.stat('busy').then(() => alice.get('busy'))));
    const start = Date.now();
    expect(await bob.get('k', { encoding: 'utf8' })).toBe('of bob');
    const waited = Date.now() - start;
    await work;
    const all = Date.now() - start;
    process.stdout.write(`\na get beside 120 calls of another user, ${String(all)} ms in all: ${String(waited)} ms\n`);
    await alice.clear({ confirm: true });
  });
}
