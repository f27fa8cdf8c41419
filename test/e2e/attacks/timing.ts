// SPDX-License-Identifier: MIT
/** What the time of an answer, or the work that it makes, tells about keys of others. */
import type { SecureStorage } from '../../../src-ts/index.js';
import { Command, PROTOCOL_VERSION } from '../../../src-ts/protocol/contract.js';
import { Login } from '../../../src-ts/tee/seam.js';
import type { RunContext } from '../../../machine/machine.mjs';
import type { MachineOfFile } from '../support/machine.js';
import { effort } from '../support/effort.js';
import { input } from '../support/packed.js';
import { openRemoteStore } from '../support/remote-store.js';
import { mustOpenSession } from '../support/remote-tee.js';
import { median } from '../support/table.js';
import { inTeam } from './matrix.js';

const ROUNDS = effort(40, 200);
const DOMAIN = 'timing';
/** Keys of one length. Values of this size lie in an object apart. */
const OF_ALICE = 'key of alice';
const OF_NOBODY = 'key of noone';
const OF_BOB = 'key of bob..';
const SIZE = 200_000;

/** @param small a TA that panics when told to, and so forgets all that it had in its memory */
export function timingSuite(on: MachineOfFile, small: { taUuid: string }): void {
  test('a key that another user has takes no more requests to the storage than one that nobody has', async () => {
    const [alice, bob] = [await on.user('alice', inTeam), await on.user('bob', inTeam)];
    const options = { ...small, domain: DOMAIN, timeoutMs: 60_000 };
    const ofAlice = await openRemoteStore(alice, options);
    await ofAlice.put(OF_ALICE, Buffer.alloc(5000));
    const ofBob = await openRemoteStore(bob, options);
    await ofBob.put(OF_BOB, Buffer.alloc(5000));
    const coldly = async (key: string): Promise<number> => {
      const session = await mustOpenSession(bob, {
        uuid: small.taUuid,
        login: Login.USER,
        params: [{ type: 'value-in', a: PROTOCOL_VERSION, b: 0 }, input(DOMAIN)],
      });
      await session.invoke(Command.TEST_PANIC, []);
      await session.close();
      await on.machine.resetSupplicantCounters();
      expect(await ofBob.get(key)).toEqual(key === OF_BOB ? Buffer.alloc(5000) : null);
      const counters = Object.entries(await on.machine.supplicantCounters());
      return counters.reduce((sum, [name, count]) => sum + (name.startsWith('storage') ? count : 0), 0);
    };
    const theirs = await coldly(OF_ALICE);
    expect(await coldly(OF_NOBODY)).toBe(theirs);
    // It is counted: a key of one's own, with a value to read, takes more.
    expect(await coldly(OF_BOB)).toBeGreaterThan(theirs);
    await ofAlice.clear({ confirm: true });
    await ofBob.clear({ confirm: true });
  });

  test('nor can it be told by the time', async () => {
    const [alice, bob] = [await on.user('alice', inTeam), await on.user('bob', inTeam)];
    const ofAlice = await openRemoteStore(alice, { domain: DOMAIN, timeoutMs: 60_000 });
    await ofAlice.put(OF_ALICE, Buffer.alloc(SIZE));
    const keys = [OF_ALICE, OF_NOBODY, OF_BOB];
    const times = await bob.run(timesOf, DOMAIN, keys, ROUNDS, SIZE);
    const [theirs, nobodys, own] = times as [number[], number[], number[]];
    const chance = chanceOfLonger(theirs, nobodys);
    const micro = (samples: number[]) => `${(median(samples) / 1000).toFixed(0)} µs`;
    process.stdout.write(
      `\nnot found: ${micro(theirs)} where another user has the key, ${micro(nobodys)} where nobody has it; ` +
        `the first takes longer in ${(100 * chance).toFixed(1)} % of pairs\n`,
    );
    // 50 % is no difference at all. A benchmark's figure, so this is generous; the count above is exact.
    expect(Math.abs(chance - 0.5)).toBeLessThan(0.25);
    // A difference would be seen.
    expect(chanceOfLonger(own, nobodys)).toBeGreaterThan(0.75);
    await ofAlice.delete(OF_ALICE);
  });
}

/** Of all pairs, in how many the first is the larger one (Mann and Whitney's U, as a share). */
function chanceOfLonger(first: readonly number[], second: readonly number[]): number {
  let score = 0;
  for (const a of first) for (const b of second) score += a > b ? 1 : a === b ? 0.5 : 0;
  return score / (first.length * second.length);
}

/** Runs there: nanoseconds of many gets of each key, by turns; the last one is stored before, and deleted after. */
async function timesOf({ require }: RunContext, domain: string, keys: string[], rounds: number, size: number) {
  const { SecureStorage } = require('optee-secure-storage') as typeof import('../../../src-ts/index.js');
  const store: SecureStorage = await SecureStorage.open({ domain, timeoutMs: 60_000 });
  const own = keys.at(-1) ?? '';
  await store.put(own, Buffer.alloc(size));
  const times = keys.map((): number[] => []);
  for (let round = -20; round < rounds; round++) {
    for (const [index, key] of keys.entries()) {
      // The control needs fewer.
      if (key === own && round % 5 !== 0) continue;
      const start = process.hrtime.bigint();
      await store.get(key);
      if (round >= 0) times[index]?.push(Number(process.hrtime.bigint() - start));
    }
  }
  await store.delete(own);
  await store.close();
  return times;
}
