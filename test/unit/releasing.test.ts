// SPDX-License-Identifier: MIT
/** What maintainers rely on: one version everywhere, a changelog in its form, commands in workflows that exist. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '../..');
const read = (name: string) => readFileSync(path.join(ROOT, name), 'utf8');
interface Manifest {
  readonly version: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}
const manifest = (name: string) => JSON.parse(read(name)) as Manifest;
const { version, scripts = {} } = manifest('package.json');

/** What is wrong with the form of a changelog. */
function faultsOf(changelog: string): string[] {
  const sections = ['Added', 'Changed', 'Fixed', 'Security', 'Trusted Application'];
  const versions = changelog.split(/^## /m).slice(1);
  return versions.flatMap((text, at) => {
    const [heading = '', ...lines] = text.split('\n');
    const names = lines.flatMap((line) => /^### (.*)/.exec(line)?.[1] ?? []);
    const places = names.map((name) => sections.indexOf(name));
    const dated = /^\d+\.\d+\.\d+ \(\d{4}-\d\d-\d\d\)$/.test(heading);
    return [
      ...(dated || (at === 0 && /^\d+\.\d+\.\d+ \(unreleased\)$/.test(heading)) ? [] : [`heading: ${heading}`]),
      ...(places.includes(-1) || places.some((place, index) => place <= (places[index - 1] ?? -1))
        ? [`sections: ${names.join()}`]
        : []),
      ...(/^### .*\n+(?=###|$(?![^]))/m.test(text) ? ['an empty section'] : []),
    ];
  });
}

test('the changelog has its form, and begins with the version of the package', () => {
  expect(faultsOf(read('CHANGELOG.md'))).toEqual([]);
  expect(/^## (\S+)/m.exec(read('CHANGELOG.md'))?.[1]).toBe(version);
});

test.each([
  ['another section', '## 1.0.0 (unreleased)\n\n### New\n* x\n'],
  ['sections in another order', '## 1.0.0 (unreleased)\n\n### Fixed\n* x\n\n### Added\n* y\n'],
  ['a section twice', '## 1.0.0 (unreleased)\n\n### Fixed\n* x\n\n### Fixed\n* y\n'],
  ['an empty section', '## 1.0.0 (unreleased)\n\n### Added\n\n### Fixed\n* y\n'],
  ['an older version without a date', '## 1.0.1 (2026-01-01)\n\n### Fixed\n* x\n\n## 1.0.0 (unreleased)\n'],
  ['a version without a date', '## 1.0.0\n'],
])('%s is no such form', (_what, text) => {
  expect(faultsOf(text)).toHaveLength(1);
});

test('examples and the recipe have the version of the package', () => {
  const examples = readdirSync(path.join(ROOT, 'examples'), { recursive: true, encoding: 'utf8' });
  const manifests = examples.filter((name) => name.endsWith('package.json') && !name.includes('node_modules'));
  expect(manifests.length).toBeGreaterThan(1);
  for (const name of manifests) {
    const example = manifest(path.join('examples', name));
    expect([name, example.version, example.dependencies?.['optee-secure-storage']]).toEqual([
      name,
      version,
      `^${version}`,
    ]);
  }
  expect(examples.filter((name) => name.endsWith(`_${version}.bb`))).toHaveLength(1);
});

test('workflows say that they are untried, and run scripts that exist', () => {
  const names = readdirSync(path.join(ROOT, '.github/workflows'));
  expect(names.length).toBeGreaterThan(1);
  for (const name of names) {
    const text = read(`.github/workflows/${name}`);
    expect(text).toMatch(/^# UNTRIED: /m);
    const called = [...text.matchAll(/^ *- run: npm (?:run )?([a-z][\w:-]*)/gm)].map(([, script = '']) => script);
    const own = called.filter((script) => !['install', 'publish'].includes(script));
    expect(own.filter((script) => !(script in scripts))).toEqual([]);
    expect(own).toContain('test');
  }
  expect(read('.github/workflows/release.yml')).toMatch(/npm run package[^]*npm publish --provenance/);
});

test('the form for issues asks for what doctor and version print', () => {
  const form = read('.github/ISSUE_TEMPLATE/problem.yml');
  for (const command of ['doctor --json', 'version --json']) expect(form).toContain(`optee-storage ${command}`);
  expect(form.match(/required: true/g)?.length).toBeGreaterThanOrEqual(4);
  expect(form).toContain('SECURITY.md');
});
