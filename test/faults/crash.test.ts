// SPDX-License-Identifier: MIT
/**
 * What OP-TEE makes of a client that is killed amid a request to its storage, by its own tests and without any code of
 * this package: now and then it crashes. It is counted for the report; that it happens is no failure here.
 */
import { setTimeout as delay } from 'node:timers/promises';

import { useMachine } from '../e2e/support/machine';
import { crashes } from './support/crew';
import { Records, say } from './support/records';

const every = Number(process.env.OPTEE_FAULTS_EVERY ?? 1);
const WANTED = Math.ceil(50 / every);
/** Creates, reads and removes objects. */
const XTEST = ['xtest', '-t', 'regression', '6001'];

interface Case {
  readonly index: number;
  /** Whether xtest still ran when it was killed. */
  readonly amid: boolean;
  readonly crashed: boolean;
}

const cases = new Records<Case>('crash', ({ index }) => String(index));
const on = useMachine(() => Promise.resolve({ product: false, states: true }));

test(
  'a client of OP-TEE is killed at random moments',
  async () => {
    const { machine } = on;
    const began = Date.now();
    await machine.exec(XTEST);
    const usualMs = Date.now() - began;
    await machine.saveState('used');
    for (let index = 0; index < WANTED; index++) {
      if (cases.get(String(index)) !== undefined) continue;
      await machine.loadState('used');
      const before = crashes(machine);
      const client = machine.spawn(XTEST, { onData: () => undefined });
      const ended = client.closed.then(
        () => true,
        () => false,
      );
      await delay(Math.random() * usualMs);
      const amid = !(await Promise.race([ended, Promise.resolve(false)]));
      client.kill('SIGKILL');
      await delay(1000);
      const entry = { index, amid, crashed: crashes(machine) > before };
      cases.add(entry);
      say(`xtest killed ${String(index + 1)} of ${String(WANTED)}: ${JSON.stringify(entry)}`);
    }
    const crashed = cases.all.filter((entry) => entry.crashed).length;
    say(`OP-TEE crashed ${String(crashed)} of ${String(cases.all.length)} times`);
    expect(cases.all.length).toBeGreaterThanOrEqual(WANTED);
  },
  WANTED * 60_000 + 600_000,
);
