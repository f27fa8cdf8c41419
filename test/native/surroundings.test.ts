// SPDX-License-Identifier: MIT
/** What the addon finds, or does not find, around it; libteec is the fake one. */
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { run, valueOf, type FakeLibrary } from './support/run.js';

const of = <T>(name: string, library: FakeLibrary = 'so2', env = {}) =>
  valueOf<T>('surroundings.ts', name, { library, env });

test.each(['so1', 'so2', 'both'] as const)('works with libteec as "%s", whose layouts differ', async (library) => {
  await expect(of('openAndUse', library)).resolves.toEqual({ result: 0, equal: true });
});

test('libteec.so.2 comes before libteec.so.1', async () => {
  await expect(of('library', 'both')).resolves.toEqual(['libteec.so.2']);
  await expect(of('library', 'so1')).resolves.toEqual(['libteec.so.1']);
});

test('without libteec the addon loads, and opening says what was tried', async () => {
  await expect(of('openFails', 'none')).resolves.toMatchObject({
    kind: 'no-library',
    started: false,
    detail: expect.stringMatching(/libteec\.so\.2.*; .*libteec\.so\.1/) as string,
  });
});

test('a refusal is an outcome, not an error', async () => {
  const refused = { result: 0xffff0008, origin: 3, params: [null, null, null, null] };
  await expect(of('openRefused')).resolves.toEqual({ refused });
});

test('without a context the cause is looked for', async () => {
  // This host may have a TEE of its own, which the fake does not use.
  const kind = existsSync('/dev/tee0') ? /^no-(device|permission)$/ : /^no-device$/;
  const failed = await of<{ kind: string; detail: string }>('openFails', 'so2', { FAKE_NO_CONTEXT: '1' });
  expect(failed.kind).toMatch(kind);
  expect(failed.detail).toContain('/dev/tee0');
});

test('a child process inherits no descriptor of a context', async () => {
  await expect(of('inheritance')).resolves.toEqual({ closeOnExec: [true], inherited: [] });
});

test("libteec's messages stay out of standard output when that is asked for", async () => {
  const redirected = await run('surroundings.ts', 'print', { argument: true });
  expect(redirected).toMatchObject({ value: true, code: 0, stdout: 'value', stderr: 'ERR [1] TEEC:fake\n' });
  const untouched = await run('surroundings.ts', 'print', { argument: false });
  expect(untouched).toMatchObject({ value: false, code: 0, stdout: 'ERR [1] TEEC:fake\nvalue', stderr: '' });
});

test('the addon itself refuses malformed arguments and goes on', async () => {
  await expect(of('rawMisuse')).resolves.toEqual({
    wrong: [],
    outcome: { result: 0xffff0007, origin: 1, noContext: false, params: [null, null, null, null] },
  });
});

describe('the cause of a missing context', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'tee-devices-'));
    chmodSync(folder, 0o755);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const cause = () =>
    valueOf<{ kind: string; detail: string }>('surroundings.ts', 'contextFailureIn', {
      argument: folder,
      leakCheck: false,
    });

  test('no device', async () => {
    await expect(cause()).resolves.toMatchObject({
      kind: 'no-device',
      detail: `none of ${folder}/tee0 to ${folder}/tee9 exists: the kernel has no TEE driver for it`,
    });
  });

  test('a device that may not be opened, with what its owner is and allows', async () => {
    const device = path.join(folder, 'tee3');
    writeFileSync(device, '', { mode: 0o640 });
    chmodSync(device, 0o040);
    const owner = `owner ${String(process.getuid?.())}, group ${String(process.getgid?.())}`;
    await expect(cause()).resolves.toEqual({
      kind: 'no-permission',
      detail: `${device} (EACCES, mode 0040, ${owner})`,
    });
  });

  test('a device that libteec does not take', async () => {
    writeFileSync(path.join(folder, 'tee0'), '');
    chmodSync(path.join(folder, 'tee0'), 0o666);
    const { kind, detail } = await cause();
    expect(kind).toBe('no-device');
    expect(detail).toMatch(/^libteec accepts none of the devices there are: .*tee0 \(can be opened, mode 0666/);
  });
});
