// SPDX-License-Identifier: MIT
/** A client of its own, in C, that speaks to the driver without libteec. */
import { TaError } from '../../../src-ts/protocol/contract.js';
import { TeeResult } from '../../../src-ts/tee/results.js';
import { Origin } from '../../../src-ts/tee/seam.js';
import type { Store } from '../../conformance/store.js';
import { contentsOf } from '../support/contents.js';
import { effort } from '../support/effort.js';
import { Uid, type MachineOfFile } from '../support/machine.js';
import { openRemoteStore } from '../support/remote-store.js';
import { inTeam } from './matrix.js';
import { attack } from './programs.js';

const alice = { uid: Uid.alice };
const { BAD_PARAMETERS, ITEM_NOT_FOUND, SUCCESS } = TeeResult;
const EACCES = 13;
const EFAULT = 14;
const EINVAL = 22;
/** Milliseconds that memory changes under each command. */
const CHANGING_MS = effort(700, 60_000);
const LONG_MS = 10 * CHANGING_MS + 300_000;

export function clientSuite(on: MachineOfFile): void {
  let ofBob: Store;
  let before: Record<string, string>;

  beforeAll(async () => {
    ofBob = await openRemoteStore(await on.user('bob', inTeam), { domain: 'beside a client', timeoutMs: 60_000 });
    await ofBob.batch([
      { type: 'put', key: 'k', value: 'of bob' },
      { type: 'put', key: 'large', value: Buffer.alloc(9000, 'bob') },
    ]);
    before = await contentsOf(ofBob);
  });

  // The TA has not even been ended.
  let logged = 0;
  beforeEach(() => {
    logged = on.machine.secureLog().length;
  });
  afterEach(async () => {
    expect(await contentsOf(ofBob)).toEqual(before);
    expect(on.machine.secureLog().slice(logged)).not.toMatch(/panic/i);
  });

  const refused = [EINVAL, 0, 0];
  const notFound = [0, ITEM_NOT_FOUND, Origin.TRUSTED_APP];
  const noKey = [0, TaError.KEY, Origin.TRUSTED_APP];
  const none = [0, 0, 0];
  const expected: Record<string, number[]> = {
    'nothing wrong': notFound,
    'no parameters': [0, BAD_PARAMETERS, Origin.TRUSTED_APP],
    'three parameters': notFound,
    'eight parameters': refused,
    'fewer bytes than parameters': refused,
    '2^32 - 1 parameters': refused,
    'less than a header': refused,
    'more than a page': refused,
    'a request that is nowhere': [EFAULT, 0, 0],
    'type 4': refused,
    'type 8': refused,
    'type 15': refused,
    'type 255': refused,
    'a bit that nothing has': refused,
    'all bits': refused,
    "a parameter of the driver's own": refused,
    'a byte behind the end': refused,
    'across the end': refused,
    'an offset before the beginning': refused,
    'offset and size that overflow': refused,
    '2^63 bytes': refused,
    '2^32 and one bytes': refused,
    // The driver passes no size on where there is no memory.
    'one byte of no memory': noKey,
    'no bytes of no memory': noKey,
    '2^32 and one bytes of no memory': noKey,
    'memory of others that is usable': none,
    'sessions of others that answer': none,
    'sessions of others that close': none,
    "the supplicant's device": [EACCES, 0, 0],
    // It opens, as what the driver does not ask for has no effect; whose it is then, see below.
    'a UUID with a USER login': [0, SUCCESS, Origin.TRUSTED_APP],
    "an identity in the driver's own parameters": refused,
    'nothing wrong, afterwards': notFound,
  };

  test('malformed requests, memory and sessions of others, and made-up identities get nowhere', async () => {
    const outcomes = (await attack(on, 'malformed', [], alice)) as [string, number, number, number][];
    expect(Object.fromEntries(outcomes.map(([name, ...outcome]) => [name, outcome]))).toEqual(expected);
  });

  test('memory references that overlap or are the same do no harm', async () => {
    const names = ['put', 'get', 'get many', 'list', 'batch'];
    expect(await attack(on, 'overlap', [], alice)).toEqual(names.map((name) => [name, SUCCESS, true]));
  });

  /** In this order: what the command results in if the request is good, if it is hostile, and what may come besides. */
  const changing: [string, [number, number], ...number[]][] = [
    // A good length before a bad key, or a length read half, so that the key is another one.
    ['batch', [TaError.CONFLICT, BAD_PARAMETERS], TaError.KEY],
    ['getMany', [SUCCESS, BAD_PARAMETERS], TaError.KEY],
    ['put', [SUCCESS, TaError.KEY]],
    ['get', [SUCCESS, TaError.KEY]],
    ['list', [SUCCESS, TaError.KEY]],
    // The first finds what was put.
    ['delete', [ITEM_NOT_FOUND, TaError.KEY], SUCCESS],
  ];

  test(
    'memory that changes while the TA reads it fools nobody but its sender',
    async () => {
      let total = 0;
      for (const [name, [good, hostile], ...besides] of changing) {
        const args = [CHANGING_MS, name, good, hostile];
        const options = { ...alice, timeoutMs: LONG_MS };
        const counts = (await attack(on, 'changing', args, options)) as Record<string, number>;
        const results = Object.keys(counts).map(Number);
        // It was read in its good and in its hostile state, so it did change.
        expect([name, results]).toEqual([name, expect.arrayContaining([good, hostile])]);
        expect([name, [good, hostile, ...besides]]).toEqual([name, expect.arrayContaining(results)]);
        total += Object.values(counts).reduce((a, b) => a + b);
      }
      process.stdout.write(`\n${String(total)} commands over memory that changed meanwhile\n`);
      // What was stored is whole and can be read, whatever it is.
      const store = await openRemoteStore(await on.user('alice', inTeam), { domain: 'changing', timeoutMs: 60_000 });
      for await (const { key, value } of store.entries({ encoding: 'utf8' }))
        expect([key, value]).toEqual([expect.stringMatching(/^k{64}$/), expect.stringMatching(/^[AB]{900}$/)]);
      await store.close();
    },
    LONG_MS,
  );
}
