// SPDX-License-Identifier: MIT
/** Machines for the doctor, made of the files that it looks at. */
import type { Host, Space } from '../../../src-ts/doctor/host.js';
import type { Owner } from '../../../src-ts/util/supplicants.js';

/** What is at a path. */
interface At extends Partial<Owner> {
  readonly text?: string;
  /** The target of a symbolic link. */
  readonly link?: string;
  /** The error of every look at it. */
  readonly errno?: string;
  /** The error of opening it. */
  readonly opens?: string;
}

/** The text of a file, or more. */
export type Entry = string | At;

export interface FakeMachine extends Partial<Pick<Host, 'platform' | 'arch' | 'release' | 'nodeVersion' | 'uid'>> {
  readonly files: Readonly<Record<string, Entry | undefined>>;
  readonly space?: Readonly<Record<string, Space>>;
}

export function fakeHost({ files, space = {}, ...rest }: FakeMachine): Host {
  const fail = (code: string): never => {
    throw Object.assign(new Error(code), { code });
  };
  const at = (path: string): At => {
    const entry = files[path] ?? (isFolder(path) ? {} : { errno: 'ENOENT' });
    const found: At = typeof entry === 'string' ? { text: entry } : entry;
    return found.errno === undefined ? found : fail(found.errno);
  };
  const present = Object.keys(files).filter((path) => files[path] !== undefined);
  const isFolder = (path: string) => present.some((each) => each.startsWith(`${path}/`));
  return {
    platform: 'linux',
    arch: 'arm64',
    release: '6.12.48',
    nodeVersion: '20.20.2',
    uid: 1000,
    ...rest,
    read: (file) => at(file).text ?? fail('EISDIR'),
    names: (folder) => {
      at(folder);
      const names = present
        .filter((path) => path.startsWith(`${folder}/`))
        .map((path) => path.slice(folder.length + 1));
      return [...new Set(names.map((name) => name.split('/')[0] ?? ''))];
    },
    link: (file) => at(file).link ?? fail('EINVAL'),
    stat: (file) => {
      const { uid = 0, gid = 0, mode = 0o100644 } = at(file);
      return { uid, gid, mode };
    },
    space: (folder) => space[folder] ?? fail('EACCES'),
    open: (device) => {
      const { opens } = at(device);
      if (opens !== undefined) fail(opens);
    },
    kernelLog: () => at('/dev/kmsg').text ?? fail('EISDIR'),
  };
}

const MAPS = [
  '7f00-7f01 r-xp 00000000 fe:00 12 /opt/app/node_modules/optee-secure-storage/prebuilds/linux-arm64/optee-secure-storage.glibc.node',
  '7f02-7f03 r-xp 00000000 fe:00 13 /usr/lib/aarch64-linux-gnu/libteec.so.2.0.0',
  '7f04-7f05 rw-p 00000000 00:00 0',
].join('\n');
const MOUNTS = [
  '33 1 179:1 / / rw,relatime - ext4 /dev/mmcblk0p1 rw',
  '34 33 0:31 / /tmp rw,relatime - tmpfs tmpfs rw',
  '38 33 179:2 / /var/lib/tee rw,noatime - ext4 /dev/mmcblk0p2 rw',
].join('\n');
const DIRF_MOUNT = '39 38 179:2 /dirf.db /var/lib/tee/dirf.db rw,noatime - ext4 /dev/mmcblk0p2 rw';
export const TA_FOLDER = '/lib/optee_armtz';
export const FUSE = '/sys/devices/platform/tegra-fuse/odm_production_mode';

/** A file system of 8 GiB in blocks of 4 KiB, of which so much is free, and for everybody. */
export function spaceOf(free: number, available = free): Space {
  return { size: 2 ** 33, free, available, blockSize: 4096 };
}

/** What the kernel shows of the limits of a process, as far as it is looked at. */
export function limitsOf(files: string): string {
  return `Limit Soft Limit Hard Limit Units\nMax processes 7000 7000 processes\nMax open files            ${files}    524288   files\n`;
}

/** A board on which everything is as it should be. */
export const board: FakeMachine = {
  files: {
    '/proc/self/maps': MAPS,
    '/proc/self/mountinfo': MOUNTS,
    '/proc/self/uid_map': '         0          0 4294967295\n',
    '/proc/self/ns/pid': { link: 'pid:[4026531836]' },
    '/proc/self/ns/user': { link: 'user:[4026531837]' },
    '/proc/1/stat': '1 (systemd) S 0 1 1\n',
    '/proc/1/cgroup': '0::/init.scope\n',
    '/proc/700/stat': '700 (wpa_supplicant) S 1 700 700\n',
    '/proc/812/stat': '812 (tee-supplicant) S 1 812 812\n',
    '/proc/812/status': 'Name:\ttee-supplicant\nUid:\t0\t0\t0\t0\n',
    '/proc/812/cmdline': '/usr/sbin/tee-supplicant\0-d\0',
    '/proc/812/mountinfo': `${MOUNTS}\n${DIRF_MOUNT}`,
    '/proc/812/limits': limitsOf('65536'),
    '/proc/812/cgroup': '0::/system.slice/tee-supplicant.service\n',
    '/proc/device-tree/compatible': 'nvidia,p3768-0000+p3767-0000\0nvidia,tegra234\0',
    '/proc/device-tree/firmware/optee/method': 'smc\0',
    '/sys/class/tee/tee0/implementation_id': '1\n',
    '/sys/class/tee/teepriv0/implementation_id': '1\n',
    '/dev/tee0': { gid: 0, mode: 0o020660 },
    '/usr/sbin/tee-supplicant': 'ELF\0/dev/teepriv\0/var/lib/tee\0tee_supp_fs.c\0',
    '/var/lib/tee': { mode: 0o040700 },
    [`${TA_FOLDER}/ff06ae7c-d9e8-40c7-ab24-86ad69bffce7.ta`]: 'OTSH',
    [FUSE]: '0x00000001\n',
  },
  space: { '/var/lib/tee': spaceOf(2 ** 30) },
};

/** The board with some files changed, or taken away (undefined), and more. */
export function boardWith(files: Readonly<Record<string, Entry | undefined>>, more: Partial<FakeMachine> = {}): Host {
  return fakeHost({ ...board, ...more, files: { ...board.files, ...files } });
}
