// SPDX-License-Identifier: MIT
/**
 * The package on OP-TEE, client libraries and kernels of other ages, from what a user does first to a reboot. It is one
 * Trusted Application, signed with the key that each OP-TEE trusts. Run in npm test on two machines, and by
 * npm run test:versions on any other.
 */
import type { UserProcess } from '../../machine/machine.mjs';
import { useMachine } from './support/machine';
import { openRemoteStore } from './support/remote-store';

const PATIENT = { timeoutMs: 120_000 };

/** The smallest value, one of several blocks, and the largest. */
const SIZES = [0, 32, 300_000, 1_048_576];

const byteOf = (user: string, size: number): Buffer => Buffer.alloc(size, `${user}${String(size)}`);

/** What the machines say of themselves; an empty text fits any. */
const MACHINES = [
  { version: 'trixie', library: 'libteec.so.2', kernel: '6.12.', optee: '4.5' },
  { version: 'bookworm', library: 'libteec.so.1.0.0', kernel: '6.1.', optee: '4.5' },
  { version: 'sid', library: 'libteec.so.2', kernel: '', optee: '4.10' },
  { version: 'like-nvidia', library: 'libteec.so.2', kernel: '6.1.', optee: '4.10' },
  { version: 'default-heap', library: 'libteec.so.2', kernel: '6.1.', optee: '4.10' },
];
const chosen = process.env.OPTEE_MACHINE_VERSION?.split(' ') ?? ['bookworm', 'sid'];

describe.each(MACHINES.filter(({ version }) => chosen.includes(version)))(
  'OP-TEE $optee with $library, on the machine of Debian $version',
  ({ version, library, kernel, optee }) => {
    const on = useMachine(() => Promise.resolve({ version }));
    const users = ['alice', 'bob'] as const;

    const everybody = async (work: (name: string, user: UserProcess) => Promise<void>): Promise<void> => {
      for (const name of users) await work(name, await on.user(name));
    };

    const expectAll = (): Promise<void> =>
      everybody(async (name, user) => {
        const store = await openRemoteStore(user, PATIENT);
        expect(await store.keys()).toEqual(SIZES.map((size) => `k/${String(size)}`).sort());
        // toEqual takes seconds for a MiB.
        for (const size of SIZES) expect(await store.get(`k/${String(size)}`)).toStrictEqual(byteOf(name, size));
        await store.close();
      });

    test('is what it is said to be', async () => {
      expect(on.machine.secureLog()).toMatch(new RegExp(`OP-TEE version: \\S*${optee.replace('.', '\\.')}\\b`));
      const release = await on.machine.exec(['uname', '-r']);
      expect(release.stdout.toString()).toMatch(new RegExp(`^${kernel.replaceAll('.', '\\.')}`));
      const doctor = await on.machine.exec(['optee-storage', 'doctor'], { uid: 1000 });
      const told = doctor.stdout.toString();
      expect({ code: doctor.code, last: told.trimEnd().split('\n').at(-1) }).toMatchObject({
        code: 0,
        last: expect.stringMatching(/^all good/) as string,
      });
      expect(told).toContain(`/${library}`);
      expect(told).toMatch(/^ok +ta-signature /m);
    });

    test('stores values of all sizes for each user, overwrites and deletes them', async () => {
      await everybody(async (name, user) => {
        const store = await openRemoteStore(user, PATIENT);
        for (const size of SIZES) {
          await store.put(`k/${String(size)}`, 'before');
          await store.put(`k/${String(size)}`, byteOf(name, size));
        }
        await store.put('gone', 'x');
        expect(await store.delete('gone')).toBe(true);
        await store.close();
      });
      await expectAll();
    });

    test('has them after a reboot of all of it', async () => {
      on.forgetUsers();
      await on.machine.reboot();
      await expectAll();
      const store = await openRemoteStore(await on.user('alice'), PATIENT);
      expect((await store.verify()).lost).toBe(0);
      await store.put('k/32', 'after');
      expect(await store.get('k/32', { encoding: 'utf8' })).toBe('after');
      await store.close();
    });
  },
);
