// SPDX-License-Identifier: MIT
/** Addon, simulator and Trusted Application are looked for in this package only, never around a bundle of its code. */
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { ownPackage } from '../../src-ts/util/own-package.js';
import { buildCommandLine } from './support/cli.js';
import { rootTest } from './support/root.js';
import { root } from './support/soft-tee.js';

const STRANGER = 4001;
/** Other users can be played by root only. */
const OURS = JSON.stringify({ name: 'optee-secure-storage' });

let folder: string;
const at = (...names: string[]) => path.join(folder, ...names);
const put = (name: string, text = '') => {
  mkdirSync(path.dirname(at(name)), { recursive: true });
  writeFileSync(at(name), text);
  return at(name);
};

beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'optee-own-package-')));
  chmodSync(folder, 0o755);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

test.each([
  ['the package', OURS, 'dist/native', 'native', true],
  ['a checkout', OURS, 'src-ts/native', 'native', true],
  ['a room in a room', OURS, 'dist/cli/commands/ta', 'cli/commands/ta', true],
  ['a bundle in a folder of its own', OURS, 'job/dist', 'native', false],
  ['a bundle two folders below', OURS, 'out/bundle', 'native', false],
  ['a bundle whose folder has the name of a room', OURS, 'job/native', 'native', false],
  ['a bundle whose folder has the name of a room within', OURS, 'dist/commands/ta', 'cli/commands/ta', false],
  ['another application', JSON.stringify({ name: 'app' }), 'dist/native', 'native', false],
  ['no package', undefined, 'dist/native', 'native', false],
  ['a package.json that is none', '{', 'dist/native', 'native', false],
  ['a package.json of nothing', 'null', 'dist/native', 'native', false],
])('whether there is a package around the code: %s', (_what, manifest, place, room, is) => {
  if (manifest !== undefined) put('package.json', manifest);
  expect(ownPackage(put(`${place}/code.js`), room)).toBe(is ? folder : undefined);
});

test('a path that a bundler made up, relative to where the program runs, is none', () => {
  put('package.json', OURS);
  const file = put('dist/native/code.js');
  expect(ownPackage(path.relative(process.cwd(), file), 'native')).toBeUndefined();
});

rootTest.each(['package.json', '.'])('nor is what another user made around the code: %s', (whose) => {
  put('package.json', OURS);
  const file = put('dist/native/code.js');
  chownSync(at(whose), STRANGER, STRANGER);
  expect(ownPackage(file, 'native')).toBeUndefined();
  // He made all of it, and Node.js has not loaded it: a bundler may have written this path into its code.
  chownSync(file, STRANGER, STRANGER);
  expect(ownPackage(file, 'native')).toBeUndefined();
});

describe('code that is not where the package has it', () => {
  const SHIPPED = `prebuilds/linux-${process.arch}/optee-secure-storage.glibc.node`;
  /** What addon, simulator and TA say when they are loaded from job/dist/, as a bundle is, by a user. */
  const load = (place: string, uid = process.geteuid?.() ?? 0) => {
    const script = `
      const message = (f) => { try { f(); return 'loaded'; } catch (e) { return e.message; } };
      const { loadAddon } = require('${place}/native/addon.js');
      const { SimulatorThread } = require('${place}/simulator/thread.js');
      const { packagedTa } = require('${place}/cli/commands/ta/packaged.js');
      const all = [loadAddon, () => new SimulatorThread(undefined), packagedTa].map(message);
      require('fs').writeSync(1, JSON.stringify(all));
      process.exit();`;
    const as =
      uid === process.geteuid?.() ? [] : ['setpriv', '--reuid', String(uid), '--regid', String(uid), '--clear-groups'];
    const [program, ...args] = [...as, process.execPath, '-e', script];
    return JSON.parse(execFileSync(program, args, { cwd: folder, encoding: 'utf8' })) as string[];
  };

  beforeEach(() => {
    buildCommandLine();
    // What is planted, where the loader once looked.
    for (const name of ['build/Release/optee_secure_storage.node', 'src-ts/native/addon.ts', SHIPPED])
      put(name, 'planted');
  });
  const copyTo = (place: string) => {
    for (const room of ['native', 'simulator', 'tee', 'util', 'cli', 'errors', 'protocol'])
      cpSync(path.join(root, 'dist', room), at(place, room), { recursive: true });
  };

  test('takes no planted build, thread or TA', () => {
    copyTo('dist');
    const [addon, simulator, ta] = load('./dist');
    expect(addon).not.toContain('build/Release');
    expect(simulator).toContain('no folder of this package');
    expect(ta).toContain('no folder of this package');
  });

  test('and in the package all are looked for', () => {
    copyTo('dist');
    put('package.json', OURS);
    const [addon, simulator, ta] = load('./dist');
    expect(addon).toContain('build/Release');
    expect([simulator, ta]).toEqual(['loaded', 'loaded']);
  });

  rootTest('nor another user’s addon where a bundler left the path as it was', () => {
    copyTo('dist');
    for (const name of [SHIPPED, path.dirname(SHIPPED)]) chownSync(at(name), STRANGER, STRANGER);
    const [addon] = load('./dist', 4002);
    expect(addon).toContain('belongs to another user');
  });
});
