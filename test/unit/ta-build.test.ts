// SPDX-License-Identifier: MIT
/** `ta build` runs what make finds in its output folder: none of it may be another user's. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { optee } from './support/cli.js';
import { rootTest } from './support/root.js';

const STRANGER = 4001;
/** Other users can be played by root only. */

let folder: string;
let before: string | undefined;
const at = (name: string) => path.join(folder, name);

/** A kit, and a make that leaves a word that it ran. */
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'optee-ta-build-'));
  chmodSync(folder, 0o755);
  mkdirSync(at('kit/mk'), { recursive: true });
  writeFileSync(at('kit/mk/ta_dev_kit.mk'), '');
  writeFileSync(at('kit/mk/conf.mk'), 'sm := ta_arm64\n');
  mkdirSync(at('bin'));
  for (const name of ['make', 'xgcc'])
    writeFileSync(at(`bin/${name}`), `#!/bin/sh\necho made; : > '${at('ran')}'\n`, { mode: 0o755 });
  mkdirSync(at('out/src'), { recursive: true });
  chmodSync(at('out'), 0o755);
  writeFileSync(at('out/src/.entry.o.cmd'), '');
  before = process.env.PATH;
  process.env.PATH = `${at('bin')}:${String(before)}`;
});
afterEach(() => {
  process.env.PATH = before;
  rmSync(folder, { recursive: true });
});

const build = (output: string) =>
  optee(['ta', 'build', '--dev-kit', at('kit'), '--unsigned', '--cross-compile', 'x', '--output', output]);

async function isRefused(output = at('out')): Promise<void> {
  const { code, stderr } = await build(output);
  expect([code, stderr]).toEqual([1, expect.stringMatching(/another user can change .*\[ERR_OUTPUT\]/) as string]);
  expect(existsSync(at('ran'))).toBe(false);
}

test.each(['out', 'new/out'])('make runs in a folder of one’s own: %s', async (name) => {
  expect(await build(at(name))).toMatchObject({ code: 0, stderr: '' });
  expect([existsSync(at('ran')), readFileSync(at(`${name}/build.log`), 'utf8')]).toEqual([true, 'made\n']);
});

test('and in a new one beside the files of others', async () => {
  chmodSync(folder, 0o1777);
  expect(await build(at('new'))).toMatchObject({ code: 0, stderr: '' });
  expect(lstatSync(at('new')).mode & 0o022).toBe(0);
});

test('what make makes others may not write, whatever the umask', async () => {
  const umask = process.umask(0);
  const { code } = await build(at('out'));
  // It is given back as it was.
  expect([process.umask(umask), code, lstatSync(at('ran')).mode & 0o777]).toEqual([0, 0, 0o644]);
});

test('the log is no longer what the name of it led to', async () => {
  writeFileSync(at('victim'), 'precious');
  symlinkSync(at('victim'), at('out/build.log'));
  expect((await build(at('out'))).code).toBe(0);
  expect([readFileSync(at('victim'), 'utf8'), readFileSync(at('out/build.log'), 'utf8')]).toEqual([
    'precious',
    'made\n',
  ]);
});

test('what a link in it leads to is not looked at', async () => {
  symlinkSync('/', at('out/src/all'));
  expect((await build(at('out'))).code).toBe(0);
});

test.each<[string, number, string]>([
  ['a folder that others may write', 0o777, 'out'],
  ['a sticky one', 0o1777, 'out'],
  ['one below that', 0o777, '.'],
  ['a folder in it that others may write', 0o777, 'out/src'],
  ['a file in it that others may write', 0o666, 'out/src/.entry.o.cmd'],
])('make does not run in %s', async (_what, mode, name) => {
  chmodSync(at(name), mode);
  await isRefused();
});

test.each(['file', 'link', 'link/out'])('nor in what is no folder: %s', async (name) => {
  writeFileSync(at('file'), '');
  symlinkSync(at('none'), at('link'));
  expect((await build(at(name))).stderr).toContain('[ERR_OUTPUT]');
  expect([existsSync(at('ran')), existsSync(at('none'))]).toEqual([false, false]);
});

rootTest.each(['out', '.', 'out/src', 'out/src/.entry.o.cmd', 'link'])(
  'nor where something is another user’s: %s',
  async (name) => {
    symlinkSync('out', at('link'));
    execFileSync('chown', ['-h', String(STRANGER), at(name)]);
    await isRefused(name === 'link' ? at('link') : at('out'));
  },
);

rootTest('nor in a new one where a link of another user leads', async () => {
  symlinkSync('out', at('link'));
  execFileSync('chown', ['-h', String(STRANGER), at('link')]);
  await isRefused(at('link/new'));
  expect(existsSync(at('out/new'))).toBe(false);
});

rootTest('nor in one that a group of others may write', async () => {
  chownSync(at('out'), 0, STRANGER);
  chmodSync(at('out'), 0o775);
  await isRefused();
  chownSync(at('out'), 0, 0);
  expect((await build(at('out'))).code).toBe(0);
});
