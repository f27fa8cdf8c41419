// SPDX-License-Identifier: MIT
/** One random trace on every backend of this machine. test/e2e/differential.test.ts has the one with a real OP-TEE. */
import { buildCommandLine } from '../unit/support/cli.js';
import { buildSoftTee } from '../unit/support/soft-tee.js';
import type { Outcome } from './perform.js';
import { useFolder } from './support/host.js';
import { memoryReplayer, replayUsers, simulatorReplayer, softTeeReplayer } from './support/replayers.js';
import { firstDifference, makeTrace, replay, summary } from './trace.js';

const seed = Number(process.env.OPTEE_TEST_SEED ?? Date.now() % 2 ** 31);
const COUNT = 1500;
const TEST_MS = 600_000;
const folder = useFolder();

beforeAll(() => {
  buildCommandLine();
  buildSoftTee();
}, 120_000);

test(
  'comes out the same on the software TEE, in the simulator and in memory',
  async () => {
    process.stdout.write(`differential test on this machine: OPTEE_TEST_SEED=${String(seed)}\n`);
    for (const uid of replayUsers) {
      const trace = makeTrace(seed + uid, COUNT);
      const replayers = [await softTeeReplayer(uid), await simulatorReplayer(uid, folder), await memoryReplayer(uid)];
      const replays: Outcome[][] = [];
      for (const replayer of replayers) replays.push(await replay(replayer, trace));
      for (const { process: used } of replayers) await used.close();
      const [first = [], ...others] = replays;
      expect(first).toHaveLength(COUNT);
      for (const other of others) expect(firstDifference(trace, first, other)).toBeUndefined();
    }
  },
  TEST_MS,
);

describe('a trace', () => {
  test('is the same for the same seed', () => {
    expect(makeTrace(7, 200)).toEqual(makeTrace(7, 200));
    expect(makeTrace(8, 200)).not.toEqual(makeTrace(7, 200));
  });

  test('has every method and every error that operations alone can lead to', async () => {
    const trace = makeTrace(1, 3000);
    const replayer = await memoryReplayer(replayUsers[0] ?? 0);
    const counts = [...summary(trace, await replay(replayer, trace)).keys()];
    await replayer.process.close();
    expect(counts).toEqual(expect.arrayContaining(['batch', 'clear', 'delete', 'entries', 'generate', 'get'].map(ok)));
    expect(counts).toEqual(
      expect.arrayContaining(['getEntry', 'getMany', 'has', 'info', 'keys', 'list', 'put', 'stat'].map(ok)),
    );
    const codes = new Set(counts.map((name) => name.split(' ')[1]));
    codes.delete('ok');
    expect([...codes].sort()).toEqual([
      'ERR_CONFLICT',
      'ERR_EXISTS',
      'ERR_INVALID_ARG',
      'ERR_INVALID_KEY',
      'ERR_KEY_TOO_LONG',
      'ERR_NOT_UTF8',
    ]);
  });

  test('tells where two replays differ', () => {
    const trace = makeTrace(7, 3);
    const outcomes = [{ returned: 1 }, { returned: Buffer.from('a') }, { returned: 3 }];
    const changed = [{ returned: 1 }, { returned: Buffer.from('b') }, { returned: 4 }];
    expect(firstDifference(trace, outcomes, outcomes)).toBeUndefined();
    expect(firstDifference(trace, outcomes, changed)).toMatchObject({ at: 1, operation: trace[1] });
  });
});

function ok(method: string): string {
  return `${method} ok`;
}
