// SPDX-License-Identifier: MIT
/** The OP-TEE machine itself, without the product in it, so that a broken machine is not taken for a broken product. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Machine } from '../../machine/machine.mjs';
import { useMachine } from './support/machine';

const machineOfFile = useMachine(() => Promise.resolve({ product: false }));

/** A boot usually takes 7 s; a busy host needs several times that. */
const BOOT_MS = 200_000;

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function text(machine: Machine, ...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await machine.exec(argv);
  expect({ code, stderr: stderr.toString() }).toEqual({ code: 0, stderr: '' });
  return stdout.toString();
}

const isServed = async (machine: Machine): Promise<boolean> =>
  (await machine.exec(['pidof', 'tee-supplicant'])).code === 0;

test('OP-TEE passes its own test of secure storage, and the supplicant is counted at it', async () => {
  const { machine } = machineOfFile;
  await machine.resetSupplicantCounters();
  const before = await machine.supplicantCounters();
  expect(Object.values(before).every((count) => count === 0)).toBe(true);
  expect(await text(machine, 'xtest', '-t', 'regression', '6001')).toContain('regression_6001 OK');

  const counted = await machine.supplicantCounters();
  expect(counted.loadTa).toBeGreaterThan(0);
  expect(counted.storageCreate).toBeGreaterThan(0);
  expect(counted.storageRead).toBeGreaterThan(0);
  // The storage is written synchronously, or a power cut could not be survived.
  expect(counted.storageWrite).toBeGreaterThan(0);
  expect(counted.syncWrites).toBe(counted.fileWrites);
  expect(counted.fsyncs).toBeGreaterThan(0);
  const kinds = Object.entries(counted).filter(([name]) => /^(storage|shm|load|rpmb|other)/.test(name));
  expect(kinds.reduce((sum, [, count]) => sum + count, 0)).toBe(counted.requests);
});

describe('exec', () => {
  test('returns the exit code and both outputs', async () => {
    const { machine } = machineOfFile;
    const result = await machine.exec(['sh', '-c', 'printf out; printf err >&2; exit 7']);
    expect({ ...result, stdout: result.stdout.toString(), stderr: result.stderr.toString() }).toEqual({
      code: 7,
      signal: null,
      stdout: 'out',
      stderr: 'err',
    });
    expect(await machine.exec(['sh', '-c', 'kill -s SEGV $$'])).toMatchObject({ code: null, signal: 'SIGSEGV' });
  });

  test('carries a megabyte of any bytes both ways', async () => {
    const bytes = randomBytes(1024 * 1024 + 17);
    const { code, stdout } = await machineOfFile.machine.exec(['cat'], { stdin: bytes });
    expect(code).toBe(0);
    expect(sha256(stdout)).toBe(sha256(bytes));
  });

  test('goes on while other commands run, one of which reads nothing', async () => {
    const { machine } = machineOfFile;
    const deaf = machine.exec(['sleep', '1'], { stdin: Buffer.alloc(4 * 1024 * 1024) });
    const many = Array.from({ length: 8 }, (_, index) => text(machine, 'echo', String(index)));
    expect(await Promise.all(many)).toEqual(Array.from({ length: 8 }, (_, index) => `${String(index)}\n`));
    expect((await deaf).code).toBe(0);
  });

  test('says what it could not run', async () => {
    const { machine } = machineOfFile;
    await expect(machine.exec(['no-such-command'])).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(machine.exec(['true'], { cwd: '/no/such/folder' })).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(machine.exec(['ls'], { uid: 1000, cwd: '/root' })).rejects.toMatchObject({ code: 'EACCES' });
  });

  test('kills a command and its children when their time is over', async () => {
    const { machine } = machineOfFile;
    // Time enough for its output, whatever the pace of the machine is just now.
    const began = performance.now();
    await machine.exec(['sh', '-c', 'echo begun']);
    const timeoutMs = 1500 + Math.ceil(10 * (performance.now() - began));
    const late = machine.exec(['sh', '-c', 'echo begun; sleep 4321; true'], { timeoutMs });
    await expect(late).rejects.toMatchObject({ code: 'ETIMEDOUT', stdout: Buffer.from('begun\n') });
    expect((await machine.exec(['pgrep', '-f', 'sleep 4321'])).stdout.toString()).toBe('');
  });

  test('passes environment and folder', async () => {
    const options = { uid: 1000, env: { GREETING: 'grüß\ngott' }, cwd: '/tmp' };
    const { stdout } = await machineOfFile.machine.exec(['sh', '-c', 'echo "$GREETING" $USER $HOME $PWD'], options);
    expect(stdout.toString()).toBe('grüß\ngott alice /home/alice /tmp\n');
  });
});

describe('users', () => {
  test('are who they are said to be', async () => {
    const { machine } = machineOfFile;
    const id = async (options: object): Promise<string> =>
      (await machine.exec(['id'], options)).stdout.toString().trimEnd();
    expect(await id({})).toBe('uid=0(root) gid=0(root) groups=0(root),900(tee)');
    expect(await id({ uid: 1000 })).toBe('uid=1000(alice) gid=1000(alice) groups=1000(alice),900(tee)');
    expect(await id({ uid: 1009 })).toBe('uid=1009(mallory) gid=1009(mallory) groups=1009(mallory)');
    expect(await id({ uid: 4711, gid: 5, groups: [1000, 1001] })).toBe(
      'uid=4711 gid=5(tty) groups=5(tty),1000(alice),1001(bob)',
    );
  });

  test('reach the TEE device as members of its group only', async () => {
    const { machine } = machineOfFile;
    expect(await text(machine, 'stat', '-c', '%a %U %G', '/dev/tee0')).toBe('660 root tee\n');
    const open = async (uid: number): Promise<number | null> =>
      (await machine.exec(['sh', '-c', 'exec 3<>/dev/tee0'], { uid })).code;
    expect(await open(1001)).toBe(0);
    expect(await open(1009)).not.toBe(0);
  });

  test('have homes and nothing of the storage', async () => {
    const { machine } = machineOfFile;
    expect((await machine.exec(['sh', '-c', 'echo mine > ~/file'], { uid: 1002 })).code).toBe(0);
    expect((await machine.exec(['ls', '/var/lib/optee-client/data/tee'], { uid: 1002 })).code).not.toBe(0);
  });
});

describe('functions run as a user', () => {
  test('take and give values of every kind', async () => {
    const alice = await machineOfFile.user('alice');
    const values = {
      nothing: undefined,
      none: null,
      big: 2n ** 70n,
      bytes: Buffer.from([0, 255, 10, 13]),
      map: new Map<unknown, unknown>([['a', new Set([1, NaN])]]),
      list: [undefined, -0, 'ünïcödé 🔑', new Date(5)],
    };
    const [echo, kinds] = await alice.run(
      (_, given) => [given, [Buffer.isBuffer(given.bytes), given.map instanceof Map, process.getuid?.()]] as const,
      values,
    );
    expect(echo).toStrictEqual(values);
    expect(Buffer.isBuffer(echo.bytes)).toBe(true);
    expect(kinds).toEqual([true, true, 1000]);
    await expect(alice.run(() => undefined)).resolves.toBeUndefined();
  });

  test('share what they put into state', async () => {
    const alice = await machineOfFile.user('alice');
    await alice.run(({ state }) => {
      state.kept = 41;
    });
    expect(await alice.run(({ state }) => (state.kept as number) + 1)).toBe(42);
  });

  test('fail with their own errors, fields and causes', async () => {
    const alice = await machineOfFile.user('alice');
    const failed: unknown = await alice
      .run(() => {
        class SpecialError extends TypeError {
          override name = 'SpecialError';
        }
        const error = new SpecialError('told', { cause: new RangeError('deeper') });
        throw Object.assign(error, { code: 'ERR_TOLD', details: { size: 3n } });
      })
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(Error);
    expect(failed).toMatchObject({ name: 'SpecialError', message: 'told', code: 'ERR_TOLD', details: { size: 3n } });
    const { cause } = failed as Error;
    expect(cause).toBeInstanceOf(RangeError);
    expect((cause as Error).message).toBe('deeper');
    await expect(alice.run(() => Promise.reject(new SyntaxError('later')))).rejects.toThrow(SyntaxError);
    // What cannot be copied is refused, too, and the process goes on.
    await expect(alice.run(() => () => 1)).rejects.toThrow(/could not be cloned/);
    await expect(alice.run(({ require }) => require('no-such-module') as unknown)).rejects.toMatchObject({
      code: 'MODULE_NOT_FOUND',
    });
  });

  test('interleave', async () => {
    const alice = await machineOfFile.user('alice');
    const waiting = alice.run(
      ({ state }) =>
        new Promise((resolve) => {
          state.release = resolve;
        }),
    );
    await alice.run(({ state }) => {
      (state.release as (value: string) => void)('released');
    });
    expect(await waiting).toBe('released');
  });

  test('keep their standard output for themselves', async () => {
    const alice = await machineOfFile.user('alice');
    await alice.run(() => {
      process.stdout.write('printed');
    });
    while (!alice.stdout.includes('printed')) await delay(10);
    expect(alice.stderr.toString()).toBe('');
  });

  test('end with their process', async () => {
    const bob = await machineOfFile.machine.user({ uid: 1001 });
    const endless = bob.run(() => new Promise(() => setInterval(() => undefined, 1000)));
    const ended = expect(endless).rejects.toMatchObject({ code: null, signal: 'SIGKILL' });
    await bob.kill();
    await ended;
    await expect(bob.run(() => 1)).rejects.toMatchObject({ signal: 'SIGKILL' });
  });
});

describe('the supplicant', () => {
  test('can be killed, started, stopped, paused and restarted', async () => {
    const { machine } = machineOfFile;
    await machine.supplicant('kill');
    expect(await isServed(machine)).toBe(false);
    await machine.supplicant('start');
    expect(await isServed(machine)).toBe(true);
    await machine.supplicant('stop');
    expect(await isServed(machine)).toBe(false);
    await machine.supplicant('restart');
    expect(await isServed(machine)).toBe(true);

    await machine.supplicant('pause');
    const state = async (): Promise<string> =>
      (await text(machine, 'sh', '-c', 'ps -o stat= -p $(pidof tee-supplicant)')).trim();
    expect(await state()).toMatch(/^T/);
    await machine.supplicant('continue');
    expect(await state()).toMatch(/^S/);
    expect(await text(machine, 'xtest', '-t', 'regression', '1001')).toContain('regression_1001 OK');
  });
});

describe('power', () => {
  const kept = '/var/lib/optee-client/data/kept';

  test(
    'a reboot and a power cut leave the disk and nothing else',
    async () => {
      const { machine } = machineOfFile;
      machineOfFile.forgetUsers();
      await machine.writeFile(kept, 'before', 0o600);
      await machine.writeFile('/root/gone', '');
      await machine.reboot();
      expect(await text(machine, 'cat', kept)).toBe('before');
      expect(await text(machine, 'stat', '-c', '%a', kept)).toBe('600\n');
      expect((await machine.exec(['cat', '/root/gone'])).code).toBe(1);

      await machine.writeFile(kept, 'synced');
      await text(machine, 'sync', kept);
      const caught = machine.exec(['sleep', '100']);
      const lost = expect(caught).rejects.toThrow('The OP-TEE machine has gone off');
      await machine.powerCut();
      await lost;
      await expect(machine.exec(['true'])).rejects.toThrow('The OP-TEE machine is off');
      await machine.boot();
      expect(await text(machine, 'cat', kept)).toBe('synced');
      expect(machine.consoleLog().match(/Booting Trusted Firmware/g)?.length).toBe(3);
      expect(machine.secureLog()).toContain('OP-TEE version');
    },
    2 * BOOT_MS,
  );
});

test(
  'a boot that fails says why, with both logs',
  async () => {
    const { Machine } = await import('../../machine/machine.mjs');
    const folder = mkdtempSync(path.join(tmpdir(), 'optee-test-'));
    try {
      const start = path.join(folder, 'start');
      // The kernel panics when the script ends, and then prints no more of what waits to be sent.
      const script = '#!/usr/bin/busybox sh\necho no way to start >&2\n/usr/bin/busybox sleep 1\n';
      writeFileSync(start, script, { mode: 0o755 });
      const failing = Machine.start({ product: false, whole: true, files: { '/usr/lib/optee-machine/start': start } });
      const error = (await failing.catch((error: unknown) => error)) as Error;
      expect(error.message).toContain('The OP-TEE machine ended during its boot');
      expect(error.message).toContain('no way to start');
      expect(error.message).toMatch(/the secure world's log[^]*Primary CPU/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  BOOT_MS,
);
