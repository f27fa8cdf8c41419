// SPDX-License-Identifier: MIT
/** The Trusted Application that is packed can be made again, by anyone, to the last byte. */
import { execFileSync } from 'node:child_process';
import { constants, createHash, createPublicKey, verify, type KeyObject } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { publishedKeys } from '../../src-ts/cli/commands/ta/published-keys.js';
import { TA_UUID } from '../../src-ts/protocol/contract.js';
import { isHeaderFirst } from '../../src-ts/util/ta-header.js';
import { readSignedTa } from '../e2e/support/ta.js';
import { freshFolder, packPackage, SETUP_MS } from './support/place.js';

jest.setTimeout(120_000);

let kit: string;
let newerKey: string;
let content: string;

beforeAll(async () => {
  const { ensureNewerKey, ensureTaDevKit } = await import('../../machine/kits.mjs');
  kit = await ensureTaDevKit();
  newerKey = await ensureNewerKey();
  const folder = freshFolder();
  execFileSync('tar', ['-xzf', await packPackage(), '-C', folder]);
  content = path.join(folder, 'package');
}, SETUP_MS);

/** Builds the packed sources in a folder of that name, with results in another. */
function build(name: string): string {
  const folder = path.join(freshFolder(), name);
  mkdirSync(folder, { recursive: true });
  execFileSync('cp', ['-r', path.join(content, 'ta'), folder]);
  const output = path.join(folder, 'out');
  const settings = [`O=${output}`, `TA_DEV_KIT_DIR=${kit}`, 'CROSS_COMPILE=aarch64-linux-gnu-'];
  const args = ['-C', path.join(folder, 'ta'), '-j2', 'PYTHON3=/usr/bin/python3', ...settings];
  execFileSync('make', args, { stdio: 'pipe' });
  return output;
}

test('built in different folders it is what was packed, but for the signature', () => {
  const packed = path.join(content, 'dist/ta');
  const builds = [build('here'), build('somewhere/else/with-a-longer-name')];
  for (const folder of builds) {
    const stripped = (at: string) => readFileSync(path.join(at, `${TA_UUID}.stripped.elf`));
    expect(stripped(folder).equals(stripped(packed))).toBe(true);
    const [again, first] = [folder, packed].map((at) => readSignedTa(path.join(at, `${TA_UUID}.ta`)));
    expect(again?.signed.equals(first?.signed ?? Buffer.alloc(0))).toBe(true);
    // With a salt: were it the same, nothing would have been signed again.
    expect(again?.signature.equals(first?.signature ?? Buffer.alloc(0))).toBe(false);
  }
});

describe('it is there for both keys that OP-TEE has published', () => {
  const files = () => ({
    signed: path.join(content, 'dist/ta', `${TA_UUID}.ta`),
    'signed-4.7': path.join(content, 'dist/ta/optee-4.7', `${TA_UUID}.ta`),
  });
  const keys = () => ({ signed: path.join(kit, 'keys/default_ta.pem'), 'signed-4.7': newerKey });
  const publicKey = (file: string) => createPublicKey(readFileSync(file));
  const isSignedBy = (file: string, key: KeyObject) => {
    const { signed, signature } = readSignedTa(file);
    const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
    return verify('sha256', signed, { key, ...padding }, signature);
  };
  const optee = (...args: string[]) =>
    execFileSync(process.execPath, [path.join(content, 'dist/cli/main.js'), 'ta', ...args], { encoding: 'utf8' });

  test.each(publishedKeys.map((key) => [key.part, key] as const))(
    '%s is signed with its key and no other, and ta sign knows that everybody has it',
    (part, { sha256, releases }) => {
      const form = publicKey(keys()[part]).export({ type: 'spki', format: 'der' });
      expect(createHash('sha256').update(form).digest('hex')).toBe(sha256);
      for (const [other, key] of Object.entries(keys())) {
        expect([other, isSignedBy(files()[part], publicKey(key))]).toEqual([other, other === part]);
      }
      const output = path.join(freshFolder(), 'again.ta');
      const told = optee('sign', '--key', keys()[part], '--output', output, '--json');
      expect(JSON.parse(told)).toMatchObject({ publishedKey: releases });
      expect(optee('path', part).trim()).toBe(files()[part]);
    },
  );

  test('with the same image, whose header is first', () => {
    const elf = readFileSync(path.join(content, 'dist/ta', `${TA_UUID}.stripped.elf`));
    for (const file of Object.values(files())) {
      const signed = readFileSync(file);
      expect(signed.subarray(-elf.length).equals(elf)).toBe(true);
      expect(isHeaderFirst(signed)).toBe(true);
    }
  });

  test.each([
    [['--optee', '3.16'], 'signed'],
    [['--optee', '4.6'], 'signed'],
    [['--optee', '4.7'], 'signed-4.7'],
    [['--optee', '4.10'], 'signed-4.7'],
    [[], 'signed'],
  ] as const)('ta install with %j takes %s', (args, part) => {
    const root = freshFolder();
    mkdirSync(path.join(root, 'lib/optee_armtz'), { recursive: true });
    const done = JSON.parse(optee('install', '--root', root, ...args, '--json')) as { source: string; file: string };
    expect(done.source).toBe(files()[part]);
    expect(readFileSync(done.file).equals(readFileSync(files()[part]))).toBe(true);
  });
});
