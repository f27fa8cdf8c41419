// SPDX-License-Identifier: MIT
/** What else the command line does with values on the machine: import, benchmark, hidden prompt, and no core dump. */
import type { ExecOptions, ExecResult } from '../../machine/machine.mjs';
import { Uid, useMachine } from './support/machine.js';

const machineOfFile = useMachine(() => Promise.resolve({ storage: 'memory' }));

const run = (args: readonly string[], options: ExecOptions = {}): Promise<ExecResult> =>
  machineOfFile.machine.exec(['optee-storage', ...args], { uid: Uid.alice, timeoutMs: 240_000, ...options });

test('import stores all entries of a file or none', async () => {
  const json = JSON.stringify({ 'db/password': 's3cret', key: { encoding: 'base64', value: 'AP8=' } });
  const imported = await run(['import', '--prefix', 'app/', '--if-absent'], { stdin: json });
  expect([imported.code, imported.stdout.toString()]).toEqual([0, '2\n']);
  expect((await run(['get', 'app/key'])).stdout).toEqual(Buffer.from([0, 255]));
  const again = await run(['import', '--prefix', 'app/', '--if-absent'], { stdin: 'other=x\nkey=y' });
  expect([again.code, again.stderr.toString()]).toEqual([4, expect.stringContaining('import "app/key"')]);
  expect((await run(['has', 'app/other'])).code).toBe(3);
});

test('bench prints what it measured and leaves nothing behind', async () => {
  const { code, stdout, stderr } = await run(['bench', '--rounds', '10', '--timeout', '60']);
  expect([code, stderr.toString()]).toEqual([0, '']);
  process.stdout.write(`\n${stdout.toString()}\n`);
  expect(stdout.toString().trimEnd().split('\n')).toHaveLength(10);
  expect((await run(['list', '--domain', 'optee-storage bench'])).stdout.toString()).toBe('');
});

test('the prompt shows nothing of what is typed on a terminal', async () => {
  let screen = '';
  const typed = ['s3cret\r', 's3cret\r'];
  const questions = ['not shown): ', 'Again: '];
  const process = machineOfFile.machine.spawn(['optee-storage', 'put', 'typed'], {
    uid: Uid.alice,
    terminal: { rows: 24, columns: 80 },
    onData: (_stream, bytes) => {
      screen += bytes.toString();
      const [question] = questions;
      if (question === undefined || !screen.includes(question)) return;
      questions.shift();
      void process.write(0, Buffer.from(typed.shift() ?? ''));
    },
  });
  expect(await process.closed).toMatchObject({ code: 0 });
  expect(questions).toEqual([]);
  expect(screen).not.toContain('s3cret');
  expect((await run(['get', 'typed'])).stdout.toString()).toBe('s3cret');
});

test('a program that dies with a secret in it leaves no core dump, and its user cannot look into it', async () => {
  const pattern = 'echo /tmp/core.%p > /proc/sys/kernel/core_pattern';
  expect(await machineOfFile.machine.exec(['sh', '-c', pattern])).toMatchObject({ code: 0 });
  const script = `
    cd /tmp; ulimit -c unlimited; mkfifo fifo
    optee-storage put dumped < fifo & pid=$!
    exec 3> fifo; printf s3cret >&3
    n=0
    while head -c 1 /proc/$pid/environ > /dev/null 2>&1 && [ $n -lt 300 ]; do sleep 0.2; n=$((n + 1)); done
    head -c 1 /proc/$pid/environ > /dev/null 2>&1 && echo "can be looked into"
    kill -ABRT $pid; wait $pid; echo $?; ls core.* 2> /dev/null
    sleep 60 & pid=$!; kill -ABRT $pid; wait $pid; ls core.* | sed s/$pid/sleep/`;
  const { stdout } = await machineOfFile.machine.exec(['bash', '-c', script], { uid: Uid.alice, timeoutMs: 240_000 });
  // 128 and SIGABRT; that other programs leave one shows that one could have been seen.
  expect(stdout.toString()).toBe('134\ncore.sleep\n');
  expect((await run(['has', 'dumped'])).code).toBe(3);
});

test('a terminal is told that a command is waiting', async () => {
  let screen = '';
  await machineOfFile.machine.supplicant('pause');
  try {
    const process = machineOfFile.machine.spawn(['optee-storage', 'generate', 'waited-for', '--timeout', '4'], {
      uid: Uid.alice,
      terminal: { rows: 24, columns: 80 },
      onData: (_stream, bytes) => (screen += bytes.toString()),
    });
    expect(await process.closed).toMatchObject({ code: 124 });
  } finally {
    await machineOfFile.machine.supplicant('continue');
  }
  expect(screen).toContain('generate: waiting for the TEE, 2 s');
  // The line gives way to the error.
  expect(screen).toContain('\r\u001b[Koptee-storage: generate');
});
