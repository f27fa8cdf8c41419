// SPDX-License-Identifier: MIT
/** The TA builds as its Makefile says, with the development kit that integrators have. */
import { spawnSync } from 'node:child_process';
import { createPublicKey, verify, constants } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { TA_UUID } from '../../src-ts/protocol/contract.js';
import { makeSigningKey, readSignedTa } from './support/ta.js';

const TA = path.resolve(__dirname, '../../ta');
const OTHER_UUID = '7f3c1a52-9d0e-4b6f-8a21-0c5de4f37b96';

jest.setTimeout(120_000);

let kit: string;
let folder: string;

beforeAll(async () => {
  const { ensureTaDevKit } = await import('../../machine/kits.mjs');
  const { ensureAptGroups } = await import('../../tools/lib/apt.mjs');
  await ensureAptGroups('ta');
  kit = await ensureTaDevKit();
}, 600_000);

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'optee-ta-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs make from nothing, as an integrator would, with every command shown. */
function make(...variables: string[]): { ok: boolean; log: string } {
  const settings = [`O=${folder}`, `TA_DEV_KIT_DIR=${kit}`, 'CROSS_COMPILE=aarch64-linux-gnu-'];
  const args = ['-C', TA, 'V=1', '-j2', 'PYTHON3=/usr/bin/python3', ...settings, ...variables];
  const { status, stdout, stderr } = spawnSync('make', args, { encoding: 'utf8' });
  return { ok: status === 0, log: stdout + stderr };
}

function mustMake(...variables: string[]): string {
  const { ok, log } = make(...variables);
  if (!ok) throw new Error(`make failed:\n${log}`);
  return log;
}

const built = (uuid = TA_UUID) => readSignedTa(path.join(folder, `${uuid}.ta`));
const kitKey = () => path.join(kit, 'keys/default_ta.pem');
const hex = (uuid: string) => uuid.replaceAll('-', '');

/** The bytes of a section of the TA before it was signed. */
function section(name: string, uuid: string): Buffer {
  const elf = path.join(folder, `${uuid}.elf`);
  const output = path.join(folder, 'section');
  const { status, stderr } = spawnSync('aarch64-linux-gnu-objcopy', [
    ...['-O', 'binary', `--only-section=${name}`],
    ...[elf, output],
  ]);
  if (status !== 0) throw new Error(stderr.toString());
  return readFileSync(output);
}

/** Whether a key made the signature: RSASSA-PSS with SHA-256, as sign_encrypt.py makes it by default. */
function isSignedBy(key: string, { signed, signature }: ReturnType<typeof readSignedTa>): boolean {
  const publicKey = createPublicKey(readFileSync(key));
  return verify(
    'sha256',
    signed,
    { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 },
    signature,
  );
}

test('without a warning, at the strictest level, signed with the key of the kit', () => {
  const log = mustMake();
  expect(log).toContain('-Wall');
  expect(log).toContain('-Wextra');
  expect(log).toContain('-Werror');
  expect(log).not.toMatch(/warning/i);
  expect(built().uuid.toString('hex')).toBe(hex(TA_UUID));
  expect(isSignedBy(kitKey(), built())).toBe(true);
});

test('for the API of OP-TEE before 3.21, with sizes of 32 bits', () => {
  const log = mustMake('CFG_TA_OPTEE_CORE_API_COMPAT_1_1=y');
  expect(log).toMatch(/-D__OPTEE_CORE_API_COMPAT_1_1/);
  expect(log).not.toMatch(/warning/i);
});

test('for tests, with a command that panics', () => {
  expect(mustMake('CFG_SECSTOR_TEST=y')).not.toMatch(/warning/i);
});

test('under another UUID, throughout', () => {
  mustMake(`TA_UUID=${OTHER_UUID}`);
  expect(built(OTHER_UUID).uuid.toString('hex')).toBe(hex(OTHER_UUID));
  // struct ta_head begins with the UUID, its numbers little-endian.
  const head = section('.ta_head', OTHER_UUID);
  const [low, mid, high] = [head.readUInt32LE(0), head.readUInt16LE(4), head.readUInt16LE(6)];
  const digits = [low.toString(16).padStart(8, '0'), ...[mid, high].map((part) => part.toString(16).padStart(4, '0'))];
  expect(`${digits.join('')}${head.toString('hex', 8, 16)}`).toBe(hex(OTHER_UUID));
  // The TA knows its own UUID as well, to refuse it as an identity.
  const own = Buffer.from(head.subarray(0, 16));
  expect(section('.rodata', OTHER_UUID).includes(own)).toBe(true);
});

test('not under a UUID that is none', () => {
  const { ok, log } = make('TA_UUID=not-a-uuid');
  expect(ok).toBe(false);
  expect(log).toContain('TA_UUID must be of the form');
});

test('signed with a key of one’s own', () => {
  const key = makeSigningKey();
  mustMake(`TA_SIGN_KEY=${key}`);
  expect(isSignedBy(key, built())).toBe(true);
  expect(isSignedBy(kitKey(), built())).toBe(false);
});
