// SPDX-License-Identifier: MIT
/** `optee-storage ta`: signed as OP-TEE's own script signs, and believed, or refused, by a real OP-TEE. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

import { Command, PROTOCOL_VERSION, TA_UUID } from '../../src-ts/protocol/contract.js';
import { TeeResult } from '../../src-ts/tee/results.js';
import { Login } from '../../src-ts/tee/seam.js';
import { freshFolder } from '../unit/support/folders.js';
import { optee } from '../unit/support/cli.js';
import { TA_FILE, Uid, useMachine } from './support/machine.js';
import { input } from './support/packed.js';
import { mustOpenSession } from './support/remote-tee.js';
import { buildTa, makeSigningKey } from './support/ta.js';

/** Where the package in the machine has its TA. */
const PACKAGED = `/opt/optee-secure-storage/dist/ta/${TA_UUID}.ta`;
const ROOT = path.resolve(__dirname, '../..');
const PIN = ['--login', '--pin', '1234'];

let kit: string;
let elf: string;
const folder = freshFolder();
const at = (name: string) => path.join(folder, name);
const kitKey = () => path.join(kit, 'keys/default_ta.pem');

const on = useMachine(async () => {
  const { ensureTaDevKit } = await import('../../machine/kits.mjs');
  kit = await ensureTaDevKit();
  // One that can be told to panic, so that the next one is loaded without starting the machine again.
  elf = (await buildTa({ CFG_SECSTOR_TEST: 'y' })).replace(/\.ta$/, '.stripped.elf');
  return { storage: 'memory', files: { [PACKAGED]: await buildTa({ CFG_SECSTOR_TEST: 'y' }) } };
});

/** Runs `optee-storage ta` on this machine; it must succeed. */
async function ta(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await optee(['ta', ...args]);
  if (code !== 0) throw new Error(`optee-storage ta ${args.join(' ')}: ${stderr}`);
  return stdout.toString();
}

/** OP-TEE's own script. */
const script = (...args: string[]) =>
  execFileSync('/usr/bin/python3', [path.join(kit, 'scripts/sign_encrypt.py'), ...args], {
    encoding: 'utf8',
    stdio: 'pipe',
  });

describe('the same as sign_encrypt.py of the development kit', () => {
  const own = (name: string, ...more: string[]) => ta('sign', elf, '--key', kitKey(), '--output', at(name), ...more);
  const theirs = (...more: string[]) => ['--uuid', TA_UUID, '--in', elf, '--key', kitKey(), ...more];

  test('byte by byte, where a signature has nothing random', async () => {
    await own('own.ta', '--algorithm', 'pkcs1-v1_5', '--ta-version', '3');
    const algo = 'TEE_ALG_RSASSA_PKCS1_V1_5_SHA256';
    script('sign-enc', ...theirs('--algo', algo, '--ta-version', '3', '--out', at('theirs.ta')));
    expect(readFileSync(at('own.ta')).equals(readFileSync(at('theirs.ta')))).toBe(true);
  });

  test.each([[], ['--ta-version', '7']])('the digest, with %j', async (...version: string[]) => {
    script('digest', ...theirs(...version, '--dig', at('digest')));
    const digest = await ta('sign', elf, '--key', kitKey(), '--digest', ...version);
    expect(digest.trim()).toBe(readFileSync(at('digest'), 'utf8'));
  });

  test('and verified by it, where it has', async () => {
    await own('pss.ta');
    expect(script('verify', '--uuid', TA_UUID, '--in', at('pss.ta'), '--key', kitKey())).toContain(TA_UUID);
  });
});

test('ta build makes a TA in its output folder, and nothing in the package', async () => {
  const before = readdirSync(path.join(ROOT, 'ta'), { recursive: true });
  const output = at('built');
  const args = ['--dev-kit', kit, '--output', output, '--json', 'CFG_TA_VERSION=2'];
  const built = JSON.parse(await ta('build', ...args)) as { signed: string; unsigned: string };
  expect(script('verify', '--uuid', TA_UUID, '--in', built.signed, '--key', kitKey())).toContain(TA_UUID);
  expect(readFileSync(built.signed).readUInt32LE(52 + 256 + 16)).toBe(2);
  expect(readdirSync(path.join(ROOT, 'ta'), { recursive: true })).toEqual(before);
  const broken = await optee(['ta', 'build', ...args, 'CFG_SECSTOR_QUOTA_KEYS=no-number']);
  expect(JSON.parse(broken.stderr)).toMatchObject({ error: { code: 'ERR_TA_BUILD' } });
  expect(readFileSync(path.join(output, 'build.log'), 'utf8')).toContain('error');
});

describe('on OP-TEE', () => {
  const command = (args: string[], uid: number = Uid.root, stdin = '') =>
    on.machine.exec(['optee-storage', ...args], { uid, stdin });

  /** Puts a signed TA into the machine by `ta install` there, in place of what is loaded. */
  async function install(file: string): Promise<void> {
    await on.machine.writeFile('/tmp/new.ta', readFileSync(file));
    const { code, stderr } = await command(['ta', 'install', '/tmp/new.ta', '--force']);
    if (code !== 0) throw new Error(stderr.toString());
  }

  /** Ends the TA that is loaded, so that the next use loads the file. */
  async function unload(): Promise<void> {
    const version = { type: 'value-in', a: PROTOCOL_VERSION, b: 0 } as const;
    const target = { uuid: TA_UUID, login: Login.USER, params: [version, input('panic')] };
    const session = await mustOpenSession(await on.user('bob'), target);
    expect(await session.invoke(Command.TEST_PANIC, [])).toMatchObject({ result: TeeResult.TARGET_DEAD });
    await session.close();
  }

  const put = async () => {
    const { code, stderr } = await command(['put', 'k'], Uid.alice, 'value');
    return { code, stderr: stderr.toString() };
  };

  test('ta remove takes it away, ta install puts it back and the store works; not for an ordinary user', async () => {
    const kept = await command(['ta', 'remove'], Uid.alice);
    expect([kept.code, kept.stderr.toString()]).toEqual([1, expect.stringMatching(/EACCES.*sudo.*ERR_TA_INSTALL/)]);
    const removed = await command(['ta', 'remove', '--json']);
    expect(JSON.parse(removed.stdout.toString())).toMatchObject({ uuid: TA_UUID, file: TA_FILE, changed: true });
    expect((await put()).stderr).toContain('ERR_TA_NOT_FOUND');
    const refused = await command(['ta', 'install'], Uid.alice);
    expect([refused.code, refused.stderr.toString()]).toEqual([
      1,
      expect.stringMatching(/EACCES.*sudo.*ERR_TA_INSTALL/),
    ]);
    const done = await command(['ta', 'install', '--json']);
    expect(JSON.parse(done.stdout.toString())).toMatchObject({ uuid: TA_UUID, changed: true });
    expect(await put()).toEqual({ code: 0, stderr: '' });
  });

  test('one that is loaded stays when its file is replaced and the supplicant restarted', async () => {
    await ta('sign', elf, '--key', makeSigningKey(), '--output', at('foreign.ta'));
    await install(at('foreign.ta'));
    await on.machine.supplicant('restart');
    expect(await put()).toEqual({ code: 0, stderr: '' });
  });

  test('signed with another key it is refused, with its own code', async () => {
    await unload();
    const { code, stderr } = await put();
    expect([code, stderr]).toEqual([5, expect.stringContaining('ERR_TA_SIGNATURE')]);
  });

  test.each(['pss', 'pkcs1-v1_5'])('signed by ta sign with %s it loads', async (algorithm) => {
    await ta('sign', elf, '--key', kitKey(), '--algorithm', algorithm, '--output', at('signed.ta'));
    await install(at('signed.ta'));
    expect(await put()).toEqual({ code: 0, stderr: '' });
    await unload();
  });

  test('signed by a key that stays in an HSM (SoftHSM, through PKCS#11) it loads', async () => {
    const env = { ...process.env, SOFTHSM2_CONF: at('softhsm2.conf') };
    writeFileSync(at('softhsm2.conf'), `directories.tokendir = ${folder}\nobjectstore.backend = file\n`);
    const run = (program: string, args: string[]) => execFileSync(program, args, { env, stdio: 'pipe' });
    run('openssl', ['pkcs8', '-topk8', '-nocrypt', '-in', kitKey(), '-out', at('key.p8')]);
    run('softhsm2-util', ['--init-token', '--free', '--label', 'ta', '--so-pin', '1234', '--pin', '1234']);
    run('softhsm2-util', ['--import', at('key.p8'), '--token', 'ta', '--pin', '1234', '--label', 'ta', '--id', '01']);
    const pkcs11 = (...args: string[]) =>
      run('pkcs11-tool', ['--module', '/usr/lib/softhsm/libsofthsm2.so', '--token-label', 'ta', ...PIN, ...args]);

    pkcs11('--read-object', '--type', 'pubkey', '--id', '01', '--output-file', at('public.der'));
    await ta('sign', elf, '--key', at('public.der'), '--digest', '--format', 'raw', '--output', at('digest'));
    const mechanism = ['--mechanism', 'RSA-PKCS-PSS', '--hash-algorithm', 'SHA256', '--mgf', 'MGF1-SHA256'];
    const files = ['--input-file', at('digest'), '--output-file', at('signature')];
    pkcs11('--sign', '--id', '01', ...mechanism, '--salt-len', '32', ...files);
    await ta('sign', elf, '--key', at('public.der'), '--signature', at('signature'), '--output', at('hsm.ta'));
    await install(at('hsm.ta'));
    expect(await put()).toEqual({ code: 0, stderr: '' });
  });
});
