// SPDX-License-Identifier: MIT
/** examples/service, in both forms, as processes: over the simulator, and over a TEE in memory with faults. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';

import { buildCommandLine, opteeProcess } from './support/cli.js';
import { freshFolder } from './support/folders.js';

const ROOT = path.resolve(__dirname, '../..');
const SECRETS = { 'api/token': 'a-token', 'db/password': 's3cret' };

/** The example in a folder of its own, beside its packages. */
const folder = freshFolder();
const at = (name: string) => path.join(folder, name);

beforeAll(() => {
  buildCommandLine();
  cpSync(path.join(ROOT, 'examples/service'), folder, { recursive: true });
  mkdirSync(at('node_modules'));
  symlinkSync(ROOT, at('node_modules/optee-secure-storage'));
  symlinkSync(path.join(ROOT, 'node_modules/@types'), at('node_modules/@types'));
  // Strictly, with the example's own settings; what it says is the reason of the failure.
  execFileSync(process.execPath, [path.join(ROOT, 'node_modules/typescript-7/bin/tsc'), '-p', folder], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
});

const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

class Service {
  #text = '';
  readonly #child: ChildProcess;
  readonly ended: Promise<{ code: number | null; text: string }>;

  constructor(args: readonly string[], env: Readonly<Record<string, string>>) {
    const given = { ...process.env, NODE_ENV: 'test', NODE_OPTIONS: '', PORT: '0', ...env };
    this.#child = spawn(process.execPath, args, { env: given, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    running.push(this.#child);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.#text += text));
    }
    this.ended = once(this.#child, 'close').then(([code]) => ({ code: code as number | null, text: this.#text }));
  }

  /** Waits for something that it prints; fails if it ends without. */
  async says(pattern: RegExp): Promise<string> {
    for (;;) {
      const [found] = pattern.exec(this.#text) ?? [];
      if (found !== undefined) return found;
      if (this.#child.exitCode !== null) throw new Error(`it has ended, and said only: ${this.#text}`);
      const { stdout, stderr } = this.#child;
      await Promise.race([once(stdout ?? this.#child, 'data'), once(stderr ?? this.#child, 'data'), this.ended]);
    }
  }

  kill(signal: 'SIGTERM' | 'SIGINT' | 'SIGHUP'): void {
    this.#child.kill(signal);
  }
}

/** What the service answers to a request with a token. */
async function answer(port: string, token?: string): Promise<number> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return (await fetch(`http://127.0.0.1:${port}/`, { headers })).status;
}

const portOf = async (service: Service) => /\d+$/.exec(await service.says(/port: \d+/))?.[0] ?? '';

const withFaults = (file: string, stored: object, ...faults: object[]) =>
  new Service(['--require', path.join(__dirname, 'support/faulty-store.cjs'), file], {
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
    const service = new Service([file], env);
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
