// SPDX-License-Identifier: MIT
/** The examples for device builders, as far as they can be run without their systems. */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { parseSigned } from '../../src-ts/cli/commands/ta/signed-image.js';
import { TA_UUID } from '../../src-ts/protocol/contract.js';
import { freshFolder } from '../unit/support/folders.js';

const ROOT = path.resolve(__dirname, '../..');
const EXAMPLES = path.join(ROOT, 'examples');

let kit: string;

jest.setTimeout(120_000);

beforeAll(async () => {
  const { ensureTaDevKit } = await import('../../machine/kits.mjs');
  const { ensureAptGroups } = await import('../../tools/lib/apt.mjs');
  await ensureAptGroups('ta', 'systemd');
  kit = await ensureTaDevKit();
}, 600_000);

describe('systemd', () => {
  /** The units as on a board: with a supplicant's, which the drop-in is for. */
  function units(): string {
    const folder = freshFolder();
    cpSync(path.join(EXAMPLES, 'systemd'), folder, { recursive: true });
    cpSync(
      path.join(EXAMPLES, 'express-database/express-database.service'),
      path.join(folder, 'express-database.service'),
    );
    writeFileSync(path.join(folder, 'tee-supplicant.service'), '[Service]\nExecStart=/bin/true\n');
    return folder;
  }
  const analyze = (folder: string, ...args: string[]) =>
    spawnSync('systemd-analyze', args, { encoding: 'utf8', env: { ...process.env, SYSTEMD_UNIT_PATH: `${folder}:` } });

  test('the units have no fault', () => {
    const folder = units();
    const unit = path.join(folder, 'my-application.service');
    const own = ['my-application.service', 'express-database.service'];
    for (const name of own) {
      const file = path.join(folder, name);
      writeFileSync(file, readFileSync(file, 'utf8').replace('/usr/bin/node', process.execPath));
    }
    for (const name of [...own, 'tee-supplicant.service']) {
      const { status, stderr } = analyze(folder, 'verify', '--man=no', path.join(folder, name));
      expect([status, stderr]).toEqual([0, '']);
    }
    writeFileSync(unit, readFileSync(unit, 'utf8').replace('DevicePolicy=closed', 'DevicePolicy=shut'));
    expect(analyze(folder, 'verify', '--man=no', unit).stderr).toContain('device policy');
  });

  test('the application is locked in, but for /dev/tee0', () => {
    const folder = units();
    const unit = path.join(folder, 'my-application.service');
    const judge = () => analyze(folder, 'security', '--offline=true', '--threshold=25', unit).status;
    expect(judge()).toBe(0);
    expect(readFileSync(unit, 'utf8')).toMatch(/^DeviceAllow=\/dev\/tee0 rw$/m);
    writeFileSync(unit, '[Service]\nExecStart=/bin/true\n');
    expect(judge()).not.toBe(0);
  });

  test('the rule of udev has the form of one', () => {
    const rules = readFileSync(path.join(EXAMPLES, 'systemd/60-tee.rules'), 'utf8').split('\n');
    const rule = rules.filter((line) => line !== '' && !line.startsWith('#'));
    expect(rule).toHaveLength(1);
    for (const term of rule[0]?.split(', ') ?? []) expect(term).toMatch(/^[A-Z]+(==|=)"[^"]+"$/);
  });
});

describe('Yocto', () => {
  /** Named after the version of the package, or it is not found. */
  function recipe(): string {
    const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };
    const folder = path.join(EXAMPLES, 'yocto/recipes-security/optee-secure-storage');
    return readFileSync(path.join(folder, `optee-secure-storage-ta_${version}.bb`), 'utf8');
  }

  /** A task's body with bitbake's variables put in, and its inline Python taken as empty. */
  function task(name: string, variables: Readonly<Record<string, string>>): string {
    const body = new RegExp(`^${name}\\(\\) \\{\\n([^]*?)^\\}`, 'm').exec(recipe())?.[1];
    if (body === undefined) throw new Error(`the recipe has no ${name}`);
    return body.replace(/\$\{@.*\}/g, '').replace(/\$\{(\w+)\}/g, (_, variable: string) => {
      const value = variables[variable];
      if (value === undefined) throw new Error(`${name} uses ${variable}, which bitbake may not have`);
      return value;
    });
  }

  test('the licence is the one that its checksum is of', () => {
    const sum = createHash('md5')
      .update(readFileSync(path.join(ROOT, 'LICENSE')))
      .digest('hex');
    expect(recipe()).toContain(`md5=${sum}"`);
  });

  test('the bodies of do_compile and do_install make and place a signed TA', () => {
    const folder = freshFolder();
    const variables = {
      S: ROOT,
      B: path.join(folder, 'build'),
      D: path.join(folder, 'image'),
      TA_DEV_KIT_DIR: kit,
      HOST_PREFIX: 'aarch64-linux-gnu-',
      TOOLCHAIN_OPTIONS: '',
      DEBUG_PREFIX_MAP: `-fmacro-prefix-map=${ROOT}=/usr/src/debug`,
      nonarch_base_libdir: '/usr/lib',
    };
    mkdirSync(variables.B);
    const shell = (body: string) => {
      const script = `set -e\noe_runmake() { make PYTHON3=/usr/bin/python3 "$@"; }\n${body}`;
      execFileSync('sh', ['-c', script.replaceAll('PYTHON3=python3', '')], { stdio: 'pipe' });
    };
    shell(task('do_compile', variables));
    shell(task('do_install', variables));
    const installed = path.join(variables.D, `usr/lib/optee_armtz/${TA_UUID}.ta`);
    expect(parseSigned(readFileSync(installed))).toMatchObject({ uuid: TA_UUID, subkeys: 0 });
    expect(statSync(installed).mode & 0o777).toBe(0o644);
  });
});
