// SPDX-License-Identifier: MIT
/** examples/service, in both forms, as processes: over the simulator, and over a TEE in memory with faults. */
import { execFileSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import path from 'node:path';

import { buildCommandLine, opteeProcess } from './support/cli.js';
import { FAULTY, portOf, Service, useExample } from './support/example.js';
import { freshFolder } from './support/folders.js';

const ROOT = path.resolve(__dirname, '../..');
const SECRETS = { 'api/token': 'a-token', 'db/password': 's3cret' };

const folder = useExample('service');
const at = (name: string) => path.join(folder, name);

beforeAll(() => {
  buildCommandLine();
  symlinkSync(path.join(ROOT, 'node_modules/@types'), at('node_modules/@types'));
  // Strictly, with the example's own settings; what it says is the reason of the failure.
  execFileSync(process.execPath, [path.join(ROOT, 'node_modules/typescript-7/bin/tsc'), '-p', folder], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
});

/** What the service answers to a request with a token. */
async function answer(port: string, token?: string): Promise<number> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return (await fetch(`http://127.0.0.1:${port}/`, { headers })).status;
}

const withFaults = (file: string, stored: object, ...faults: object[]) =>
  new Service(folder, [...FAULTY, file], {
    STORED: JSON.stringify(stored),
    FAULTS: JSON.stringify(faults),
  });

describe.each([
  ['TypeScript', 'build/service.js'],
  ['CommonJS', 'service.cjs'],
])('the service in %s', (_form, file) => {
  test('has its secrets from the simulator, reads them again at SIGHUP, and ends at SIGTERM', async () => {
    const env = { OPTEE_STORAGE_BACKEND: 'simulator', OPTEE_STORAGE_SIMULATOR_DIR: freshFolder() };
    const put = (key: string, value: string) => {
      expect(opteeProcess(['put', key], { ...process.env, ...env }, value).code).toBe(0);
    };
    for (const [key, value] of Object.entries(SECRETS)) put(key, value);
    const service = new Service(folder, [file], env);
    const port = await portOf(service);
    expect([await answer(port, 'a-token'), await answer(port, 'b-token'), await answer(port)]).toEqual([204, 401, 401]);

    put('api/token', 'another');
    expect(await answer(port, 'another')).toBe(401);
    service.kill('SIGHUP');
    await service.says(/secrets read again/);
    expect([await answer(port, 'another'), await answer(port, 'a-token')]).toEqual([204, 401]);

    service.kill('SIGTERM');
    expect(await service.ended).toMatchObject({ code: 0, text: expect.not.stringMatching(/token|s3cret/) as string });
  });

  test('does not start without all of its secrets, and names those that are missing', async () => {
    const { code, text } = await withFaults(file, {}, { kind: 'busy', operation: 'getMany' }).ended;
    expect([code, text]).toEqual([1, expect.stringMatching(/ERR_NOT_FOUND.*api\/token.*db\/password/s)]);
  });

  test('ends at SIGTERM while it waits for the supplicant', async () => {
    const service = withFaults(file, SECRETS, { kind: 'no-supplicant', operation: 'open', times: 9999 });
    await service.says(/opening/);
    service.kill('SIGTERM');
    expect(await service.ended).toEqual({ code: 0, text: 'opening\n' });
  });
});

describe('what may go wrong at its start', () => {
  test.each([
    ['the supplicant, which is not there yet', { kind: 'no-supplicant', operation: 'open', times: 2 }],
    ['storage that is not mounted yet', { kind: 'no-storage', operation: 'open', times: 2 }],
    ['a TEE that is busy', { kind: 'busy', operation: 'getMany', times: 2 }],
  ])('waits for %s', async (_what, fault) => {
    const service = withFaults('service.cjs', SECRETS, fault);
    expect(await answer(await portOf(service), 'a-token')).toBe(204);
    service.kill('SIGINT');
    expect((await service.ended).code).toBe(0);
  });

  test.each([
    ['the one that is missing', { 'api/token': 'a-token' }, [], /ERR_NOT_FOUND.*db\/password/s],
    ['damage, at once', SECRETS, [{ kind: 'corrupt', operation: 'getMany' }], /ERR_CORRUPT/],
    ['a TEE that stays busy', SECRETS, [{ kind: 'busy', operation: 'getMany', times: 99 }], /ERR_BUSY/],
    ['that it may not use the device', SECRETS, [{ kind: 'no-permission', operation: 'open' }], /ERR_PERMISSION/],
  ])('does not start, and says %s', async (_what, stored, faults, said) => {
    const { code, text } = await withFaults('service.cjs', stored, ...faults).ended;
    expect([code, text]).toEqual([1, expect.stringMatching(said)]);
    expect(text).not.toMatch(/listening|a-token|s3cret/);
  });
});
