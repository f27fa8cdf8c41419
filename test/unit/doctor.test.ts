// SPDX-License-Identifier: MIT
/** Every cause that the doctor knows, on machines made up for it; test/e2e/doctor.test.ts produces them on a real one. */
import { causes, type Cause } from '../../src-ts/doctor/causes.js';
import { checkIds, type Check, type Diagnosis } from '../../src-ts/doctor/diagnosis.js';
import { judge } from '../../src-ts/doctor/diagnose.js';
import type { Evidence } from '../../src-ts/doctor/evidence.js';
import type { Host } from '../../src-ts/doctor/host.js';
import { checksOf } from '../../src-ts/doctor/chain.js';
import { errorTable, type ErrorCode } from '../../src-ts/errors/table.js';
import { SecureStorageError, type ErrorDetails } from '../../src-ts/errors/error.js';
import type { StoreInfo } from '../../src-ts/connection/store-info.js';
import type { BackendName, OpenOptions } from '../../src-ts/arguments/options.js';
import { TeeResult } from '../../src-ts/tee/results.js';
import { Origin, TeeFailure } from '../../src-ts/tee/seam.js';
import { taElf } from './support/ta-elf.js';
import { boardWith, FUSE, limitsOf, spaceOf, TA_FOLDER, type Entry, type FakeMachine } from './support/fake-host.js';

const TA_FILE = `${TA_FOLDER}/ff06ae7c-d9e8-40c7-ab24-86ad69bffce7.ta`;

const info = {
  backend: 'optee',
  secure: true,
  login: 'user',
  owner: 'fc34275c-d8dd-5ba7-968b-504718363b87',
  ownerVerified: true,
  packageVersion: '0.1.0',
  taVersion: '0.1.0',
  protocol: 1,
  format: 1,
  limits: { key: 1024, domain: 64, value: 1024 * 1024, keys: 10_000, bytes: 16 * 1024 * 1024 },
  used: { keys: 3, bytes: 200, objects: 4 },
  rollbackProtected: false,
  antiRollback: 100,
  healed: 0,
} as Partial<StoreInfo> as StoreInfo;

const owner = { owner: info.owner, login: 'user', id: 1000, keys: 3, bytes: 200, objects: 4, lost: false } as const;
const owners = { owners: [owner], objects: { used: 8, total: 2048 }, places: 64 };
const works: Evidence = { error: undefined, info, owners, supplicant: null, warmMs: 0.123 };
const fails = (code: ErrorCode, details: ErrorDetails = {}, more: Partial<Evidence> = {}): Evidence => ({
  error: new SecureStorageError(code, { operation: 'open', ...details }),
  info: undefined,
  owners: undefined,
  supplicant: undefined,
  warmMs: undefined,
  ...more,
});
/** The TEE was reached, and the supplicant answered. */
const refuses = (code: ErrorCode, details?: ErrorDetails) => fails(code, details, { supplicant: null });
const informs = (more: Partial<StoreInfo>): Evidence => ({ ...works, info: { ...info, ...more } });
const claims = (more: Partial<StoreInfo> = {}) => informs({ rollbackProtected: null, antiRollback: 1000, ...more });

interface Stage {
  readonly evidence?: Evidence;
  readonly files?: Readonly<Record<string, Entry | undefined>>;
  readonly machine?: Partial<FakeMachine>;
  readonly options?: OpenOptions;
  readonly backend?: BackendName;
  /** What the check must have found, in part. */
  readonly found: string;
  /** What the fix must say, in part. */
  readonly fix: string;
}

const noDevice = fails('ERR_NO_DEVICE', { detail: 'there is no TEE device (/dev/tee0): none exists' });
const noLibrary = (detail: string) => fails('ERR_NO_LIBTEEC', { cause: new TeeFailure('no-library', detail) });
const noTee = {
  '/sys/class/tee/tee0/implementation_id': undefined,
  '/sys/class/tee/teepriv0/implementation_id': undefined,
};
const mountedAs = (line: string) => ({ '/proc/self/mountinfo': line, '/proc/812/mountinfo': line });
const withSpace = (free: number, available = free) => ({
  machine: { space: { '/var/lib/tee': spaceOf(free, available) } },
});
const nestedNamespace = { '/proc/self/ns/user': { link: 'user:[4026532000]' } };

/** Where the supplicant stores, and whether its dirf.db is a mount of its own. */
const storesIn = (folder: string, isMounted: boolean, more: Readonly<Record<string, Entry>> = {}) => ({
  '/proc/812/cmdline': `/usr/sbin/tee-supplicant\0--fs-parent-path\0${folder}\0`,
  '/proc/812/mountinfo': [
    '33 1 179:1 / / rw - ext4 /dev/x rw',
    ...(isMounted ? [`39 33 179:1 ${folder}/dirf.db ${folder}/dirf.db rw - ext4 /dev/x rw`] : []),
  ].join('\n'),
  '/proc/self/mountinfo': '33 1 179:1 / / rw - ext4 /dev/x rw',
  [folder]: { mode: 0o040700 },
  ...more,
});
/** Refused by OP-TEE itself, before the TA has begun. */
const notLoaded = (code: ErrorCode, result: number, details: ErrorDetails = {}) =>
  refuses(code, { result, origin: Origin.TEE, ...details });
const noMemory = notLoaded('ERR_NO_MEMORY', TeeResult.OUT_OF_MEMORY);
const taFile = (address: number) => taElf('ff06ae7c-d9e8-40c7-ab24-86ad69bffce7', 64, address).toString('latin1');
const runs = (release: string) => ({ '/dev/kmsg': `6,1,1,-;optee: revision ${release} (1)\n` });

/** How each cause comes about. */
const stages: Readonly<Record<Cause, Stage | readonly Stage[]>> = {
  'not-linux': { machine: { platform: 'darwin' }, found: 'darwin-arm64', fix: 'simulator' },
  'old-node': { machine: { nodeVersion: '18.20.4' }, found: '18.20.4', fix: '20 or later' },
  'in-container': [
    { files: { '/.dockerenv': '' }, found: 'docker', fix: '--device /dev/tee0' },
    { files: { '/run/.containerenv': '' }, found: 'podman', fix: '--group-add' },
    { files: { '/run/systemd/container': 'systemd-nspawn\n' }, found: 'systemd-nspawn', fix: '--device' },
    { files: { '/proc/1/cgroup': '0::/kubepods/burstable/x\n' }, found: 'kubepods', fix: '--device' },
  ],
  'no-addon': { evidence: fails('ERR_NO_ADDON', { detail: 'linux-riscv64' }), found: 'linux-riscv64', fix: 'Install' },
  'no-libteec': {
    evidence: noLibrary(
      'libteec.so.2: cannot open shared object file: No such file or directory; ' +
        'libteec.so.1: cannot open shared object file: No such file or directory',
    ),
    found: 'neither libteec.so.2 nor libteec.so.1',
    fix: 'libteec2 or libteec1',
  },
  'foreign-libteec': {
    evidence: noLibrary(
      '/lib/libteec.so.2: undefined symbol: TEEC_OpenSession; libteec.so.1: cannot open shared object file',
    ),
    found: 'libteec that cannot be used: /lib/libteec.so.2: undefined symbol: TEEC_OpenSession',
    fix: 'again',
  },
  'no-firmware': {
    evidence: noDevice,
    files: { ...noTee, '/dev/tee0': undefined, '/proc/device-tree/firmware/optee/method': undefined },
    found: 'names no OP-TEE',
    fix: 'firmware',
  },
  'no-driver': {
    evidence: noDevice,
    files: { ...noTee, '/dev/tee0': undefined },
    found: 'no driver',
    fix: 'modprobe optee',
  },
  'other-tee': [
    {
      evidence: noDevice,
      files: { '/sys/class/tee/tee0/implementation_id': '2\n' },
      found: "/dev/tee0 is not OP-TEE but AMD's",
      fix: 'another kind',
    },
    {
      evidence: noDevice,
      files: { '/sys/class/tee/tee0/implementation_id': '77\n' },
      found: 'number 77',
      fix: 'another kind',
    },
  ],
  'no-device': { evidence: noDevice, files: { '/dev/tee0': undefined }, found: 'has tee0', fix: '--device /dev/tee0' },
  'no-permission': {
    evidence: fails('ERR_PERMISSION'),
    files: { '/dev/tee0': { gid: 54_321, mode: 0o020660, opens: 'EACCES' } },
    found: 'user 1000 may not open /dev/tee0 (mode 0660, group 54321)',
    fix: 'usermod -aG 54321',
  },
  'no-group': [
    {
      evidence: fails('ERR_PERMISSION'),
      files: { '/dev/tee0': { gid: 0, mode: 0o020660, opens: 'EACCES' } },
      found: 'group root',
      fix: 'udev rule',
    },
    {
      evidence: fails('ERR_PERMISSION'),
      files: { '/dev/tee0': { gid: 54_321, mode: 0o020600, opens: 'EACCES' } },
      found: 'mode 0600',
      fix: 'MODE="0660"',
    },
  ],
  'no-supplicant': [
    {
      evidence: fails('ERR_NO_SUPPLICANT'),
      files: { '/proc/812/stat': undefined },
      found: 'no tee-supp',
      fix: 'systemctl',
    },
    // What is in the TA's memory goes on without it.
    {
      evidence: { ...works, supplicant: new SecureStorageError('ERR_NO_SUPPLICANT') },
      files: { '/proc/812/stat': undefined },
      found: 'no tee-supplicant',
      fix: 'systemctl',
    },
    {
      evidence: fails('ERR_PERMISSION'),
      files: { '/proc/812/stat': '812 (tee-supplicant) Z 1' },
      found: 'no',
      fix: 'Start',
    },
  ],
  'supplicant-stopped': {
    evidence: fails('ERR_TIMEOUT'),
    files: { '/proc/812/stat': '812 (tee-supplicant) T 1 812 812\n' },
    found: 'process 812',
    fix: 'kill -CONT 812',
  },
  'supplicant-hangs': [
    { evidence: fails('ERR_TIMEOUT'), found: 'tee-supplicant runs as process 812', fix: 'restart' },
    {
      evidence: { ...works, supplicant: new SecureStorageError('ERR_TIMEOUT') },
      files: { '/proc/812/stat': undefined, '/proc/1/stat': undefined },
      found: 'cannot be seen from here',
      fix: 'restart',
    },
  ],
  'no-ta': [
    { evidence: refuses('ERR_TA_NOT_FOUND'), files: { [TA_FILE]: undefined }, found: TA_FOLDER, fix: 'ff06ae7c' },
    {
      evidence: refuses('ERR_TA_NOT_FOUND'),
      files: { '/proc/812/cmdline': 'tee-supplicant\0--ta-path=/opt/tas:/lib/optee_armtz\0', [TA_FILE]: undefined },
      found: '/opt/tas',
      fix: '/opt/tas',
    },
    {
      evidence: refuses('ERR_TA_NOT_FOUND'),
      files: { '/proc/812/cmdline': 'tee-supplicant\0-t\0tas\0' },
      found: '/lib/tas',
      fix: '/lib/tas',
    },
  ],
  'unreadable-ta': {
    evidence: refuses('ERR_TA_NOT_FOUND'),
    files: { [TA_FILE]: { mode: 0o100600 } },
    found: `${TA_FILE} is there (mode 0600)`,
    fix: 'readable',
  },
  'ta-signature': { evidence: refuses('ERR_TA_SIGNATURE'), found: 'not signed with the key', fix: 'TA_SIGN_KEY' },
  'ta-protocol': { evidence: refuses('ERR_TA_VERSION'), found: 'protocol 1', fix: 'comes with this package' },
  'ta-format': { evidence: refuses('ERR_FORMAT_TOO_NEW'), found: 'newer', fix: 'newer' },
  'old-kernel': [
    {
      evidence: refuses('ERR_KERNEL_TOO_OLD'),
      machine: { release: '4.9.337-tegra' },
      found: 'Linux 4.9.337-tegra',
      fix: '5.8',
    },
    { evidence: fails('ERR_PERMISSION'), machine: { release: '5.7.19' }, found: 'Linux 5.7.19', fix: 'JetPack 5' },
  ],
  'not-in-group': {
    evidence: refuses('ERR_NOT_IN_GROUP'),
    options: { group: 2000 },
    found: 'no member of group 2000',
    fix: 'usermod -aG 2000',
  },
  'other-identity': { evidence: refuses('ERR_UID_MISMATCH'), found: 'user 1000', fix: 'Do not change the user' },
  'nested-namespace': {
    evidence: refuses('ERR_UID_MISMATCH'),
    files: nestedNamespace,
    machine: { uid: 0 },
    found: 'user 0 of this user namespace',
    fix: 'nested',
  },
  'identity-unverified': { evidence: informs({ ownerVerified: false }), found: 'fc34275c', fix: 'Nothing is wrong' },
  'user-namespace': {
    files: { ...nestedNamespace, '/proc/self/uid_map': ' 0 100000 65536\n' },
    machine: { uid: 5 },
    found: 'user 5 here is user 100005',
    fix: 'mapping',
  },
  'storage-missing': { files: { '/var/lib/tee': undefined }, found: '/var/lib/tee', fix: 'restart tee-supplicant' },
  'storage-read-only': [
    {
      files: mountedAs('33 1 179:1 / / rw - ext4 /dev/x rw\n38 33 179:2 / /var/lib/tee ro - ext4 /dev/y rw'),
      found: 'read-only (ext4)',
      fix: '--fs-parent-path',
    },
    { files: mountedAs('33 1 179:1 / / rw - squashfs /dev/x ro'), found: 'read-only (squashfs)', fix: 'writ' },
  ],
  'storage-volatile': [
    { files: mountedAs('33 1 0:9 / / rw - tmpfs tmpfs rw'), found: 'on tmpfs', fix: 'before tee-supplicant starts' },
    {
      files: { '/proc/812/cmdline': 'tee-supplicant\0--fs-parent-path\0/tmp/tee\0', '/tmp/tee': { mode: 0o040700 } },
      found: '/tmp/tee',
      fix: 'partition',
    },
    {
      files: { '/proc/812/cmdline': 'tee-supplicant\0-f/tmp/with space\0', '/tmp/with space': { mode: 0o040700 } },
      found: '/tmp/with space',
      fix: 'partition',
    },
  ],
  'storage-overlay': { files: mountedAs('33 1 0:9 / / rw - overlay overlay rw'), found: 'overlay', fix: 'partition' },
  'storage-open': { files: { '/var/lib/tee': { mode: 0o040777 } }, found: '0777', fix: 'chmod 0700 /var/lib/tee' },
  'storage-shared': { files: { '/var/lib/tee': { mode: 0o041777 } }, found: '1777', fix: 'a directory of its own' },
  'no-space': [
    { ...withSpace(0), found: '/var/lib/tee) is full: 0 KiB', fix: 'Make room' },
    // What ext4 keeps for itself is of no use to root either.
    { ...withSpace(16 * 2 ** 20 + 4096), found: '4 KiB', fix: 'Make room' },
    // What is kept for root is of no use to another supplicant.
    {
      files: { '/proc/812/status': 'Uid:\t990\t990\t990\t990\n', '/dev/teepriv0': { uid: 990, mode: 0o020600 } },
      ...withSpace(2 ** 30, 0),
      found: '0 KiB',
      fix: 'Make room',
    },
  ],
  'little-space': { ...withSpace(16 * 2 ** 20 + 900 * 1024), found: '900 KiB', fix: 'Make room' },
  simulator: { backend: 'simulator', found: 'protects nothing', fix: "backend 'optee'" },
  'simulator-fails': [
    { backend: 'simulator', evidence: fails('ERR_SIMULATOR_REFUSED'), found: 'NODE_ENV is production', fix: 'optee' },
    {
      backend: 'simulator',
      evidence: fails('ERR_NO_SIMULATOR', { detail: 'no worker' }),
      found: 'no worker',
      fix: 'bundler',
    },
  ],
  'store-fails': [
    { evidence: refuses('ERR_CORRUPT'), found: 'damaged or lost', fix: 'clear' },
    { evidence: refuses('ERR_STORAGE'), found: 'not available', fix: 'mounted and writable' },
    { evidence: refuses('ERR_TEE', { result: 0xffff0000 }), found: '0xffff0000', fix: 'dmesg' },
    {
      backend: 'simulator',
      evidence: refuses('ERR_STORAGE', { detail: '/x is a file' }),
      found: '/x is a file',
      fix: 'Check',
    },
  ],
  'store-healed': { evidence: informs({ healed: 2 }), found: 'boot: 2', fix: 'medium' },
  'quota-near': [
    { evidence: informs({ used: { keys: 9000, bytes: 5, objects: 9 } }), found: '9000 of 10000', fix: 'Delete' },
    {
      evidence: informs({ used: { keys: 5, bytes: 16_000_000, objects: 9 } }),
      found: '15625 of 16384 KiB',
      fix: 'quota',
    },
  ],
  'shared-near': [
    {
      evidence: { ...works, owners: { ...owners, objects: { used: 1900, total: 2048 } } },
      found: '1 of 64 places and 1900 of 2048 objects',
      fix: 'owners remove',
    },
    {
      // Those of the pool do not count.
      evidence: {
        ...works,
        owners: { ...owners, owners: [...Array<typeof owner>(58).fill(owner), { ...owner, id: 65_536 }] },
      },
      found: '58 of 64 places',
      fix: 'optee-storage owners',
    },
  ],
  'rollback-claimed': { evidence: claims(), found: 'level 1000', fix: 'CFG_REE_FS_INTEGRITY_RPMB=n' },
  'no-rollback-protection': [
    { evidence: informs({ rollbackProtected: false, antiRollback: 100 }), found: 'level 100', fix: 'RPMB' },
    { evidence: informs({ rollbackProtected: false, antiRollback: 0 }), found: 'level 0', fix: 'RPMB' },
  ],
  'ta-of-newer-kit': [
    {
      evidence: noMemory,
      files: { [TA_FILE]: taFile(0x1c000), ...runs('3.22') },
      found: 'this OP-TEE 3.22',
      fix: 'ta install',
    },
    { evidence: noMemory, files: { [TA_FILE]: taFile(0x1c000) }, found: 'this OP-TEE does not find', fix: 'ta build' },
  ],
  'no-memory-to-load': [
    { evidence: noMemory, files: { [TA_FILE]: taFile(0) }, found: 'no memory left to start', fix: 'Try again' },
    {
      evidence: noMemory,
      files: { [TA_FILE]: taFile(0x1c000), ...runs('4.5') },
      found: 'no memory left',
      fix: 'Try again',
    },
  ],
  'optee-files': {
    evidence: notLoaded('ERR_CORRUPT', TeeResult.SECURITY, { detail: 'dirf.db is damaged', remedy: 'RPMB: keep it.' }),
    found: 'dirf.db is damaged',
    fix: 'RPMB: keep it.',
  },
  'dirf-unprotected': [
    {
      files: { ...storesIn('/data/tee', false), '/proc/812/cgroup': '0::/system.slice/nv-tee-supplicant.service\n' },
      found: '/data/tee/dirf.db is not a mount of its own, and tee-supplicant may open 65536 files',
      fix: 'systemctl restart nv-tee-supplicant.service',
    },
    {
      files: { ...storesIn('/var/lib/tee', false), '/proc/812/limits': limitsOf('1024') },
      found: 'may open 1024 files',
      fix: 'drop-in for tee-supplicant.service',
    },
    {
      files: { ...storesIn('/data/tee', false), '/proc/812/cgroup': '0::/\n', '/proc/812/limits': undefined },
      found: 'may open an unknown number of files',
      fix: 'mount --bind',
    },
  ],
  'few-files': {
    files: { ...storesIn('/data/tee', true), '/proc/812/limits': limitsOf('1024') },
    found: '1024 files only',
    fix: 'daemon-reload',
  },
  'emulated-root-key': {
    files: { '/proc/device-tree/compatible': 'linux,dummy-virt\0' },
    found: 'linux,dummy-virt',
    fix: 'no real secret',
  },
  'open-fuses': { files: { [FUSE]: '0x00000000\n' }, found: `${FUSE} is 0x00000000`, fix: 'SecurityMode' },
};

const diagnosed = (host: Host, { evidence = works, options = {}, backend = 'optee' }: Partial<Stage> = {}): Diagnosis =>
  judge(evidence, options, backend, host);

const checkOf = ({ checks }: Diagnosis, id: string): Check => {
  const check = checks.find((each) => each.id === id);
  if (check === undefined) throw new Error(`there is no check ${id}`);
  return check;
};

const cases = Object.entries(stages).flatMap(([cause, stage]) =>
  [stage].flat().map((each) => [cause as Cause, each] as [Cause, Stage]),
);

test.each(cases)('%s', (cause, stage) => {
  const { check: id, status } = causes[cause];
  const diagnosis = diagnosed(boardWith(stage.files ?? {}, stage.machine), stage);
  const check = checkOf(diagnosis, id);
  expect(check).toMatchObject({ id, status });
  expect(check.found).toContain(stage.found);
  expect(check.fix).toContain(stage.fix);
  for (const { found, fix = '' } of diagnosis.checks)
    expect(`${found}${fix}`).not.toMatch(/\{\w+\}|undefined(?! symbol)|\n/);
  expect(diagnosis.ok).toBe(status !== 'failed');
  if (status === 'failed') expect(failedOf(diagnosis)).toContain(id);
});

const failedOf = ({ checks }: Diagnosis) => checks.filter(({ status }) => status === 'failed').map(({ id }) => id);

describe('on a board that is as it should be', () => {
  test('every check is ok, and says what it saw', () => {
    const diagnosis = diagnosed(boardWith({}));
    const found = Object.fromEntries(diagnosis.checks.map((check) => [check.id, check.found]));
    expect(diagnosis.checks.filter(({ status }) => status !== 'ok').map(({ id }) => id)).toEqual([
      'rollback',
      'root-key',
    ]);
    expect(diagnosis).toMatchObject({ ok: true, info });
    expect(found).toMatchObject({
      addon: expect.stringContaining('optee-secure-storage.glibc.node') as string,
      libteec: '/usr/lib/aarch64-linux-gnu/libteec.so.2.0.0',
      supplicant: 'tee-supplicant (process 812, root), answers',
      storage: '/var/lib/tee, on ext4',
      space: '1008 MiB free on /var/lib/tee',
      ta: TA_FILE,
      identity: 'user 1000, attested as fc34275c-d8dd-5ba7-968b-504718363b87',
      'root-key': expect.stringContaining('which key was burnt cannot be seen') as string,
    });
  });

  test('the checks come in the order of the chain, each once', () => {
    for (const checks of Object.values(checksOf)) {
      const diagnosis = judge(works, {}, checks === checksOf.optee ? 'optee' : 'simulator', boardWith({}));
      const ids = diagnosis.checks.map(({ id }) => id);
      expect(ids).toEqual(checkIds.filter((id) => ids.includes(id)));
      expect(new Set(ids).size).toBe(checks.length);
    }
  });
});

describe('what this process may not see is unknown, and no failure', () => {
  const denied = { errno: 'EACCES' };

  test('without procfs, sysfs and file systems', () => {
    const hidden = Object.fromEntries(Object.keys(boardWithPaths()).map((path) => [path, denied]));
    const diagnosis = diagnosed(boardWith(hidden, { space: {} }));
    expect(diagnosis.ok).toBe(true);
    for (const id of ['driver', 'storage', 'space', 'root-key', 'user-namespace']) {
      expect(checkOf(diagnosis, id).status).toBe('unknown');
    }
  });

  test('fuses that only root may see, and a key of which nothing is known', () => {
    expect(checkOf(diagnosed(boardWith({ [FUSE]: denied })), 'root-key').found).toContain('only root');
    expect(checkOf(diagnosed(boardWith({ [FUSE]: undefined })), 'root-key')).toMatchObject({ status: 'unknown' });
  });

  test('a supplicant in another PID namespace', () => {
    const files = { '/proc/self/ns/pid': { link: 'pid:[4026532001]' }, '/proc/812/stat': undefined };
    expect(checkOf(diagnosed(boardWith(files)), 'supplicant')).toMatchObject({ status: 'ok' });
    const unasked = { evidence: fails('ERR_PERMISSION') };
    expect(checkOf(diagnosed(boardWith(files), unasked), 'supplicant')).toMatchObject({ status: 'unknown' });
  });

  test('storage in mounts of the supplicant alone is judged by those, and not looked at here', () => {
    const own = '33 1 179:1 / / rw - ext4 /dev/x rw\n38 33 0:77 / /var/lib/tee rw - tmpfs tmpfs rw';
    const diagnosis = diagnosed(boardWith({ '/proc/812/mountinfo': own, '/var/lib/tee': undefined }));
    expect(checkOf(diagnosis, 'storage')).toMatchObject({
      status: 'warning',
      found: expect.stringContaining('tmpfs') as string,
    });
    expect(checkOf(diagnosis, 'space').status).toBe('unknown');
  });

  test('another libteec that needs no device', () => {
    const files = { ...noTee, '/dev/tee0': undefined, '/proc/812/stat': undefined };
    const diagnosis = diagnosed(boardWith(files));
    expect(diagnosis.ok).toBe(true);
    expect(checkOf(diagnosis, 'device').status).toBe('unknown');
  });

  function boardWithPaths(): Record<string, Entry | undefined> {
    return {
      '/proc': undefined,
      '/proc/self/maps': undefined,
      '/proc/self/mountinfo': undefined,
      '/proc/self/uid_map': undefined,
      '/proc/812/stat': undefined,
      '/sys/class/tee': undefined,
      '/dev/tee0': undefined,
      [FUSE]: undefined,
    };
  }
});

test('what all users share is not known to everybody, which is no warning', () => {
  const diagnosis = diagnosed(boardWith({}), { evidence: { ...works, owners: undefined } });
  expect(checkOf(diagnosis, 'shared')).toMatchObject({
    status: 'unknown',
    found: expect.stringContaining('root only') as string,
  });
  expect(diagnosis.ok).toBe(true);
});

describe('a broken link', () => {
  test('is the only one that has failed; what comes after it is not reached', () => {
    const diagnosis = diagnosed(boardWith({ [TA_FILE]: undefined }), { evidence: refuses('ERR_TA_NOT_FOUND') });
    expect(failedOf(diagnosis)).toEqual(['ta']);
    const later = ['ta-signature', 'ta-version', 'identity', 'store', 'quota', 'rollback', 'latency'];
    for (const id of later) expect(checkOf(diagnosis, id)).toMatchObject({ status: 'unknown', found: 'not reached' });
    expect(diagnosis).toMatchObject({
      ok: false,
      code: 'ERR_TA_NOT_FOUND',
      message: expect.stringMatching(/is not installed in .*\. Copy /) as string,
    });
  });

  test('without a driver it is the driver, not the device', () => {
    const diagnosis = diagnosed(boardWith({ ...noTee, '/dev/tee0': undefined }), { evidence: noDevice });
    expect(failedOf(diagnosis)).toEqual(['driver']);
  });

  test.each(Object.keys(errorTable) as ErrorCode[])('%s is always told', (code) => {
    for (const backend of ['optee', 'simulator'] as const) {
      const diagnosis = diagnosed(boardWith({}), { evidence: fails(code), backend });
      expect(failedOf(diagnosis)).toHaveLength(1);
      expect(diagnosis).toMatchObject({ ok: false, code, message: expect.stringMatching(/[^.]\. \w+/) as string });
    }
  });

  test('a kernel that is old but attests users is well', () => {
    const diagnosis = diagnosed(boardWith({}, { release: '5.4.0-backports' }));
    expect(checkOf(diagnosis, 'kernel')).toMatchObject({
      status: 'ok',
      found: expect.stringContaining('older') as string,
    });
  });
});

describe('the protection of dirf.db', () => {
  const dirfOf = (files: Record<string, Entry | undefined>, evidence?: Evidence) =>
    checkOf(diagnosed(boardWith(files), evidence && { evidence }), 'dirf');

  test.each([
    ['/data/tee', 'nv-tee-supplicant.service', '0::/system.slice/nv-tee-supplicant.service\n'],
    ['/data/tee', 'tee-supplicant.service', '12:pids:/x\n1:name=systemd:/system.slice/tee-supplicant.service\n0::/\n'],
    ['/var/lib/tee', 'tee-supplicant@teepriv0.service', '0::/system.slice/tee.slice/tee-supplicant@teepriv0.service\n'],
    ['/var/lib/optee-client/data/tee', 'tee-supplicant.service', '0::/system.slice/tee-supplicant.service\n'],
  ])('%s and %s: the drop-in is for exactly these', (folder, unit, cgroup) => {
    expect(dirfOf({ ...storesIn(folder, false), '/proc/812/cgroup': cgroup }).file).toEqual({
      path: `/etc/systemd/system/${unit}.d/secure-storage.conf`,
      content:
        `[Unit]\nRequiresMountsFor=${folder}\n\n[Service]\nRestart=always\nRestartSec=1\n` +
        `BindPaths=-${folder}/dirf.db\nLimitNOFILE=65536\n`,
    });
  });

  test.each([
    ['systemd has not started it', storesIn('/data/tee', false), '0::/user.slice/session-1.scope\n'],
    ['its path needs quoting', storesIn('/data/my tee', false), '0::/system.slice/tee-supplicant.service\n'],
    ['its path has a specifier', storesIn('/data/%n', false), '0::/system.slice/tee-supplicant.service\n'],
    ['its path has what ends a source', storesIn('/data/a:b', false), '0::/system.slice/tee-supplicant.service\n'],
  ])('there is no drop-in where %s', (_name, files, cgroup) => {
    const check = dirfOf({ ...files, '/proc/812/cgroup': cgroup });
    expect([check.status, check.file]).toEqual(['warning', undefined]);
  });

  test.each<[string, 'ok' | 'unknown' | 'warning', string, Record<string, Entry | undefined>, Evidence | undefined]>([
    ['a mount, many files', 'ok', 'is a mount of its own', {}, undefined],
    ['a mount, no limit', 'ok', 'Infinity', { '/proc/812/limits': limitsOf('unlimited') }, undefined],
    ['a mount, an unseen limit', 'ok', 'unknown number', { '/proc/812/limits': undefined }, undefined],
    ['the mounts are out of sight', 'unknown', 'only root', { '/proc/812/mountinfo': undefined }, undefined],
    ['no supplicant is seen', 'unknown', 'cannot be told', { '/proc/812/stat': undefined }, undefined],
    [
      'a slash behind the folder',
      'ok',
      '/data/tee/dirf.db is',
      { ...storesIn('/data/tee', true), '/proc/812/cmdline': 'tee-supplicant\0-f/data/tee/\0' },
      undefined,
    ],
    ['RPMB alone, as root sees it', 'ok', 'RPMB alone', storesIn('/data/tee', false), claims()],
    ['RPMB, and files', 'warning', 'not a mount', storesIn('/data/tee', false, { '/data/tee/dirf.db': '' }), claims()],
    [
      'RPMB, out of sight',
      'warning',
      'not a mount',
      storesIn('/data/tee', false, { '/data/tee': { errno: 'EACCES' }, '/data/tee/dirf.db': { errno: 'EACCES' } }),
      claims(),
    ],
    [
      'RPMB, nothing stored yet',
      'warning',
      'not a mount',
      storesIn('/data/tee', false),
      claims({ used: { keys: 0, bytes: 0, objects: 0 } }),
    ],
    [
      'no RPMB, and no file',
      'warning',
      'not a mount',
      storesIn('/data/tee', false),
      informs({ antiRollback: 100, rollbackProtected: false }),
    ],
  ])('%s: %s', (_name, status, found, files, evidence = works) => {
    expect(dirfOf(files, evidence)).toMatchObject({ status, found: expect.stringContaining(found) as string });
  });
});

describe('a Trusted Application that OP-TEE does not start', () => {
  test('leaves signature, version and identity not reached, and is no fault of the store', () => {
    const damaged = notLoaded('ERR_CORRUPT', TeeResult.SECURITY);
    for (const evidence of [damaged, noMemory]) {
      const diagnosis = diagnosed(boardWith({ [TA_FILE]: taFile(0) }), { evidence });
      expect(failedOf(diagnosis)).toEqual(['ta-load']);
      for (const id of ['ta-signature', 'ta-version', 'identity', 'store'])
        expect(checkOf(diagnosis, id)).toMatchObject({ status: 'unknown', found: 'not reached' });
    }
  });

  test('of unknown make has both causes named', () => {
    const evidence = notLoaded('ERR_NO_MEMORY', TeeResult.OUT_OF_MEMORY, {
      detail: 'this or that',
      remedy: 'Do both.',
    });
    const diagnosis = diagnosed(boardWith({ [TA_FILE]: { errno: 'EACCES' } }), { evidence });
    expect(checkOf(diagnosis, 'ta-load')).toMatchObject({
      found: expect.stringContaining('this or that') as string,
      fix: 'Do both.',
    });
  });

  test('what the TA itself says of memory and damage is about the store', () => {
    for (const code of ['ERR_NO_MEMORY', 'ERR_CORRUPT'] as const) {
      const diagnosis = diagnosed(boardWith({}), {
        evidence: refuses(code, { operation: 'list', origin: Origin.TRUSTED_APP }),
      });
      expect(failedOf(diagnosis)).toEqual(['store']);
    }
  });
});
