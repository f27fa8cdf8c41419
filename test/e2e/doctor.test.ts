// SPDX-License-Identifier: MIT
/**
 * The doctor on a machine that is ill on purpose: each fault is produced on real OP-TEE, and the doctor must name its
 * cause and fix, and nothing else as broken. What no machine here can be made to have (a kernel older than 5.8, another
 * kind of TEE, a Jetson's fuses) is in test/unit/doctor.test.ts only.
 */
import { causes, type Cause } from '../../src-ts/doctor/causes.js';
import type { Check, Diagnosis } from '../../src-ts/doctor/diagnosis.js';
import { TA_UUID } from '../../src-ts/protocol/contract.js';
import type { OpenOptions } from '../../src-ts/arguments/options.js';
import type { ExecOptions } from '../../machine/machine.mjs';
import { DATA, DIRECTORY, fillDisk, FILES, makeRoom } from './support/disk.js';
import { TA_FILE, Uid, useMachine } from './support/machine.js';
import { openRemoteStore } from './support/remote-store.js';
import { buildTa, makeSigningKey } from './support/ta.js';

const FOREIGN_KEY_UUID = '1b6f7d0e-52a3-4c8e-9f14-6a0b3c2d5e77';
const PROTOCOL_UUID = '7ab12c53-a7f8-41d3-8469-bf5081720322';
const SMALL_UUID = '5e9f0a31-85d6-4fb1-a247-9d3e6f508100';
const HANGING_UUID = '8bc23d64-b809-42e4-957a-c06192831433';
/** The one that the doctor asks the supplicant for. */
const NOBODYS_UUID = '9d3c55f4-0c2e-4b7c-8f6e-5a1d0c70be11';

const LIBTEEC = '/usr/lib/aarch64-linux-gnu/libteec.so.2.0.0';
const KEY = 'canary-key';
const VALUE = 'canary-value';

const taFile = (uuid: string) => TA_FILE.replace(TA_UUID, uuid);

const on = useMachine(async () => ({
  files: {
    [taFile(FOREIGN_KEY_UUID)]: await buildTa({ TA_UUID: FOREIGN_KEY_UUID, TA_SIGN_KEY: makeSigningKey() }),
    [taFile(PROTOCOL_UUID)]: await buildTa({ TA_UUID: PROTOCOL_UUID, CFG_SECSTOR_TEST_PROTOCOL: '2' }),
    [taFile(SMALL_UUID)]: await buildTa({
      TA_UUID: SMALL_UUID,
      CFG_SECSTOR_QUOTA_KEYS: '5',
      CFG_SECSTOR_QUOTA_BYTES: '10000',
    }),
  },
}));

const { asRoot } = on;

interface Doctor {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line as alice, unless told otherwise; it must end soon after its deadlines, whatever hangs. */
async function run(argv: readonly string[], options: ExecOptions = {}): Promise<Doctor> {
  const { code, stdout, stderr } = await on.machine.exec(argv, { uid: Uid.alice, timeoutMs: 120_000, ...options });
  const ended = { code, stdout: stdout.toString(), stderr: stderr.toString() };
  expect(`${ended.stdout}${ended.stderr}`).not.toMatch(new RegExp(`${KEY}|${VALUE}`));
  return ended;
}

/** What the doctor says in a process of its own; nothing may come but its JSON, and the exit code must fit it. */
async function command(args: readonly string[] = [], options?: ExecOptions, before: readonly string[] = []) {
  const ended = await run([...before, 'optee-storage', 'doctor', '--json', ...args], options);
  const diagnosis = JSON.parse(ended.stdout) as Diagnosis;
  expect(ended.code).toBe(diagnosis.ok ? 0 : 5);
  return diagnosis;
}

/** What it says in a process of alice that goes on, which is much quicker. */
async function diagnose(options: OpenOptions = {}): Promise<Diagnosis> {
  const alice = await on.user('alice');
  return alice.run(({ require }, given) => {
    const { SecureStorage } = require('optee-secure-storage') as typeof import('../../src-ts/index.js');
    return SecureStorage.diagnose(given);
  }, options);
}

const checkOf = ({ checks }: Diagnosis, id: string): Check | undefined => checks.find((check) => check.id === id);

/** The diagnosis must have this cause, and no link may be called broken but its own and those that break with it. */
function expectCause(
  diagnosis: Diagnosis,
  cause: Cause,
  found: string,
  fix: string,
  consequences: readonly string[] = [],
): void {
  const { check: id, status } = causes[cause];
  expect(checkOf(diagnosis, id)).toMatchObject({
    status,
    found: expect.stringContaining(found) as string,
    fix: expect.stringContaining(fix) as string,
  });
  const failed = diagnosis.checks.filter((check) => check.status === 'failed').map((check) => check.id);
  expect(failed).toEqual([...(status === 'failed' ? [id] : []), ...consequences]);
  if (status === 'failed') expect(diagnosis).toMatchObject({ message: expect.stringContaining(found) as string });
}

/** Makes something of the machine ill, diagnoses, and mends it again. */
async function staged<T>(ill: () => Promise<void>, body: () => Promise<T>, well: () => Promise<void>): Promise<T> {
  await ill();
  try {
    return await body();
  } finally {
    await well();
  }
}

const withMoved = <T>(file: string, body: () => Promise<T>) =>
  staged(
    () => asRoot('mv', file, `${file}.away`),
    body,
    () => asRoot('mv', `${file}.away`, file),
  );

/** Everything anew: what waits in vain for a supplicant keeps it from being started again, and a driver from going. */
async function startAnew(): Promise<void> {
  on.forgetUsers();
  await on.machine.powerCut();
  await on.machine.boot();
}

/** A supplicant that was started by hand in place of the machine's. */
const withSupplicant = <T>(args: readonly string[], body: () => Promise<T>) =>
  staged(
    async () => {
      await on.machine.supplicant('stop');
      await asRoot('tee-supplicant', '-d', ...args);
    },
    body,
    async () => {
      await on.machine.supplicant('stop');
      await on.machine.supplicant('start');
    },
  );

describe('the Trusted Application', () => {
  // First of all, because one that was loaded stays.
  test('is not installed', async () => {
    const diagnosis = await withMoved(TA_FILE, () => diagnose());
    expectCause(diagnosis, 'no-ta', TA_UUID, `Copy ${TA_UUID}.ta into /lib/optee_armtz`);
    expect(diagnosis).toMatchObject({ code: 'ERR_TA_NOT_FOUND' });
  });

  test('is signed with another key', async () => {
    const diagnosis = await diagnose({ taUuid: FOREIGN_KEY_UUID });
    expectCause(diagnosis, 'ta-signature', 'not signed with the key', "Sign it with the board's key");
    expect(checkOf(diagnosis, 'ta')).toMatchObject({
      status: 'ok',
      found: taFile(FOREIGN_KEY_UUID).replace('/usr', ''),
    });
  });

  test('speaks another protocol', async () => {
    const diagnosis = await diagnose({ taUuid: PROTOCOL_UUID });
    expectCause(diagnosis, 'ta-protocol', 'protocol 1', 'Install the Trusted Application');
  });
});

describe('a machine that is well', () => {
  const GOOD = /\nall good, 2 warnings, 1 note\n$/;

  test('is said to be, to any user', async () => {
    await run(['optee-storage', 'put', KEY], { stdin: VALUE });
    for (const uid of [Uid.alice, Uid.root]) {
      const { code, stdout, stderr } = await run(['optee-storage', 'doctor'], { uid });
      expect(stdout).toMatch(GOOD);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).not.toContain('\u001b');
    }
  });

  test('every link is seen, by an ordinary user too', async () => {
    const diagnosis = await diagnose();
    const states = Object.fromEntries(diagnosis.checks.map(({ id, status }) => [id, status]));
    const { dirf, rollback, shared, 'root-key': rootKey, ...rest } = states;
    expect({ dirf, rollback, shared, rootKey }).toEqual({
      ...{ dirf: 'warning', rollback: 'note', shared: 'unknown', rootKey: 'warning' },
    });
    expect(new Set(Object.values(rest))).toEqual(new Set(['ok']));
    const found = Object.fromEntries(diagnosis.checks.map((check) => [check.id, check.found]));
    expect(found).toMatchObject({
      addon: '/opt/optee-secure-storage/prebuilds/linux-arm64/optee-secure-storage.glibc.node',
      libteec: LIBTEEC,
      driver: "OP-TEE's, tee0",
      device: '/dev/tee0',
      permission: expect.stringContaining('group tee') as string,
      supplicant: expect.stringMatching(/^tee-supplicant \(process \d+, root\), answers$/) as string,
      identity: expect.stringContaining('fc34275c-d8dd-5ba7-968b-504718363b87') as string,
      storage: `${FILES}, on ext4`,
    });
    expectCause(diagnosis, 'emulated-root-key', 'linux,dummy-virt', 'no real secret');
    expectCause(diagnosis, 'no-rollback-protection', 'level 100', 'RPMB');
    expectCause(diagnosis, 'dirf-unprotected', `${DIRECTORY} is not a mount of its own`, 'mount --bind');
    expect(diagnosis).toMatchObject({ ok: true, info: { secure: true, used: { keys: 1 } } });
  });

  test('is not good enough for --strict, because of its test key', async () => {
    expect(await run(['optee-storage', 'doctor', '--strict'])).toMatchObject({ code: 5 });
  });
});

describe('device and permission', () => {
  test('no device node', async () => {
    const diagnosis = await withMoved('/dev/tee0', () => diagnose());
    expectCause(diagnosis, 'no-device', 'there is no /dev/tee0', '--device /dev/tee0');
  });

  test('a user who is not in the group', async () => {
    const diagnosis = await command([], { uid: Uid.mallory });
    expectCause(diagnosis, 'no-permission', 'mode 0660, group tee', 'sudo usermod -aG tee mallory');
    const { code, stdout } = await run(['optee-storage', 'doctor'], { uid: Uid.mallory });
    expect([code, stdout.split('\n').at(-2)]).toEqual([5, 'failed: permission']);
  });

  test('a device that belongs to no group of users', async () => {
    const diagnosis = await staged(
      () => asRoot('chown', 'root:root', '/dev/tee0'),
      () => diagnose(),
      () => asRoot('chown', 'root:tee', '/dev/tee0'),
    );
    expectCause(diagnosis, 'no-group', 'group root', 'GROUP="tee"');
  });

  test('a group that the user does not belong to', async () => {
    const diagnosis = await diagnose({ group: 2000 });
    expectCause(diagnosis, 'not-in-group', 'group 2000', 'usermod -aG 2000');
  });
});

describe('libteec', () => {
  test('is missing', async () => {
    const diagnosis = await withMoved(LIBTEEC, () => command());
    expectCause(diagnosis, 'no-libteec', 'neither libteec.so.2 nor libteec.so.1', 'libteec2 or libteec1');
  });

  test('is something else', async () => {
    const other = '/usr/lib/aarch64-linux-gnu/libm.so.6';
    const diagnosis = await withMoved(LIBTEEC, () =>
      staged(
        () => asRoot('cp', other, LIBTEEC),
        () => command(),
        () => asRoot('rm', LIBTEEC),
      ),
    );
    expectCause(diagnosis, 'foreign-libteec', 'undefined symbol: TEEC_InitializeContext', 'again');
  });
});

describe('the supplicant', () => {
  test('does not run; that secrets in memory can be read all the same is not enough', async () => {
    const diagnosis = await staged(
      () => on.machine.supplicant('stop'),
      () => diagnose(),
      () => on.machine.supplicant('start'),
    );
    expectCause(diagnosis, 'no-supplicant', 'no tee-supplicant is running', 'systemctl');
  });
});

describe('user namespaces', () => {
  const MAP = ['unshare', '--user', '--map-root-user'];

  test('one', async () => {
    const diagnosis = await command([], {}, MAP);
    expectCause(diagnosis, 'user-namespace', 'user 0 here is user 1000', 'mapping');
    expect(diagnosis.ok).toBe(true);
  });

  test('one in another', async () => {
    const diagnosis = await command([], {}, [...MAP, ...MAP]);
    expectCause(diagnosis, 'nested-namespace', 'user 0 of this user namespace', 'one level below');
  });
});

describe('the storage', () => {
  /** To a Trusted Application that goes on, a directory without anything is the loss of what was stored. */
  const LOST = ['store'];

  test('is in memory', async () => {
    const diagnosis = await withSupplicant(['--fs-parent-path', '/tmp/tee'], () => diagnose());
    expectCause(diagnosis, 'storage-volatile', '/tmp/tee, the supplicant', 'before tee-supplicant starts', LOST);
  });

  test('is on an overlay', async () => {
    const diagnosis = await withSupplicant(['-f/opt/tee'], () => diagnose());
    expectCause(diagnosis, 'storage-overlay', '/opt/tee, the supplicant', 'partition');
  });

  test('is read-only', async () => {
    const diagnosis = await staged(
      () => asRoot('mount', '-o', 'remount,ro', DATA),
      () => diagnose(),
      () => asRoot('mount', '-o', 'remount,rw', DATA),
    );
    expectCause(diagnosis, 'storage-read-only', 'read-only (ext4)', '--fs-parent-path');
  });

  test('is gone, and cannot be made again', async () => {
    // Where the supplicant can, it makes another, and OP-TEE begins an empty storage.
    const diagnosis = await withMoved(FILES, () =>
      staged(
        () => asRoot('mount', '-o', 'remount,ro', DATA),
        () => diagnose(),
        () => asRoot('mount', '-o', 'remount,rw', DATA),
      ),
    );
    expectCause(diagnosis, 'storage-missing', FILES, 'restart tee-supplicant', LOST);
  });

  test('may be written by everybody', async () => {
    const diagnosis = await staged(
      () => asRoot('chmod', '0777', FILES),
      () => diagnose(),
      () => asRoot('chmod', '0700', FILES),
    );
    expectCause(diagnosis, 'storage-open', '0777', `chmod 0700 ${FILES}`);
  });

  test('is full', async () => {
    const diagnosis = await staged(
      () => fillDisk(on.machine),
      () => diagnose(),
      () => makeRoom(on.machine),
    );
    expectCause(diagnosis, 'no-space', `${DATA}) is full`, 'Make room');
  });

  test('is used up to the quota', async () => {
    const store = await openRemoteStore(await on.user('alice'), { taUuid: SMALL_UUID, timeoutMs: 60_000 });
    await store.batch(['1', '2', '3', '4', '5'].map((key) => ({ type: 'put', key, value: 'v' })));
    await store.close();
    expectCause(await diagnose({ taUuid: SMALL_UUID }), 'quota-near', '5 of 5 keys', 'Delete');
  });
});

test("a dirf.db whose heads have lost their parity is damage, not a TA's signature; put back, all is there", async () => {
  const { machine } = on;
  const change = `const bytes = fs.readFileSync('${DIRECTORY}');
    fs.writeFileSync('${DIRECTORY}', bytes.map((byte) => byte ^ 1));`;
  const flip = () => asRoot('node', '-e', `${change} child_process.execFileSync('sync');`);
  await flip();
  await startAnew();
  const diagnosis = await diagnose();
  expectCause(diagnosis, 'optee-files', 'starts no TA', 'no rollback protection');
  expect(diagnosis).toMatchObject({ code: 'ERR_CORRUPT' });
  const foreign = await diagnose({ taUuid: FOREIGN_KEY_UUID });
  expect(foreign).toMatchObject({ code: 'ERR_CORRUPT' });
  await flip();
  await startAnew();
  expect(await diagnose()).toMatchObject({ ok: true, info: { used: { keys: 1 } } });
  expect((await machine.exec(['optee-storage', 'get', KEY], { uid: Uid.alice })).stdout.toString()).toBe(VALUE);
});

test('the driver is not loaded', async () => {
  const diagnosis = await staged(
    async () => {
      await on.machine.supplicant('stop');
      await asRoot('rmmod', 'optee');
    },
    () => diagnose(),
    startAnew,
  );
  expectCause(diagnosis, 'no-driver', 'the firmware has OP-TEE', 'modprobe optee');
  expect(checkOf(diagnosis, 'device')).toMatchObject({ status: 'unknown' });
});

describe('a supplicant that does not answer', () => {
  test('is stopped by a signal', async () => {
    const diagnosis = await staged(
      () => on.machine.supplicant('pause'),
      () => command(['--timeout', '3']),
      () => on.machine.supplicant('continue'),
    );
    expectCause(diagnosis, 'supplicant-stopped', 'is stopped', 'kill -CONT');
  });

  test.each([
    ['while a store is opened', HANGING_UUID, ['--ta-uuid', HANGING_UUID]],
    ['although a store can be opened', NOBODYS_UUID, []],
  ])('hangs, %s', async (_name, uuid, args) => {
    // A file that nobody writes to: whoever opens it to read waits.
    const file = taFile(uuid);
    const diagnosis = await staged(
      () => asRoot('mkfifo', file),
      () => command([...args, '--timeout', '3']),
      startAnew,
    );
    expectCause(diagnosis, 'supplicant-hangs', 'runs as process', 'restart tee-supplicant');
  });
});
