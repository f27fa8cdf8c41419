// SPDX-License-Identifier: MIT
/**
 * What OP-TEE makes of a client that is killed amid a request to its storage, of a read that fails, and of a disk that is
 * full for a moment, by its own tests and without any code of this package: whether it crashes. It is counted for the
 * report, and no failure here; only the failed read did it so far.
 */
import { setTimeout as delay } from 'node:timers/promises';

import { useMachine } from '../e2e/support/machine';
import { crashes } from './support/crashes';
import { Records, say } from './support/records';

const every = Number(process.env.OPTEE_FAULTS_EVERY ?? 1);
const WANTED = Math.ceil(50 / every);
const PATIENT_MS = WANTED * 60_000 + 600_000;
/** Creates, reads and removes objects. */
const XTEST = ['xtest', '-t', 'regression', '6001'];

interface Case {
  readonly what: 'client killed' | 'read failed' | 'no space';
  readonly index: number;
  /** Whether xtest still ran when it was killed, or used what was read. */
  readonly amid: boolean;
  readonly crashed: boolean;
}

const cases = new Records<Case>('crash', ({ what, index }) => `${what}|${String(index)}`);
const on = useMachine(() => Promise.resolve({ product: false, states: true }));
/** How long it takes, and the file operations of the supplicant for it. */
let usual: { readonly ms: number; readonly trace: string };

beforeAll(async () => {
  const { machine } = on;
  // Its directory is made then.
  await machine.exec(XTEST);
  await machine.saveState('used');
  await machine.armFault();
  const began = Date.now();
  await machine.exec(XTEST);
  usual = { ms: Date.now() - began, trace: (await machine.faultReport()).trace };
}, PATIENT_MS);

/** Starts xtest and does something to it, as often as wanted, each time from the same state. */
async function crashBy(what: Case['what'], strike: (index: number) => Promise<boolean>): Promise<void> {
  const { machine } = on;
  for (let index = 0; index < WANTED; index++) {
    if (cases.get(`${what}|${String(index)}`) !== undefined) continue;
    await machine.loadState('used');
    const before = crashes(machine);
    const amid = await strike(index);
    await delay(1000);
    const entry = { what, index, amid, crashed: crashes(machine) > before };
    cases.add(entry);
    say(`xtest, ${what}, ${String(index + 1)} of ${String(WANTED)}: ${entry.crashed ? 'OP-TEE crashed' : 'no crash'}`);
  }
  const all = cases.all.filter((entry) => entry.what === what);
  say(`${what}: OP-TEE crashed ${String(all.filter(({ crashed }) => crashed).length)} of ${String(all.length)} times`);
  expect(all.length).toBeGreaterThanOrEqual(WANTED);
}

/** Starts xtest. @returns what tells whether it ends within a time, and what kills it */
function start() {
  const client = on.machine.spawn(XTEST, { onData: () => undefined });
  const ended = client.closed.then(
    () => true,
    () => false,
  );
  const endsWithin = (ms: number) => Promise.race([ended, delay(ms).then(() => false)]);
  const kill = () => {
    client.kill('SIGKILL');
  };
  return { endsWithin, kill };
}

test(
  'a client of OP-TEE is killed at random moments',
  () =>
    crashBy('client killed', async () => {
      const client = start();
      const over = await client.endsWithin(Math.random() * usual.ms);
      client.kill();
      return !over;
    }),
  PATIENT_MS,
);

/** Lets one of some file operations fail, another one each time, spread over all of them, amid xtest. */
async function failAmid(kind: 'EIO' | 'ENOSPC', places: readonly number[], index: number): Promise<boolean> {
  await on.machine.armFault({ kind, at: places[Math.floor((index * places.length) / WANTED)] ?? 1 });
  const before = crashes(on.machine);
  const client = start();
  // One that crashed OP-TEE never ends.
  for (let look = 0; look < 60; look++) {
    if ((await client.endsWithin(500)) || crashes(on.machine) > before) return true;
  }
  return false;
}

test(
  'a read of OP-TEE’s directory fails once',
  () => {
    // When an object is written, OP-TEE reads its directory to enter it there.
    const ends = usual.trace.matchAll(/ww(?=(r{1,3}))/g);
    const reads = [...ends].flatMap(({ index: place, 1: run = '' }) => Array.from(run, (_, nth) => place + 3 + nth));
    return crashBy('read failed', (index) => failAmid('EIO', reads, index));
  },
  PATIENT_MS,
);

test(
  'there is no space once',
  () => {
    const places = Array.from(usual.trace).flatMap((letter, place) => ('ows'.includes(letter) ? [place + 1] : []));
    return crashBy('no space', (index) => failAmid('ENOSPC', places, index));
  },
  PATIENT_MS,
);
