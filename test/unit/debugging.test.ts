// SPDX-License-Identifier: MIT
/** Debug settings of Node.js: none of them makes the command line print a secret. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

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
