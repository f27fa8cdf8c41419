// SPDX-License-Identifier: MIT
/** One OP-TEE machine for all tests of a file. */
import type { Machine, MachineOptions, ProcessOptions, UserProcess } from '../../../machine/machine.mjs';

/** Booting takes seconds, and minutes the first time, when everything is fetched and built. */
const START_MS = 20 * 60_000;
const STOP_MS = 60_000;
/** What a test may take on a host that is busy with other work: long enough that only what hangs exceeds it. */
const TEST_MS = 300_000;

/** Users of the machine, as machine/users.mjs has them. The last one is not in the group of the device. */
export const Uid = { root: 0, alice: 1000, bob: 1001, carol: 1002, mallory: 1009 } as const;
/** The group that may open /dev/tee0. */
export const TEE_GROUP = 900;

export const TA_FILE = '/usr/lib/optee_armtz/ff06ae7c-d9e8-40c7-ab24-86ad69bffce7.ta';

/** The machine of the file, and the processes that its tests share. */
export interface MachineOfFile {
  readonly machine: Machine;
  /** A Node.js process of this user, started at the first call and kept: starting one takes seconds. */
  user(name: keyof typeof Uid, options?: ProcessOptions): Promise<UserProcess>;
  /** Runs a command of root's. @throws what it printed as errors, if it fails */
  readonly asRoot: (...argv: string[]) => Promise<void>;
  /** Makes later calls of user() start other processes: the machine is about to reboot. */
  forgetUsers(): void;
}

/**
 * Starts a machine before the tests of the file and ends it after them. Each test has five minutes unless it says otherwise.
 * @param options may be made before the machine starts, for example by building a TA
 */
export function useMachine(options: () => Promise<MachineOptions> = () => Promise.resolve({})): MachineOfFile {
  jest.setTimeout(TEST_MS);
  let machine: Machine | undefined;
  const users = new Map<string, Promise<UserProcess>>();

  beforeAll(async () => {
    const { ensureAptGroups } = await import('../../../tools/lib/apt.mjs');
    const { Machine } = await import('../../../machine/machine.mjs');
    // The options may be programs that are compiled for the machine.
    await ensureAptGroups('ta', 'signing');
    machine = await Machine.start(await options());
  }, START_MS);

  afterAll(async () => {
    await machine?.stop();
  }, STOP_MS);

  const running = (): Machine => {
    if (machine === undefined) throw new Error('the machine is not running');
    return machine;
  };
  return {
    get machine() {
      return running();
    },
    user(name, processOptions = {}) {
      const key = JSON.stringify([name, processOptions]);
      const user = users.get(key) ?? running().user({ uid: Uid[name], ...processOptions });
      users.set(key, user);
      return user;
    },
    async asRoot(...argv) {
      const { code, stderr } = await running().exec(argv);
      if (code !== 0) throw new Error(`${argv.join(' ')}: ${stderr.toString()}`);
    },
    forgetUsers() {
      users.clear();
    },
  };
}
