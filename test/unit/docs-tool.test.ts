// SPDX-License-Identifier: MIT
/** The parts of tools/docs that read and write Markdown. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { freshFolder } from './support/folders.js';

const ROOT = path.resolve(__dirname, '../..');
const markdown = () => import('../../tools/docs/markdown.mjs');
const links = () => import('../../tools/docs/links.mjs');

describe('commands that fetch packages', () => {
  const strangers = async (text: string) =>
    (await import('../../tools/docs/strangers.mjs')).strangersIn(text, 'ours', ['ours', 'program']);

  test.each([
    'npx other',
    'a\nsudo npx --yes other put',
    'printf x | npx -y @scope/other',
    "say('npx ours-too')",
    'npx  program put',
    'npx\tprogram',
    'npx \\\n  program put',
    '(npx program)',
    '`npx program`',
    'npx "program"',
    "npx 'program' put",
    'npx Program',
    'npx program@1.0',
    'npx --yes=true program',
    'npx --no=false program',
    'npx -- program',
    'npx --package=program put',
    'npx --package program put',
    'npx -p ours -p program put',
    'say(`npx ${name} put`)',
    'npx $PROGRAM',
    'npx -p program -c put',
    'npm exec program',
    'npm  exec -- program put',
    'npm x program',
    'pnpm dlx program',
    'pnpx program',
    'yarn dlx program',
    'bunx program',
    'bun x program',
    'ExecStart=/usr/bin/env npx program',
    "spawn('npx', ['program', 'put'])",
    'execFile("npm", ["exec", "--", "program"])',
    'npm install program',
    'npm i -g program',
    'sudo npm install --global ours program',
    'yarn global add program@latest',
    'sudo npx ours',
    'sudo -E npx ours',
    'sudo npm exec ours',
    'sudo npx --no program',
  ])('may run what is not ours: %j', async (text) => {
    expect((await strangers(text)).length).toBeGreaterThan(0);
  });

  test.each([
    'npx ours put',
    'npx ours@1.0 put',
    'npx -y ours',
    '`npx ours`',
    'npx --no other',
    'npx --no-install other',
    'npx --no=true other',
    'npx --package=ours program put',
    'npx -p ours program',
    "npx -c 'program put'",
    'npm exec --no -- program',
    'npm exec ours',
    "spawn('npx', ['--no-install', ...command])",
    "spawn('npm', ['test'])",
    'npm install ours',
    'npm install --save-dev other',
    'sudo npm install --global ours',
    'sudo program put',
    'node_modules/.bin/npx-like other',
    'without npx.',
    'safe for npx: that',
  ])('runs ours, or what is installed: %j', async (text) => {
    expect(await strangers(text)).toEqual([]);
  });

  test('are reported with their lines, in their order', async () => {
    expect(await strangers('one\nnpx other\nsudo npx ours\nnpm exec other')).toEqual([
      expect.stringMatching(/^2: "npx other"/),
      expect.stringMatching(/^3: root/),
      expect.stringMatching(/^4: "npm exec other"/),
    ]);
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

test('the picture of the doctor’s chain has every link, in its order, and those of the simulator', async () => {
  const { checkIds } = await import('../../src-ts/doctor/diagnosis.js');
  const { checksOf } = await import('../../src-ts/doctor/chain.js');
  const page = readFileSync(path.join(ROOT, 'docs/troubleshooting.md'), 'utf8');
  const [, picture = ''] = /^```mermaid\n([^]*?)^```$/m.exec(page) ?? [];
  const rows = picture.split('\n').filter((line) => line.startsWith('    '));
  const links = rows.flatMap((row) => row.trim().split(' --> ')).map((link) => /\["(.+)"\]/.exec(link)?.[1] ?? link);
  expect(links).toEqual(checkIds.filter((id) => id !== 'simulator'));
  const [, simulated = ''] = /With the simulator the links are ([^.]+)\./.exec(page) ?? [];
  expect([...simulated.matchAll(/`([\w-]+)`/g)]).toHaveLength(checksOf.simulator.length);
});

test('the report on reliability begins with figures of the records', async () => {
  const { figures } = await import('../../tools/faults/report.mjs');
  const page = readFileSync(path.join(ROOT, 'docs/reliability.md'), 'utf8');
  const [, digest = ''] = /of the whole run, on the digest (\w+)\./.exec(page) ?? [];
  const shown = figures(path.join(ROOT, 'test/faults/records', digest));
  expect(shown).toMatch(/^\| \*\*[\d ]+\*\* \|/);
  expect(page.split('\n\n')[1]).toBe(shown);
});

describe('words', () => {
  const found = async (text: string) => (await import('../../tools/docs/words.mjs')).hardToRead(text);
  const many = (count: number) => Array.from({ length: count }, (_, index) => `w${String(index)}`).join(' ');

  test.each([
    ['30 words', `${many(30)}.`, 0],
    ['31 words', `${many(31)}.`, 1],
    ['two sentences', `${many(20)}. And ${many(20)}.`, 0],
    ['a sentence over two lines', `${many(16)}\n${many(16)}.`, 1],
    ['two items of a list', `* ${many(20)}\n* ${many(20)}`, 0],
    ['an item over two lines', `* ${many(20)}\n  ${many(20)}`, 1],
    ['cells of a table', `| a | b |\n|---|---|\n| ${many(20)} | ${many(20)} |`, 0],
    ['one cell', `| a | b |\n|---|---|\n| ${many(31)} | b |`, 1],
    ['items in a cell', `| a | b |\n|---|---|\n| ${many(20)}; ${many(20)} | b |`, 0],
    ['fenced code', `\`\`\`\n${many(40)}\n\`\`\``, 0],
    ['indented code', `text\n\n    ${many(40)}\n\ntext`, 0],
    ['code in a line, which is one word', `${many(29)} \`${many(9)}\`.`, 0],
    ['a link, whose address does not count', `${many(29)} [w](${many(9).replaceAll(' ', '/')}).`, 0],
    ['a comment', `<!-- ${many(40)} -->`, 0],
    ['a heading', `# ${many(40)}`, 0],
    ['a sentence that begins with a link in lower case', `${many(20)}. [a/b](x) ${many(20)}.`, 0],
    ['numbers with a point', `3.16 ${many(15)} 4.2 ${many(14)}.`, 1],
  ])('%s', async (_what, text, long) => {
    expect((await found(text)).long).toHaveLength(long);
  });

  test.each([
    'It fails amid a call.',
    'It was mended.',
    'It begins anew.',
    'Take care lest it fails.',
    'It was come across.',
    'By way of a pipe.',
    'Whoever may write.',
    'Do whatever you like.',
    'Wherever it is.',
    'Two copies, of which one is lost.',
    'Only if it is asked for by name.',
    'The board must be booted.',
    'It does not keep the process from ending.',
    'OP-TEE is told so.',
    "It can't be read.",
    'It doesn’t matter.',
    '| a | b |\n|---|---|\n| x | made anew |',
  ])('%s has a word to avoid', async (text) => {
    expect((await found(text)).avoided).toHaveLength(1);
  });

  test.each([
    'It is recommended, amidships.',
    'The last one, at least.',
    'The board must be rebooted.',
    'It is `whatever amid` code.',
    'It cannot be read; the user’s own.',
    '* sweep, 232: "what a record says amid its quotes". More of it.',
  ])('%s has none', async (text) => {
    expect((await found(text)).avoided).toEqual([]);
  });
});
