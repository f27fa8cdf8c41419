// SPDX-License-Identifier: MIT
/** Debug settings of Node.js: none of them makes the command line print a secret. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';

import { refuseDebugging } from '../../src-ts/cli/debugging.js';
import { buildCommandLine, main } from './support/cli.js';
import { freshFolder } from './support/folders.js';

const SECRET = 'uncommon-s3cret';
const folder = freshFolder();
const env = { ...process.env, OPTEE_STORAGE_BACKEND: 'simulator', OPTEE_STORAGE_SIMULATOR_DIR: folder };

/** What is in the files of a folder. */
const written = (of: string) => readdirSync(of).map((name) => readFileSync(path.join(of, name), 'latin1'));

const optee = (args: readonly string[], settings: NodeJS.ProcessEnv, options: readonly string[] = []) => {
  const how = { env: { ...env, ...settings }, input: SECRET, cwd: freshFolder(), encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [...options, main, ...args], how);
  return { code: status, shown: `${stdout}${stderr}`, stderr, left: written(how.cwd) };
};

beforeAll(() => {
  buildCommandLine();
  expect(optee(['put', 'k'], {}).code).toBe(0);
}, 120_000);

const exec = ['exec', '--env', 'A=k', '--', 'sh', '-c', 'echo started'];

test.each([
  ['child_process', exec],
  ['CHILD_process', exec],
  ['*', exec],
  ['mine,child_*', exec],
  ['mine', exec],
  ['stream,net,fs', ['put', 'other']],
  ['worker', ['import', '--format', 'dotenv']],
  ['*', ['get', 'k']],
])(
  'NODE_DEBUG=%s is refused before a secret is read',
  (setting, args) => {
    const { code, shown } = optee(args, { NODE_DEBUG: setting });
    expect([code, shown]).toEqual([2, expect.stringContaining('env -u NODE_DEBUG')]);
    expect(shown).not.toContain(SECRET);
    expect(shown).not.toContain('started\n');
  },
  60_000,
);

test.each<[NodeJS.ProcessEnv, string[]]>([
  [{ NODE_DEBUG: 'net' }, []],
  [{ NODE_DEBUG_NATIVE: 'ALL' }, []],
  [{ NODE_OPTIONS: '--heapsnapshot-signal=SIGUSR2' }, []],
  [{ NODE_OPTIONS: '--trace-warnings "--heapsnapshot-signal" SIGUSR2' }, []],
  [{ NODE_OPTIONS: '--heapsnapshot-near-heap-limit=1' }, []],
  [{ NODE_OPTIONS: '--heapsnapshot_signal=SIGUSR2' }, []],
  [{ NODE_OPTIONS: '--heapsnapshot-near_heap-limit=1' }, []],
  [{}, ['--heapsnapshot-signal=SIGUSR2']],
  [{}, ['--no-warnings', '--heapsnapshot-near-heap-limit', '1']],
])('refused: %j %j', (settings, options) => {
  expect(() => {
    refuseDebugging(settings, options);
  }).toThrow(/secrets/);
});

test.each<[NodeJS.ProcessEnv, string[]]>([
  [{}, []],
  [{ NODE_DEBUG: '' }, []],
  [{ NODE_OPTIONS: '--trace-warnings --max-old-space-size=100' }, ['--no-warnings']],
])('taken: %j %j', (settings, options) => {
  refuseDebugging(settings, options);
});

test.each<[NodeJS.ProcessEnv, string[]]>([
  [{ NODE_OPTIONS: '--inspect=127.0.0.1:0' }, []],
  [{ NODE_OPTIONS: '--inspect --inspect-port=0' }, []],
  [{ NODE_OPTIONS: '"--inspect" "--inspect_port=127.0.0.1:0"' }, []],
  [{ NODE_OPTIONS: '--no-warnings' }, ['--inspect=0']],
  [{}, ['--inspect-port=0', '--inspect']],
])(
  'an open debugger is refused before a secret is read: %j %j',
  (settings, options) => {
    for (const args of [exec, ['get', 'k'], ['put', 'other'], ['ta', 'sign', '--key', main]]) {
      const { code, stderr, shown } = optee(args, settings, options);
      expect([code, stderr]).toEqual([2, expect.stringMatching(/Debugger listening[^]*every user of this machine/)]);
      expect(shown).not.toContain(SECRET);
      expect(shown).not.toContain('started\n');
    }
  },
  60_000,
);

/** Until the pipe is being read, and so for as long as the test likes. */
const reading: readonly (readonly string[])[] = [
  ['put', 'other', '--file', 'pipe'],
  ['import', 'pipe'],
  ['ta', 'sign', 'pipe', '--key', main],
  ['ta', 'install', 'pipe'],
];

test.each(reading)(
  'SIGUSR1 opens no debugger in %s %s',
  async (...args) => {
    const cwd = freshFolder();
    execFileSync('mkfifo', ['pipe'], { cwd });
    const child = spawn(process.execPath, [main, ...args], { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] });
    const [ended, said] = [once(child, 'exit'), text(child.stderr)];
    // Else a debugger would wait here for somebody who connects.
    child.stderr.once('data', () => child.kill('SIGKILL'));
    // Opens once the other end is open.
    const pipe = await open(path.join(cwd, 'pipe'), 'w');
    child.kill('SIGUSR1');
    const [, signal] = (await ended) as [number | null, string | null];
    await pipe.close();
    expect([signal, await said]).toEqual(['SIGUSR1', expect.not.stringContaining('Debugger') as string]);
  },
  60_000,
);

test('other debug settings are taken, for they show no secret', () => {
  const traces = ['--trace-warnings', '--trace-exit', '--trace-sigint', '--trace-uncaught', '--trace-sync-io'];
  const categories = ['--trace-event-categories', 'node,node.async_hooks,node.environment,node.fs.sync,v8'];
  const { code, shown, left } = optee(exec, {}, [...traces, ...categories, '--report-on-signal', '--cpu-prof']);
  expect([code, shown]).toEqual([0, expect.stringContaining('started')]);
  expect(left.length).toBeGreaterThan(0);
  expect([shown, ...left].filter((text) => text.includes(SECRET))).toEqual([]);
}, 60_000);

test('help and what reads no secret do not mind them', () => {
  expect(optee(['exec', '--help'], { NODE_DEBUG: 'mine' }).code).toBe(0);
}, 60_000);
