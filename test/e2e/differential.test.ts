// SPDX-License-Identifier: MIT
/**
 * One random trace for each of two users, replayed in the simulator and on real OP-TEE: values, revisions, order, errors
 * and their texts must be the same. OPTEE_TEST_OPERATIONS=10000 makes it long.
 */
import { replayUsers, simulatorReplayer } from '../conformance/support/replayers.js';
import { useFolder } from '../conformance/support/host.js';
import { firstDifference, makeTrace, replay, summary, type Replayer } from '../conformance/trace.js';
import { buildCommandLine } from '../unit/support/cli.js';
import { useMachine } from './support/machine.js';
import { printTable } from './support/table.js';

/** Of all users together. */
const COUNT = Number(process.env.OPTEE_TEST_OPERATIONS ?? 100);
const seed = Number(process.env.OPTEE_TEST_SEED ?? Date.now() % 2 ** 31);
/** A change takes an eighth of a second on an idle host, and a host need not be idle. */
const TEST_MS = 120_000 + COUNT * 1000;

const folder = useFolder();
const on = useMachine(() => Promise.resolve({ storage: 'memory' }));

beforeAll(buildCommandLine, 120_000);

const opteeReplayer = async (uid: number): Promise<Replayer> => ({
  process: await on.machine.user({ uid }),
  open: ({ require }, options) => {
    const { SecureStorage } = require('optee-secure-storage') as typeof import('../../src-ts/index.js');
    return SecureStorage.open(options);
  },
});

test(
  `${String(COUNT)} operations come out the same in the simulator and on OP-TEE`,
  async () => {
    const users = replayUsers.join(' and ');
    process.stdout.write(`differential test: OPTEE_TEST_SEED=${String(seed)}, as user ${users}\n`);
    const both = replayUsers.map(async (uid) => {
      const trace = makeTrace(seed + uid, Math.ceil(COUNT / replayUsers.length));
      const simulator = await simulatorReplayer(uid, folder);
      const expected = await replay(simulator, trace);
      await simulator.process.close();
      const outcomes = await replay(await opteeReplayer(uid), trace);
      return { trace, expected, outcomes };
    });
    const replays = await Promise.all(both);
    for (const { trace, expected, outcomes } of replays) {
      expect(firstDifference(trace, expected, outcomes)).toBeUndefined();
      expect(outcomes).toHaveLength(trace.length);
    }
    const counts = summary(
      replays.flatMap(({ trace }) => trace),
      replays.flatMap(({ outcomes }) => outcomes),
    );
    const rows = [...counts].map(([name, count]) => [name, String(count)]);
    printTable('operations that came out the same in the simulator and on OP-TEE', [['how', 'count'], ...rows]);
  },
  TEST_MS,
);
