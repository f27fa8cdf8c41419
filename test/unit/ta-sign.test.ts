// SPDX-License-Identifier: MIT
/** `optee-storage ta sign`, `path` and `install` on files; what OP-TEE and its own script say is in test/e2e. */
import { generateKeyPairSync, sign, constants } from 'node:crypto';
import fs, {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { parseSigned } from '../../src-ts/cli/commands/ta/signed-image.js';
import { run } from '../../src-ts/cli/run.js';
import { TA_UUID } from '../../src-ts/protocol/contract.js';
import { optee, recordingIo } from './support/cli.js';
import { Terminal } from './support/played-terminal.js';
import { taElf } from './support/ta-elf.js';

const UUID = '12345678-9abc-4def-8123-456789abcdef';
const key = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = (half: 'publicKey' | 'privateKey') =>
  half === 'publicKey'
    ? key.publicKey.export({ type: 'spki', format: 'pem' })
    : key.privateKey.export({ type: 'pkcs8', format: 'pem' });

let folder: string;
const at = (name: string) => path.join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'optee-ta-sign-'));
  writeFileSync(at('ta.elf'), taElf(UUID, 64));
  writeFileSync(at('private.pem'), pem('privateKey'));
  writeFileSync(at('public.pem'), pem('publicKey'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const ta = (...args: string[]) => optee(['ta', ...args]);
const signTo = (output: string, ...args: string[]) =>
  ta('sign', at('ta.elf'), '--key', at('private.pem'), '--output', at(output), ...args);

/** The code of the error that a command ends with. */
async function failure(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await ta(...args, '--json');
  expect([code === 0, stdout.length]).toEqual([false, 0]);
  return (JSON.parse(stderr) as { error: { code: string } }).error.code;
}

test.each([
  ['sign', () => [at('ta.elf'), '--output', at('out.ta')]],
  ['install', () => [at('signed.ta'), '--dir', folder]],
] as const)('%s keeps its memory from dumps and tracers before it reads a key', async (name, args) => {
  await signTo('signed.ta');
  const { io } = recordingIo('');
  let readBefore: boolean | undefined;
  const keyFile = at('key.pem');
  const forbidDumps = () => {
    // The key comes into being with this, so nobody can have read it before.
    readBefore = existsSync(keyFile);
    writeFileSync(keyFile, pem('privateKey'));
  };
  const open = () => Promise.reject(new Error('no store is needed'));
  expect([await run(['ta', name, ...args(), '--key', keyFile], io, { open, forbidDumps }), readBefore]).toEqual([
    0,
    false,
  ]);
});

describe('files that are none', () => {
  test('what is written to a device, by a link too, leaves it what it is', async () => {
    symlinkSync('/dev/null', at('null'));
    expect(await signTo('null')).toMatchObject({ code: 0 });
    expect(lstatSync(at('null')).isSymbolicLink()).toBe(true);
  });

  test.each(['to a file', 'to nothing'])('a link %s is neither followed nor replaced', async (where) => {
    if (where === 'to a file') writeFileSync(at('precious'), 'precious');
    symlinkSync(at('precious'), at('link.ta'));
    const { code, stderr } = await signTo('link.ta');
    expect([code === 0, stderr]).toEqual([false, expect.stringContaining('is a link')]);
    expect(lstatSync(at('link.ta')).isSymbolicLink()).toBe(true);
    expect(existsSync(at('precious')) && readFileSync(at('precious'), 'utf8')).toBe(
      where === 'to a file' && 'precious',
    );
  });

  test('a device that has become a link to a file meanwhile is not written to', async () => {
    writeFileSync(at('precious'), 'precious');
    symlinkSync(at('precious'), at('swapped'));
    const { statSync } = fs;
    const look = jest
      .spyOn(fs, 'statSync')
      .mockImplementation(((file: string, options: undefined) =>
        statSync(file === at('swapped') ? '/dev/null' : file, options)) as typeof statSync);
    const { code, stderr } = await signTo('swapped').finally(() => {
      look.mockRestore();
    });
    expect([code === 0, stderr]).toEqual([false, expect.stringMatching(/swapped cannot be written \(EEXIST\)/)]);
    expect(readFileSync(at('precious'), 'utf8')).toBe('precious');
  });

  test('a device that never ends is not read for ever', async () => {
    const { code, stderr } = await ta('sign', '/dev/zero', '--key', at('private.pem'), '--output', at('out.ta'));
    expect([code === 0, stderr]).toEqual([false, expect.stringMatching(/EFBIG.*at most 16 MiB/)]);
  });
});

describe('sign', () => {
  test.each([32, 64] as const)('a TA of %i bits, under the UUID it was built with', async (bits) => {
    writeFileSync(at('ta.elf'), taElf(UUID, bits));
    expect(await signTo('out.ta', '--ta-version', '7')).toMatchObject({ code: 0, stderr: '' });
    const signed = parseSigned(readFileSync(at('out.ta')));
    expect(signed).toMatchObject({ uuid: UUID, version: 7, algorithm: 'pss', encrypted: false, subkeys: 0 });
    expect(statSync(at('out.ta')).mode & 0o777).toBe(0o644);
  });

  test.each(['raw', 'hex', 'base64'] as const)('in two steps, the signature given as %s', async (form) => {
    const digest = await ta('sign', at('ta.elf'), '--key', at('public.pem'), '--digest', '--format', 'raw');
    expect(digest.stdout).toHaveLength(32);
    const once = await signTo('once.ta', '--algorithm', 'pss');
    expect(once.code).toBe(0);
    const { message } = parseSigned(readFileSync(at('once.ta')));
    const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
    const signature = sign('sha256', message ?? Buffer.alloc(0), { key: key.privateKey, ...padding });
    writeFileSync(at('signature'), form === 'raw' ? signature : `${signature.toString(form)}\n`);
    const attach = ['--key', at('public.pem'), '--signature', at('signature'), '--output', at('twice.ta')];
    expect(await ta('sign', at('ta.elf'), ...attach)).toMatchObject({ code: 0 });
    expect(parseSigned(readFileSync(at('twice.ta'))).signature.equals(signature)).toBe(true);
    expect(await failure('sign', at('ta.elf'), ...attach, '--ta-version', '1')).toBe('ERR_SIGNING_KEY');
    expect(await failure('sign', at('ta.elf'), ...attach, '--algorithm', 'pkcs1-v1_5')).toBe('ERR_SIGNING_KEY');
  });

  test('the digest as text, in a file, as JSON', async () => {
    const args = ['sign', at('ta.elf'), '--key', at('public.pem'), '--digest'];
    const raw = (await ta(...args, '--format', 'raw')).stdout;
    expect((await ta(...args)).stdout.toString()).toBe(`${raw.toString('base64')}\n`);
    expect((await ta(...args, '--format', 'hex')).stdout.toString()).toBe(`${raw.toString('hex')}\n`);
    expect(await ta(...args, '--output', at('digest'), '--format', 'raw')).toMatchObject({ code: 0 });
    expect(readFileSync(at('digest')).equals(raw)).toBe(true);
    const described = JSON.parse((await ta(...args, '--json')).stdout.toString()) as unknown;
    expect(described).toMatchObject({ uuid: UUID, hash: 'sha256', digest: raw.toString('base64'), signatureSize: 256 });
  });

  describe.each([
    ['PKCS#8', 'pkcs8'],
    ['the older form of OpenSSL', 'pkcs1'],
  ] as const)('with an encrypted key in %s', (_name, type) => {
    const signWith = (stdin?: Terminal) =>
      optee(['ta', 'sign', at('ta.elf'), '--key', at('locked.pem'), '--output', at('out.ta')], stdin);
    const typed = (text: string) => {
      const terminal = new Terminal();
      terminal.write(Buffer.from(text));
      return terminal;
    };
    beforeEach(() => {
      const locked = { cipher: 'aes-256-cbc', passphrase: 'pass', type, format: 'pem' } as const;
      writeFileSync(at('locked.pem'), key.privateKey.export(locked));
    });

    test('the passphrase is asked for', async () => {
      const { code, stderr } = await signWith(typed('pass\r'));
      expect([code, stderr]).toEqual([0, `Passphrase of ${at('locked.pem')} (not shown): \n`]);
      expect(parseSigned(readFileSync(at('out.ta')))).toMatchObject({ uuid: UUID });
    });

    test('a wrong one, and nobody to ask, are told', async () => {
      expect((await signWith(typed('wrong\r'))).stderr).toContain('does not open with this passphrase');
      expect((await signWith()).stderr).toContain('is encrypted, and there is no terminal to ask for its passphrase');
      expect(existsSync(at('out.ta'))).toBe(false);
    });
  });

  test('what does not fit is refused by its code, and leaves no file', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    writeFileSync(at('ec.pem'), other.export({ type: 'pkcs8', format: 'pem' }));
    const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
    writeFileSync(at('small.pem'), small.export({ type: 'pkcs8', format: 'pem' }));
    const locked = { cipher: 'aes-256-cbc', passphrase: 'secret', type: 'pkcs8', format: 'pem' } as const;
    writeFileSync(at('locked.pem'), key.privateKey.export(locked));
    writeFileSync(at('text'), 'no key');
    const sign = (file: string, name: string) => failure('sign', at(file), '--key', at(name), '--output', at('out.ta'));
    for (const name of ['ec.pem', 'small.pem', 'locked.pem', 'text', 'public.pem']) {
      expect(await sign('ta.elf', name)).toBe('ERR_SIGNING_KEY');
    }
    expect(await sign('ta.elf', 'missing.pem')).toBe('ERR_INPUT');
    expect(await sign('missing.elf', 'private.pem')).toBe('ERR_INPUT');
    expect(await sign('text', 'private.pem')).toBe('ERR_TA_FILE');
    for (const size of [4, 40, 70, 100, taElf(UUID, 64).length - 64]) {
      writeFileSync(at('short.elf'), taElf(UUID, 64).subarray(0, size));
      expect(await sign('short.elf', 'private.pem')).toBe('ERR_TA_FILE');
    }
    expect(await failure('sign', at('ta.elf'))).toBe('ERR_USAGE');
    expect(await failure('sign', at('ta.elf'), '--key', at('private.pem'), '--format', 'raw')).toBe('ERR_USAGE');
    expect(await failure('sign', at('ta.elf'), '--key', at('private.pem'), '--algorithm', 'md5')).toBe('ERR_USAGE');
    expect(await failure('sign', at('ta.elf'), '--key', at('private.pem'), '--output', at('no/out.ta'))).toBe(
      'ERR_OUTPUT',
    );
    expect(readdirSync(folder).filter((name) => name.endsWith('.ta') || name.startsWith('.'))).toEqual([]);
  });
});

describe('a signed TA is looked at before it is installed', () => {
  let good: Buffer;
  beforeEach(async () => {
    await signTo('good.ta');
    good = readFileSync(at('good.ta'));
    mkdirSync(at('lib/optee_armtz'), { recursive: true });
  });
  const install = (bytes: Buffer, ...args: string[]) => {
    writeFileSync(at('new.ta'), bytes);
    return failure('install', at('new.ta'), '--root', folder, ...args);
  };

  test('every byte that the hash covers, the sizes, the UUID', async () => {
    for (const [offset, what] of [
      [0, 'magic'],
      [4, 'type'],
      [12, 'algorithm'],
      [8, 'size'],
      [310, 'UUID'],
      [325, 'version'],
      [good.length - 1, 'image'],
    ] as const) {
      const bad = Buffer.from(good);
      bad.writeUInt8(bad.readUInt8(offset) ^ 0x40, offset);
      expect([what, await install(bad)]).toEqual([what, 'ERR_TA_FILE']);
    }
    expect(await install(good.subarray(0, good.length - 1))).toBe('ERR_TA_FILE');
    expect(await install(Buffer.concat([good, Buffer.alloc(1)]))).toBe('ERR_TA_FILE');
    expect(readdirSync(at('lib/optee_armtz'))).toEqual([]);
  });

  test('its signature, where the key is given', async () => {
    expect(await ta('install', at('good.ta'), '--root', folder, '--key', at('public.pem'))).toMatchObject({ code: 0 });
    const bad = Buffer.from(good);
    bad.writeUInt8(bad.readUInt8(60) ^ 1, 60);
    expect(await install(bad, '--key', at('public.pem'))).toBe('ERR_TA_SIGNATURE');
  });

  test('an encrypted one by its header, and one behind a subkey', () => {
    const [start, end] = [52 + 256, 52 + 256 + 20];
    const encrypted = Buffer.concat([good.subarray(0, end), Buffer.alloc(12 + 12 + 16), good.subarray(end)]);
    encrypted.writeUInt32LE(2, 4);
    encrypted.writeUInt16LE(12, end + 8);
    encrypted.writeUInt16LE(16, end + 10);
    expect(parseSigned(encrypted)).toMatchObject({ uuid: UUID, encrypted: true, message: null });
    const image = Buffer.alloc(80);
    image.writeUInt32LE(5, 16);
    const subkey = Buffer.concat([good.subarray(0, start), image, Buffer.from('name\0')]);
    subkey.writeUInt32LE(3, 4);
    subkey.writeUInt32LE(image.length, 8);
    expect(parseSigned(Buffer.concat([subkey, good]))).toMatchObject({ uuid: UUID, subkeys: 1 });
  });
});

describe('install', () => {
  const install = (name: string, ...args: string[]) => ta('install', at(name), '--root', folder, ...args);
  const installed = () => at(`usr/lib/optee_armtz/${UUID}.ta`);

  beforeEach(async () => {
    await signTo('one.ta', '--ta-version', '1');
    await signTo('two.ta', '--ta-version', '2');
    mkdirSync(at('usr/lib/optee_armtz'), { recursive: true });
  });

  test('into the directory that exists, whole and readable, once', async () => {
    symlinkSync('usr/lib', at('lib'));
    const first = await install('one.ta');
    expect(first).toMatchObject({ code: 0, stderr: expect.stringContaining('until the board is started') as string });
    expect(readFileSync(installed()).equals(readFileSync(at('one.ta')))).toBe(true);
    expect(statSync(installed()).mode & 0o777).toBe(0o644);
    expect(await install('one.ta')).toMatchObject({ code: 0, stderr: expect.stringContaining('already') as string });
    expect(readdirSync(at('usr/lib/optee_armtz'))).toEqual([`${UUID}.ta`]);
  });

  test('never over a newer one, unless forced; over a damaged one', async () => {
    expect(await install('two.ta')).toMatchObject({ code: 0 });
    expect(await failure('install', at('one.ta'), '--root', folder)).toBe('ERR_TA_INSTALL');
    expect(await install('one.ta', '--force')).toMatchObject({ code: 0 });
    expect(await install('two.ta')).toMatchObject({ code: 0 });
    writeFileSync(installed(), 'damaged');
    expect(await install('one.ta')).toMatchObject({ code: 0 });
  });

  test('not where it would have to guess, nor out of the image', async () => {
    mkdirSync(at('lib/optee_armtz'), { recursive: true });
    expect(await failure('install', at('one.ta'), '--root', folder)).toBe('ERR_TA_INSTALL');
    expect(await install('one.ta', '--dir', '/usr/lib/optee_armtz')).toMatchObject({ code: 0 });
    expect(existsSync(installed())).toBe(true);
    symlinkSync(tmpdir(), at('out'));
    expect(await failure('install', at('one.ta'), '--root', folder, '--dir', '/out/optee_armtz')).toBe('ERR_USAGE');
    rmSync(at('usr'), { recursive: true });
    rmSync(at('lib'), { recursive: true });
    expect(await failure('install', at('one.ta'), '--root', folder)).toBe('ERR_TA_INSTALL');
  });
});

describe('remove', () => {
  const remove = (...args: string[]) => ta('remove', '--root', folder, ...args);
  const installed = () => at(`usr/lib/optee_armtz/${UUID}.ta`);
  beforeEach(async () => {
    await signTo('one.ta');
    mkdirSync(at('usr/lib/optee_armtz'), { recursive: true });
    await ta('install', at('one.ta'), '--root', folder);
    writeFileSync(at('usr/lib/optee_armtz/other.ta'), 'other');
  });

  test('takes one file away, and nothing the second time', async () => {
    expect(await remove(UUID.toUpperCase())).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(at('usr/lib/optee_armtz'))).toEqual(['other.ta']);
    expect(await remove(UUID)).toMatchObject({ code: 0, stderr: expect.stringContaining('nothing was') as string });
    expect(JSON.parse((await remove(UUID, '--json')).stdout.toString())).toEqual({
      file: installed(),
      uuid: UUID,
      changed: false,
    });
  });

  test('without a name, the one of this package', async () => {
    expect(JSON.parse((await remove('--json')).stdout.toString())).toMatchObject({ uuid: TA_UUID, changed: false });
    expect(existsSync(installed())).toBe(true);
  });

  test('of a link the link, not what it leads to', async () => {
    rmSync(installed());
    symlinkSync(at('one.ta'), installed());
    expect(await remove(UUID)).toMatchObject({ code: 0 });
    expect([existsSync(at('one.ta')), existsSync(installed())]).toEqual([true, false]);
  });

  test.each([
    ['another name', ['../other'], 'ERR_USAGE'],
    ['no UUID', [UUID.slice(1)], 'ERR_USAGE'],
    ['two', [UUID, UUID], 'ERR_USAGE'],
    ['a directory that is not there', [UUID, '--root', '/none'], 'ERR_USAGE'],
    ['a link out of the image', [UUID, '--dir', '/out/optee_armtz'], 'ERR_USAGE'],
  ])('%s is refused', async (_what, args, code) => {
    symlinkSync(tmpdir(), at('out'));
    expect(await failure('remove', '--root', folder, ...args)).toBe(code);
    expect(readdirSync(at('usr/lib/optee_armtz')).sort()).toEqual([`${UUID}.ta`, 'other.ta']);
  });

  test('a directory of that name is refused, and stays', async () => {
    rmSync(installed());
    mkdirSync(installed());
    expect(await failure('remove', UUID, '--root', folder)).toBe('ERR_TA_INSTALL');
    expect(existsSync(installed())).toBe(true);
  });
});

describe('path, build and help', () => {
  test('path prints the parts, one of them, or what is wrong', async () => {
    const parts = JSON.parse((await ta('path', '--json')).stdout.toString()) as Record<string, string>;
    expect(existsSync(path.join(parts.source ?? '', 'Makefile'))).toBe(true);
    expect((await ta('path', 'header')).stdout.toString()).toBe(`${parts.header ?? ''}\n`);
    expect(await failure('path', 'nothing')).toBe('ERR_USAGE');
  });

  test('build tells what is missing before it begins', async () => {
    mkdirSync(at('kit/mk'), { recursive: true });
    mkdirSync(at('kit/scripts'));
    writeFileSync(at('kit/mk/ta_dev_kit.mk'), '');
    writeFileSync(at('kit/mk/conf.mk'), 'sm := ta_arm64\n');
    writeFileSync(at('kit/scripts/sign_encrypt.py'), '    from Cryptodome.Hash import SHA256\n');
    expect(await failure('build')).toBe('ERR_USAGE');
    expect(await failure('build', '--dev-kit', at('kit'), '--uuid', 'none')).toBe('ERR_USAGE');
    expect(await failure('build', '--dev-kit', at('kit'), '-j4')).toBe('ERR_USAGE');
    expect(await failure('build', '--dev-kit', at('kit'), 'not-a-variable')).toBe('ERR_USAGE');
    expect(await failure('build', '--dev-kit', at('kit'), '--output', path.resolve(__dirname, '../../ta'))).toBe(
      'ERR_USAGE',
    );
    expect(await failure('build', '--dev-kit', at('kit/mk'), '--output', at('out'))).toBe('ERR_TA_BUILD');
    const { code, stderr } = await ta(
      'build',
      '--dev-kit',
      at('kit'),
      '--cross-compile',
      'nowhere-',
      '--output',
      at('out'),
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/nowhere-gcc[^]*(Cryptodome|python3)/);
    expect(existsSync(at('out'))).toBe(false);
  });

  test('ta alone names its commands', async () => {
    const { code, stderr } = await ta();
    expect([code, stderr]).toEqual([2, expect.stringContaining('path, build, sign, install, remove')]);
    expect((await ta('sign', '--help')).stdout.toString()).not.toContain('--domain');
  });
});
