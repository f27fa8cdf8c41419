// SPDX-License-Identifier: MIT
/** The command line on the machine, as ordinary users run it. */
import { randomBytes } from 'node:crypto';

import type { ExecOptions, ExecResult } from '../../machine/machine.mjs';
import { Uid, useMachine } from './support/machine.js';

const machineOfFile = useMachine(() => Promise.resolve({ storage: 'memory' }));

/** Runs optee-storage as alice, unless told otherwise. */
const run = (args: readonly string[], options: ExecOptions = {}): Promise<ExecResult> =>
  machineOfFile.machine.exec(['optee-storage', ...args], { uid: Uid.alice, ...options });

/** Standard output of a command that must succeed without a word on standard error. */
async function output(args: readonly string[], options?: ExecOptions): Promise<Buffer> {
  const { code, stdout, stderr } = await run(args, options);
  expect([code, stderr.toString()]).toEqual([0, '']);
  return stdout;
}

/** A command that must fail: what it says, with nothing on standard output. */
async function failure(code: number, args: readonly string[], options?: ExecOptions): Promise<string> {
  const result = await run(args, options);
  expect([result.code, result.stdout.toString()]).toEqual([code, '']);
  return result.stderr.toString();
}

test('put and get keep bytes as they are, from standard input and from a file', async () => {
  const value = randomBytes(5_000);
  expect(await output(['put', 'binary'], { stdin: value })).toHaveLength(0);
  expect((await output(['get', 'binary'])).equals(value)).toBe(true);

  await machineOfFile.machine.writeFile('/tmp/secret', value.subarray(0, 100), 0o644);
  await output(['put', 'from/file', '--file', '/tmp/secret']);
  expect((await output(['get', 'from/file'])).equals(value.subarray(0, 100))).toBe(true);
});

test('the pipeline of the README prints the secret and nothing else', async () => {
  const script = 'printf s3cret | optee-storage put db/password && optee-storage get db/password';
  const { code, stdout, stderr } = await machineOfFile.machine.exec(['sh', '-c', script], { uid: Uid.alice });
  expect([code, stdout.toString(), stderr.toString()]).toEqual([0, 's3cret', '']);
});

test('has, stat, list and delete', async () => {
  await output(['put', 'a/1', '--domain', 'lists'], { stdin: 'one' });
  await output(['put', 'a/2', '--domain', 'lists'], { stdin: 'twelve' });
  await output(['put', 'b', '--allow-empty', '--domain', 'lists'], { stdin: '' });
  expect((await run(['has', 'a/1', '--domain', 'lists'])).code).toBe(0);
  expect((await run(['has', 'a/3', '--domain', 'lists'])).code).toBe(3);
  const stat = JSON.parse((await output(['stat', 'a/2', '--domain', 'lists', '--json'])).toString()) as unknown;
  expect(stat).toMatchObject({ size: 6 });
  expect((await output(['list', 'a/', '--domain', 'lists'])).toString().split('\n').filter(Boolean)).toHaveLength(2);
  await output(['delete', 'a/1', '--domain', 'lists']);
  await failure(3, ['get', 'a/1', '--domain', 'lists']);
  expect(await failure(3, ['delete', 'a/1', '--domain', 'lists'])).toContain('a/1');
  await output(['clear', '--all', '--yes', '--domain', 'lists']);
  expect(await output(['list', '--domain', 'lists'])).toHaveLength(0);
});

test('generate makes a value in the TEE', async () => {
  await output(['generate', 'device/key', '--size', '48']);
  const first = await output(['get', 'device/key']);
  expect(first).toHaveLength(48);
  await failure(4, ['generate', 'device/key', '--if-absent']);
  expect((await output(['get', 'device/key'])).equals(first)).toBe(true);
});

test('info and version', async () => {
  const info = JSON.parse((await output(['info', '--json'])).toString()) as unknown;
  expect(info).toMatchObject({ secure: true, owner: 'fc34275c-d8dd-5ba7-968b-504718363b87' });
  expect((await output(['version'])).toString()).toContain('0.1.0');
});

test('a value is never an argument, and is not repeated', async () => {
  const message = await failure(2, ['put', 'db/password', 'hunter2']);
  expect(message).toContain('standard input');
  expect(message).not.toContain('hunter2');
});

test('what fails has its exit code and leaves standard output empty, libteec notwithstanding', async () => {
  expect(await failure(2, ['frobnicate'])).not.toBe('');
  expect(await failure(3, ['get', 'nothing/here'])).toContain('nothing/here');
  expect(await failure(2, ['get', 'bad\u0001key'])).toContain('ERR_INVALID_KEY');
  await output(['put', 'once'], { stdin: '1' });
  expect(await failure(4, ['put', 'once', '--if-absent'], { stdin: '2' })).toContain('ERR_EXISTS');
  expect(await failure(5, ['get', 'k'], { uid: Uid.mallory })).toContain('ERR_PERMISSION');
  const missing = ['get', 'k', '--ta-uuid', '00000000-0000-4000-8000-000000000000'];
  expect(await failure(5, missing)).toContain('ERR_TA_NOT_FOUND');
  const { code, error } = JSON.parse(await failure(5, [...missing, '--json'])) as {
    code?: string;
    error?: { code: string };
  };
  expect(code ?? error?.code).toBe('ERR_TA_NOT_FOUND');
});

test('without a supplicant, or an answer in time, it says so with an exit code of its own', async () => {
  const { machine } = machineOfFile;
  await machine.supplicant('pause');
  try {
    expect(await failure(124, ['put', 'late', '--timeout', '0.5'], { stdin: 'v' })).toContain('ERR_TIMEOUT');
  } finally {
    await machine.supplicant('continue');
  }
  await machine.supplicant('stop');
  try {
    expect(await failure(5, ['put', 'late'], { stdin: 'v' })).toContain('ERR_NO_SUPPLICANT');
  } finally {
    await machine.supplicant('start');
  }
});

test('users do not see each other', async () => {
  await output(['put', 'mine'], { stdin: 'of alice' });
  await failure(3, ['get', 'mine'], { uid: Uid.bob });
  await output(['put', 'mine'], { stdin: 'of bob', uid: Uid.bob });
  expect((await output(['get', 'mine'])).toString()).toBe('of alice');
  expect((await output(['get', 'mine'], { uid: Uid.bob })).toString()).toBe('of bob');
});
