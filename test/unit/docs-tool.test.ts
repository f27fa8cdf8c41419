// SPDX-License-Identifier: MIT
/** The parts of tools/docs that read and write Markdown. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';

import { freshFolder } from './support/folders.js';

const markdown = () => import('../../tools/docs/markdown.mjs');
const links = () => import('../../tools/docs/links.mjs');

describe('npx', () => {
  const strangers = async (text: string) => (await links()).strangersIn(text, 'ours');

  test.each(['npx other', 'a\nsudo npx --yes other put', 'printf x | npx -y @scope/other', "say('npx ours-too')"])(
    'may run a stranger’s package: %s',
    async (text) => {
      expect(await strangers(text)).toHaveLength(1);
    },
  );

  test.each(['npx ours put', 'npx --no other', 'npx --no-install other', 'without npx.', 'safe for npx: that'])(
    'runs ours, or what is installed: %s',
    async (text) => {
      expect(await strangers(text)).toEqual([]);
    },
  );

  test('is reported with its line', async () => {
    expect(await strangers('one\nnpx other')).toEqual([expect.stringMatching(/^2: "npx other"/)]);
  });
});

/** What is dead in a document beside one with headings. */
async function dead(text: string): Promise<string[]> {
  const { deadIn } = await links();
  const root = freshFolder();
  writeFileSync(
    path.join(root, 'other.md'),
    '# One\n\n## `two()` & more\n\n## One\n\n    ## code\n\n<a id="own"></a>\n',
  );
  writeFileSync(path.join(root, 'this.md'), text);
  return deadIn(path.join(root, 'this.md'), text, { root, scripts: ['test', 'build:ts'] });
}

test('headings get the anchors that GitHub gives them', async () => {
  const anchor = (await markdown()).anchors();
  const headings = ['A secret’s way', '.get()', 'SecureStorage.open()', '`ERR_TEE`', '[a](b) *c*', '.get()', 'x / y'];
  expect(headings.map(anchor)).toEqual([
    'a-secrets-way',
    'get',
    'securestorageopen',
    'err_tee',
    'a-c',
    'get-1',
    'x--y',
  ]);
});

test('what is there is found', async () => {
  const text = '# This\n[a](other.md), [b](#this), [`c`](other.md#two--more), [d](other.md#one-1), [e](other.md#own)\n';
  expect(await dead(`${text}[f](https://example.org/#x)\nnpm run test, npm run -s build:ts\n`)).toEqual([]);
});

test('what is not there is told with its line', async () => {
  const text = '# This\n\n[a](none.md)\n[b](#that)\n[c](other.md#code)\n[d](../x.md)\n\n[e]: gone.md\n';
  expect(await dead(`${text}npm run -s lost, node tools/lost.mjs\n`)).toEqual([
    '3: none.md is not there',
    '4: #that: there is no such heading',
    '5: other.md#code: there is no such heading',
    '6: ../x.md leads out of the repository',
    '8: gone.md is not there',
    '9: there is no "npm run -s lost"',
    '9: there is no "node tools/lost.mjs"',
  ]);
});

test('code is no link', async () => {
  expect(await dead('`[a](none.md)`\n\n```\n[b](none.md)\n```\n\n    [c](none.md)\n')).toEqual([]);
});

test('the cells of a table stay in their columns', async () => {
  const { table } = await markdown();
  expect(table(['a', 'b'], [['x | y', 'two\nlines \\| here']])).toBe(
    '| a | b |\n|---|---|\n| x \\| y | two lines \\| here |',
  );
});
