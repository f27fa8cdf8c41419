// SPDX-License-Identifier: MIT
/** `optee-storage exec` on the machine: the program gets the secret, and nothing else on the machine shows it. */
import { randomBytes } from 'node:crypto';

import type { ExecOptions, ExecResult, GuestProcess } from '../../machine/machine.mjs';
import { Uid, useMachine } from './support/machine.js';

const machineOfFile = useMachine(() => Promise.resolve({ storage: 'memory' }));

const as = (uid: number, argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> =>
  machineOfFile.machine.exec(argv, { uid, ...options });
const exec = (args: readonly string[], options?: ExecOptions) =>
  as(Uid.alice, ['optee-storage', 'exec', ...args], options);

const secret = randomBytes(16).toString('hex');

beforeAll(async () => {
  expect(await as(Uid.alice, ['optee-storage', 'put', 'app/token'], { stdin: secret })).toMatchObject({ code: 0 });
});

test('a program gets variables and files in memory, and its exit code comes back', async () => {
  const script = 'printf "%s " "$TOKEN"; cat "$FILE" "$FILE"; cat; exit 7';
  const args = ['--env', 'TOKEN=app/token', '--file-env', 'FILE=app/token', '--', 'sh', '-c', script];
  const { code, stdout, stderr } = await exec(args, { stdin: '.' });
  expect([code, stdout.toString(), stderr.toString()]).toEqual([7, `${secret} ${secret}${secret}.`, '']);
});

test('a missing key, another user and a program that is not there start nothing', async () => {
  expect(await exec(['--env', 'A=app/missing', '--', 'echo', 'started'])).toMatchObject({
    code: 3,
    stdout: Buffer.alloc(0),
  });
  const bob = await as(Uid.bob, ['optee-storage', 'exec', '--env', 'A=app/token', '--', 'echo', 'started']);
  expect([bob.code, bob.stdout.toString()]).toEqual([3, '']);
  expect(await exec(['--env', 'A=app/token', '--', 'no-such-program'])).toMatchObject({ code: 127 });
});

test('signals reach the program, and its end by one is seen', async () => {
  const { running, process, written } = start([
    'sh',
    '-c',
    "trap 'echo caught; exit 4' TERM; echo ready; sleep 30 > /dev/null & wait",
  ]);
  await running;
  process.kill('SIGTERM');
  expect(await process.closed).toMatchObject({ code: 4 });
  expect(written().toString()).toContain('caught');
  expect(await exec(['--env', 'A=app/token', '--', 'sh', '-c', 'kill -KILL $$'])).toMatchObject({ signal: 'SIGKILL' });
});

/** Starts a program of alice's under exec; `running` is fulfilled when it has written a line. */
function start(argv: readonly string[]): { process: GuestProcess; running: Promise<void>; written: () => Buffer } {
  const chunks: Buffer[] = [];
  let ready: () => void;
  const running = new Promise<void>((resolve) => (ready = resolve));
  const wanted = ['--env', 'TOKEN=app/token', '--file-env', 'FILE=app/token'];
  const process = machineOfFile.machine.spawn(['optee-storage', 'exec', ...wanted, '--', ...argv], {
    uid: Uid.alice,
    onData: (_stream, bytes) => {
      chunks.push(bytes);
      ready();
    },
  });
  return { process, running, written: () => Buffer.concat(chunks) };
}

/** Standard output of a script that root runs. The secret comes on standard input, so that it is in no argument. */
async function asRoot(script: string): Promise<string> {
  const { code, stdout, stderr } = await as(Uid.root, ['sh', '-c', `read -r secret; ${script}`], {
    stdin: `${secret}\n`,
    timeoutMs: 120_000,
  });
  expect([code, stderr.toString()]).toEqual([0, '']);
  return stdout.toString();
}

test('while it runs, the secret is in its environment alone: no arguments, no output, no file, no disk', async () => {
  const { process, running, written } = start(['sh', '-c', 'echo ready; read x']);
  await running;

  // The pattern is no argument of grep, or grep would be found.
  const search = (what: string) => `echo "$secret" | grep -alF -f - ${what} 2>/dev/null || true`;
  const names = await asRoot(`for p in $(${search('/proc/[0-9]*/environ')}); do cat "\${p%/environ}/comm"; done`);
  expect(names).toBe('sh\n');
  expect(await asRoot(search('/proc/[0-9]*/cmdline'))).toBe('');
  // All that the machine has written since its boot: memory over the root, file systems in memory, the disk itself.
  const files = '$(find /tmp /run /dev/shm /home /root /var /etc /opt -type f)';
  expect(await asRoot(search(files))).toBe('');
  expect(await asRoot(`sync; ${search('/dev/vdb')}`)).toBe('');
  // The search finds what is there.
  expect(await asRoot(`echo "$secret" > /tmp/planted; ${search(files)}; rm /tmp/planted`)).toBe('/tmp/planted\n');

  process.kill('SIGTERM');
  expect(await process.closed).toMatchObject({ signal: 'SIGTERM' });
  expect(written().toString()).toBe('ready\n');
  expect(machineOfFile.machine.secureLog() + machineOfFile.machine.consoleLog()).not.toContain(secret);
});
