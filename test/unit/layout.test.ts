// SPDX-License-Identifier: MIT
/** The rooms of src-ts/: each rule of tools/layout/floors.mjs is kept, and what breaks one is found. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { root } from './support/soft-tee.js';

interface Layout {
  readonly measure: (folder: string) => unknown;
  readonly faultsOf: (layout: unknown) => string[];
}
interface Floors {
  readonly FLOORS: Readonly<Record<string, readonly string[]>>;
}
interface LintMessage {
  readonly ruleId: string | null;
  readonly message: string;
}
interface LayerRule {
  readonly files: readonly string[];
  readonly rules: Readonly<Record<'no-restricted-imports', readonly [string, unknown]>>;
}
type ESLint = new (options: object) => {
  calculateConfigForFile(file: string): Promise<{ rules: Partial<Record<string, readonly unknown[]>> }>;
  lintText(code: string, options: { filePath: string }): Promise<{ messages: LintMessage[] }[]>;
};

const layoutTool = async () => (await import('../../tools/layout.mjs')) as Layout;
const floors = async () => ((await import('../../tools/layout/floors.mjs')) as Floors).FLOORS;

/** The faults of a layout that consists of these files. */
async function faultsIn(files: Readonly<Record<string, string>>): Promise<string[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'optee-layout-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      writeFileSync(path.join(folder, name), text);
    }
    const { measure, faultsOf } = await layoutTool();
    return faultsOf(measure(folder));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('src-ts keeps to its layout', async () => {
  const { measure, faultsOf } = await layoutTool();
  expect(faultsOf(measure(path.join(root, 'src-ts')))).toEqual([]);
});

test.each([
  [
    'a circle',
    { 'util/a.ts': "import './b.js';", 'util/b.ts': "import './a.js';" },
    ['a circle: util/a.ts -> util/b.ts -> util/a.ts'],
  ],
  [
    'an import upward, of a type only',
    { 'util/a.ts': "import type { B } from '../tee/b.js';", 'tee/b.ts': 'export type B = 1;' },
    ['an import that its room may not have: util/a.ts -> tee/b.ts'],
  ],
  [
    'one side of the seam in the other',
    { 'simulator/a.ts': "export * from '../native/b.js';", 'native/b.ts': 'export {};' },
    ['an import that its room may not have: simulator/a.ts -> native/b.ts'],
  ],
  [
    'a lazy require',
    { 'errors/a.ts': "const b = () => require('../util/b.js');", 'util/b.ts': 'export {};' },
    ['a module required where only an import may be: errors/a.ts requires util/b.ts'],
  ],
  ['a room that nobody knows', { 'misc/a.ts': '' }, ['a room that tools/layout/floors.mjs does not know: misc']],
  ['one name for two files', { 'util/a.ts': '', 'tee/a.ts': '' }, ['a name that two files have: a.ts']],
  [
    'too many files beside the rooms',
    Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`store${String(index)}.ts`, ''])),
    expect.arrayContaining(['9 files beside the rooms, of 8 at most']) as string[],
  ],
])('%s is a fault', async (_name, files, faults) => {
  expect(await faultsIn(files)).toEqual(faults);
});

test('ESLint refuses each import that a room may not have, in the file where it is, and no other', async () => {
  const { ESLint } = require('eslint') as { ESLint: ESLint };
  const rows = await floors();
  // Only the rule in question: what needs types would compile everything for each scratch file.
  const { layerRules } = (await import('../../tools/layout/floors.mjs')) as unknown as { layerRules: LayerRule[] };
  const { parser } = require('typescript-eslint') as { parser: object };
  const linter = new ESLint({
    cwd: root,
    overrideConfigFile: true,
    overrideConfig: [{ files: ['**/*.ts'], languageOptions: { parser } }, ...layerRules],
  });
  const isFile = (room: string) => ['index', 'store', 'lazy-store'].includes(room);
  const wrong: string[] = [];
  for (const [room, below] of Object.entries(rows)) {
    const file = isFile(room) ? `src-ts/${room}.ts` : `src-ts/${room}/deep/scratch.ts`;
    const up = isFile(room) ? './' : '../../';
    const others = Object.keys(rows).filter((other) => other !== room);
    const target = (other: string) => (isFile(other) ? `${up}${other}.js` : `${up}${other}/x.js`);
    const code = others.map((other) => `import '${target(other)}';`).join('\n');
    const [result] = await linter.lintText(code, { filePath: path.join(root, file) });
    const refused = result?.messages.map(({ message }) => /must not import ([\w-]+)\./.exec(message)?.[1]).sort();
    const expected = others.filter((other) => !below.includes(other)).sort();
    if (JSON.stringify(refused) !== JSON.stringify(expected)) wrong.push(`${room}: ${String(refused)}`);
  }
  expect(wrong).toEqual([]);
});

test("these are rules of the project's own configuration", async () => {
  const { ESLint } = require('eslint') as { ESLint: ESLint };
  const { layerRules } = (await import('../../tools/layout/floors.mjs')) as unknown as { layerRules: LayerRule[] };
  const linter = new ESLint({ cwd: root });
  for (const { files, rules } of layerRules) {
    const file = files[0]?.replace('**/*', 'x') ?? '';
    const config = await linter.calculateConfigForFile(path.join(root, file));
    expect(config.rules['no-restricted-imports']?.[1]).toEqual(rules['no-restricted-imports'][1]);
  }
});

test('protocol and arguments use only node:util of Node.js', async () => {
  const { ESLint } = require('eslint') as { ESLint: ESLint };
  const { layerRules } = (await import('../../tools/layout/floors.mjs')) as unknown as { layerRules: LayerRule[] };
  const linter = new ESLint({
    cwd: root,
    overrideConfigFile: true,
    overrideConfig: [{ files: ['**/*.ts'] }, ...layerRules],
  });
  const messages = async (room: string, name: string) =>
    (await linter.lintText(`import '${name}';`, { filePath: path.join(root, `src-ts/${room}/x.ts`) }))[0]?.messages ??
    [];
  expect(await messages('protocol', 'node:fs')).toHaveLength(1);
  expect(await messages('protocol', 'node:util')).toEqual([]);
  expect(await messages('arguments', 'node:fs')).toHaveLength(1);
  expect(await messages('arguments', 'node:util')).toEqual([]);
  expect(await messages('util', 'node:fs')).toEqual([]);
});
