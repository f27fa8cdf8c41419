// SPDX-License-Identifier: MIT
/** Which Trusted Application fits the OP-TEE of a board: its release, the published key that it trusts, where the header is. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { generateKeyPairSync } from 'node:crypto';
import path from 'node:path';

import { releaseOf } from '../../src-ts/cli/commands/ta/install.js';
import { keyOfRelease } from '../../src-ts/cli/commands/ta/published-keys.js';
import { thisHost } from '../../src-ts/doctor/host.js';
import { opteeRelease, parseRelease } from '../../src-ts/doctor/optee-release.js';
import { isHeaderFirst } from '../../src-ts/util/ta-header.js';
import { optee } from './support/cli.js';
import { boardWith, type Entry } from './support/fake-host.js';
import { freshFolder } from './support/folders.js';
import { taElf } from './support/ta-elf.js';

const UUID = '12345678-9abc-4def-8123-456789abcdef';
const REVISION = '/sys/class/tee/tee0/revision';
const record = (text: string) => `6,345,1203456,-;${text}\n`;

describe('the release of OP-TEE', () => {
  test.each<[string, string | undefined, Record<string, Entry | undefined>]>([
    ['the log of a 64-bit kernel', '4.5', { '/dev/kmsg': record('optee: revision 4.5 (0000000abcdef012)') }],
    ['the log of an older one', '3.22', { '/dev/kmsg': record('optee: revision 3.22 (001de6bc)') }],
    ['one without the id of the build', '3.16', { '/dev/kmsg': record('optee: revision 3.16') }],
    ['two digits', '4.10', { '/dev/kmsg': record('optee: revision 4.10 (1)') }],
    [
      'a driver that was loaded twice',
      '4.6',
      { '/dev/kmsg': record('optee: revision 4.2 (1)') + record('optee: revision 4.6 (1)') },
    ],
    [
      'a file of newer kernels',
      '4.10',
      { [REVISION]: '4.10 (0123abcd)\n', '/dev/kmsg': record('optee: revision 4.5') },
    ],
    ['that file with more numbers', '4.9', { [REVISION]: '4.9.0\n' }],
    ['what Ubuntu keeps of the log', '3.21', { '/var/log/dmesg': '[    1.2] kernel: optee: revision 3.21 (0)\n' }],
    ['a log that this user may not read', undefined, { '/dev/kmsg': { errno: 'EPERM' } }],
    ['a log that begins later', undefined, { '/dev/kmsg': record('optee: initialized driver') }],
    ['a kernel that names the thread', '4.5', { '/dev/kmsg': '6,345,1203456,-,caller=T1;optee: revision 4.5 (1)\n' }],
    ['that in what is kept', '4.5', { '/var/log/dmesg': '[    1.203456] [    T1] optee: revision 4.5 (1)\n' }],
    ...[
      'process ’/tmp/optee: revision 9.9’ started with executable stack',
      'a.out[77]: segfault at 0 ip 0 sp 0 error 6 in optee: revision 9.9[400000+1000]',
      '; optee: revision 9.9',
      'x;optee: revision 9.9',
      '[    1.2] optee: revision 9.9',
    ].flatMap((text): [string, string, Record<string, Entry>][] => [
      [`what a user had the kernel say: ${text}`, '4.5', { '/dev/kmsg': record('optee: revision 4.5') + record(text) }],
      [
        `that in what is kept: ${text}`,
        '4.5',
        { '/var/log/dmesg': `[    1.2] optee: revision 4.5 (1)\n[    3.4] ${text}\n` },
      ],
    ]),
    ['the revision of something else', undefined, { '/dev/kmsg': record('mmc0: revision 5.1') }],
    ['a file that says nothing', undefined, { [REVISION]: 'unknown\n' }],
    [
      'another TEE',
      undefined,
      { '/sys/class/tee/tee0/implementation_id': '2\n', '/dev/kmsg': record('optee: revision 4.5') },
    ],
    ['no TEE', undefined, { '/sys/class/tee/tee0/implementation_id': undefined }],
  ])('by %s is %s', (_name, expected, files) => {
    const release = opteeRelease(boardWith(files));
    expect(release && `${String(release.major)}.${String(release.minor)}`).toBe(expected);
  });

  test('of an image is not that of this machine; what is given counts for both', () => {
    const host = boardWith({ '/dev/kmsg': record('optee: revision 4.5') });
    expect(releaseOf({}, host)).toEqual({ major: 4, minor: 5 });
    expect(releaseOf({ root: '/' }, host)).toEqual({ major: 4, minor: 5 });
    expect(releaseOf({ root: '/mnt/image' }, host)).toBeUndefined();
    expect(releaseOf({ root: '/mnt/image', optee: '4.10' }, host)).toEqual({ major: 4, minor: 10 });
    expect(releaseOf({ optee: '3.16' }, host)).toEqual({ major: 3, minor: 16 });
  });

  test.each(['', 'x', '4', '4.', '.7', 'v4.7', '-4.7', '99999.1', '4.99999'])('%j is none', (text) => {
    expect(parseRelease(text)).toBeUndefined();
    expect(() => releaseOf({ optee: text })).toThrow('--optee must be a release');
  });

  test("this machine's own log is read to its end, or may not be read", () => {
    let log: string | undefined;
    try {
      log = thisHost().kernelLog();
    } catch (error) {
      expect((error as NodeJS.ErrnoException).code).toMatch(/^(EPERM|EACCES|ENOENT|ENXIO)$/);
    }
    expect(typeof log).toMatch(/string|undefined/);
  });

  test.each([
    ['3.16', 'signed'],
    ['3.22', 'signed'],
    ['4.2', 'signed'],
    ['4.6', 'signed'],
    ['4.7', 'signed-4.7'],
    ['4.10', 'signed-4.7'],
    ['5.0', 'signed-4.7'],
    ['unknown', 'signed'],
  ])('%s trusts the key of the part %s', (release, part) => {
    expect(keyOfRelease(parseRelease(release)).part).toBe(part);
  });
});

describe('the header of a TA', () => {
  const signedBy = (elf: Buffer) => Buffer.concat([Buffer.alloc(20 + 32 + 256 + 20, 0x11), elf]);
  test.each<[string, boolean | undefined, Buffer]>([
    ['first, 64 bits', true, taElf(UUID, 64)],
    ['first, 32 bits', true, taElf(UUID, 32)],
    ['elsewhere, 64 bits', false, taElf(UUID, 64, 0x1c000)],
    ['elsewhere, 32 bits', false, taElf(UUID, 32, 0x20)],
    ['first, signed', true, signedBy(taElf(UUID, 64))],
    ['elsewhere, signed', false, signedBy(taElf(UUID, 64, 0x1c000))],
    [
      'in an ELF file that is no TA',
      undefined,
      Buffer.from(taElf(UUID, 64).toString('latin1').replace('.ta_head', '.xx_head'), 'latin1'),
    ],
    ['cut short', undefined, taElf(UUID, 64).subarray(0, 70)],
    ['encrypted', undefined, Buffer.alloc(1000, 0xa5)],
    ['of nothing', undefined, Buffer.alloc(0)],
  ])('%s: %p', (_name, expected, file) => {
    expect(isHeaderFirst(file)).toBe(expected);
  });
});

describe('ta install looks where the header is before it copies', () => {
  let folder: string;
  const at = (name: string) => path.join(folder, name);
  const installed = () => at(`lib/optee_armtz/${UUID}.ta`);
  const pem = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' });

  beforeEach(async () => {
    folder = freshFolder();
    mkdirSync(at('lib/optee_armtz'), { recursive: true });
    writeFileSync(at('key.pem'), pem);
    for (const [name, address] of [
      ['first', 0],
      ['elsewhere', 0x1c000],
    ] as const) {
      writeFileSync(at('elf'), taElf(UUID, 64, address));
      const signed = await optee(['ta', 'sign', at('elf'), '--key', at('key.pem'), '--output', at(`${name}.ta`)]);
      expect(signed.code).toBe(0);
    }
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  test.each<['first' | 'elsewhere', string | undefined, 'refused' | 'warned' | 'quiet']>([
    ['elsewhere', '3.16', 'refused'],
    ['elsewhere', '3.19', 'refused'],
    ['elsewhere', '3.22', 'refused'],
    ['elsewhere', '4.0', 'quiet'],
    ['elsewhere', '4.10', 'quiet'],
    ['elsewhere', undefined, 'warned'],
    ['first', '3.16', 'quiet'],
    ['first', '4.10', 'quiet'],
    ['first', undefined, 'quiet'],
  ])('%s, for OP-TEE %s: %s', async (header, release, result) => {
    writeFileSync(installed(), 'the old one');
    const args = ['ta', 'install', at(`${header}.ta`), '--root', folder];
    const { code, stderr } = await optee([...args, ...(release === undefined ? [] : ['--optee', release])]);
    expect(code === 0).toBe(result !== 'refused');
    const copied = readFileSync(installed()).equals(readFileSync(at(`${header}.ta`)));
    expect(copied).toBe(result !== 'refused');
    expect(stderr.includes('does not begin with its header')).toBe(result !== 'quiet');
    if (result === 'refused') expect(stderr).toMatch(/OP-TEE 3\.\d+ cannot load it.*ta build.*ERR_TA_INSTALL/s);
    if (result === 'warned') expect(stderr).toContain('warning: ');
  });

  test('a release that is none is refused, and nothing is copied', async () => {
    const { code, stderr } = await optee(['ta', 'install', at('first.ta'), '--root', folder, '--optee', 'newest']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('--optee must be a release')]);
    expect(existsSync(installed())).toBe(false);
  });
});
