// SPDX-License-Identifier: MIT
/** What is in the tarball: each file expected, nothing of this machine, the same bytes each time. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { ElfReader, sectionsOf } from '../../src-ts/util/elf.js';
import { freshFolder, packPackage, SETUP_MS } from './support/place.js';

jest.setTimeout(120_000);

const ROOT = path.resolve(__dirname, '../..');
const TA = 'ff06ae7c-d9e8-40c7-ab24-86ad69bffce7';

/** Every file is of one of these kinds, and there is a file of each kind. */
const EXPECTED: Readonly<Record<string, RegExp>> = {
  manifest: /^package\.json$/,
  texts: /^(README|CHANGELOG|SECURITY)\.md$/,
  licence: /^LICENSE$/,
  documentation: /^(docs|prebuilds)\/[\w-]+\.md$/,
  examples:
    /^examples\/(containers|electron|express-database|quickstart|service|systemd|yocto)\/(?!.*node_modules)[\w./-]+$/,
  'compiled TypeScript': /^dist\/([\w-]+\/)*[\w-]+\.js$/,
  types: /^dist\/([\w-]+\/)*[\w-]+\.d\.ts$/,
  completions: /^dist\/completions\/(optee-storage\.(bash|fish)|_optee-storage)$/,
  'man page': /^dist\/man\/optee-storage\.1$/,
  simulator: /^dist\/simulator\/secstor\.wasm$/,
  'signed Trusted Application': new RegExp(`^dist/ta/${TA}\\.ta$`),
  'the same for OP-TEE 4.7 and later': new RegExp(`^dist/ta/optee-4\\.7/${TA}\\.ta$`),
  'Trusted Application to sign': new RegExp(`^dist/ta/${TA}\\.stripped\\.elf$`),
  'bill of materials': /^dist\/sbom\.cdx\.json$/,
  'binary for arm64': /^prebuilds\/linux-arm64\/optee-secure-storage\.glibc\.node$/,
  'binary for x64': /^prebuilds\/linux-x64\/optee-secure-storage\.glibc\.node$/,
  'binary for arm': /^prebuilds\/linux-arm\/optee-secure-storage\.glibc\.node$/,
  'sources of the addon': /^src-native\/[\w-]+\.(cc|h|cmake|txt|map)$/,
  'build of the addon': /^CMakeLists\.txt$/,
  'sources of the Trusted Application': /^ta\/((src|include)\/)?\w+\.[ch]$/,
  'build of the Trusted Application': /^ta\/(Makefile|sub\.mk)$/,
};

let tarball: string;
let content: string;
let files: string[];

beforeAll(async () => {
  tarball = await packPackage();
  const folder = freshFolder();
  execFileSync('tar', ['-xzf', tarball, '-C', folder]);
  content = path.join(folder, 'package');
  const names = readdirSync(content, { recursive: true, encoding: 'utf8' });
  files = names.filter((name) => statSync(path.join(content, name)).isFile());
}, SETUP_MS);

const read = (name: string) => readFileSync(path.join(content, name));

test('each file is expected, and all that is expected is there', () => {
  const kindsOf = (file: string) => Object.keys(EXPECTED).filter((kind) => EXPECTED[kind]?.test(file));
  expect(files.filter((file) => kindsOf(file).length !== 1)).toEqual([]);
  expect(new Set(files.flatMap(kindsOf))).toEqual(new Set(Object.keys(EXPECTED)));
});

test('nothing can be run by its name: commands become programs when npm installs them', () => {
  expect(files.filter((name) => (statSync(path.join(content, name)).mode & 0o111) !== 0)).toEqual([]);
});

test('nothing names this machine, its user, or a package registry', () => {
  const telling = [ROOT, `${os.homedir()}/`, '/tmp/', 'registry.npmjs', 'registry.yarnpkg'];
  const found = files.filter((file) => telling.some((text) => read(file).includes(text)));
  expect(found).toEqual([]);
});

test('the Trusted Application begins with its header, where OP-TEE before 4.0 looks for it, and names it', () => {
  const image = new ElfReader(read(`dist/ta/${TA}.stripped.elf`));
  const named = (wanted: string) => sectionsOf(image).filter(({ name }) => name === wanted);
  expect(named('.ta_head')).toMatchObject([{ address: 0, size: 32 }]);
  // From 4.0 on OP-TEE looks for it among the symbols.
  const names = named('.dynstr').map((section) => image.contents(section).toString('latin1'));
  expect(names).toEqual([expect.stringContaining('\0ta_head\0')]);
});

test('no script runs when it is installed, and nothing else is installed with it', () => {
  const manifest = JSON.parse(read('package.json').toString()) as Record<string, Record<string, string> | undefined>;
  const { scripts = {} } = manifest;
  expect(Object.keys(scripts).filter((name) => /^(pre|post)?install$|^prepare$/.test(name))).toEqual([]);
  expect(manifest.gypfile).toBe(false);
  for (const kind of ['dependencies', 'optionalDependencies', 'bundleDependencies', 'bundledDependencies']) {
    expect(manifest[kind]).toBeUndefined();
  }
});

test('every target of package.json is there', () => {
  const { main, types, exports, bin } = JSON.parse(read('package.json').toString()) as Record<string, unknown>;
  const texts = (value: unknown): string[] =>
    typeof value === 'string' ? [value] : Object.values(value as object).flatMap(texts);
  const targets = texts([main, types, exports, bin]);
  expect(targets.length).toBeGreaterThan(6);
  expect(targets.filter((target) => !existsSync(path.join(content, target)))).toEqual([]);
});

test('links of its documents lead somewhere', () => {
  const broken = files
    .filter((file) => file.endsWith('.md'))
    .flatMap((file) => {
      const links = [
        ...read(file)
          .toString()
          .matchAll(/\]\(([^)\s#]+)[^)]*\)/g),
      ].map(([, link = '']) => link);
      const local = links.filter((link) => !/^\w+:/.test(link)).map((link) => path.join(path.dirname(file), link));
      return local.filter((name) => !existsSync(path.join(content, name)));
    });
  expect(broken).toEqual([]);
});

test('packed again it has the same bytes', async () => {
  const digest = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');
  const first = digest(tarball);
  expect(digest(await packPackage())).toBe(first);
});

describe('npm refuses to pack or publish', () => {
  /** What npm says, which runs `prepack` for both. */
  const refusal = (): string => {
    try {
      execFileSync('npm', ['pack', '--pack-destination', freshFolder()], { cwd: ROOT, stdio: 'pipe' });
    } catch (error) {
      return (error as { stderr: Buffer }).stderr.toString();
    }
    throw new Error('npm has packed it');
  };

  test('with a file too many', () => {
    const leftover = path.join(ROOT, 'dist/leftover.js');
    writeFileSync(leftover, '');
    try {
      expect(refusal()).toMatch(
        /not expected by tools\/package\/contents\.mjs: dist\/leftover\.js\s+Run: npm run package/,
      );
    } finally {
      rmSync(leftover);
    }
  });

  test('with a file that is not what was built', () => {
    const file = path.join(ROOT, 'dist/sbom.cdx.json');
    const before = readFileSync(file);
    writeFileSync(file, '{}');
    try {
      expect(refusal()).toMatch(/Changed since the package was built: dist\/sbom\.cdx\.json\s+Run: npm run package/);
    } finally {
      writeFileSync(file, before);
    }
  });

  test('with a file too few', () => {
    const file = path.join(ROOT, 'dist/ta', `${TA}.ta`);
    const before = readFileSync(file);
    rmSync(file);
    try {
      expect(refusal()).toContain('not there: dist/ta/');
    } finally {
      writeFileSync(file, before);
    }
  });
});
