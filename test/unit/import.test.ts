// SPDX-License-Identifier: MIT
/** `optee-storage import`, in this process over the software TEE. */
import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseEnv } from 'node:util';
import fc from 'fast-check';

import { optee, type Ran } from './support/cli.js';
import { freshFolder } from './support/folders.js';
import { loadSoftTee } from './support/soft-tee.js';
import { Terminal } from './support/played-terminal.js';

const folder = freshFolder();

beforeAll(loadSoftTee, 120_000);
afterEach(async () => {
  await optee(['clear', '--all', '--yes']);
});

const imported = async (stdin: string | Buffer, ...args: string[]): Promise<Ran> => optee(['import', ...args], stdin);

/** Everything that is stored, as text. */
async function stored(): Promise<Record<string, string>> {
  const keys = JSON.parse((await optee(['list', '--json'])).stdout.toString()) as { key: string }[];
  const values: Record<string, string> = {};
  for (const { key } of keys) values[key] = (await optee(['get', key])).stdout.toString('latin1');
  return values;
}

/** A file that only this user can read. */
function file(name: string, content: string, mode = 0o600): string {
  const at = path.join(folder, name);
  writeFileSync(at, content);
  chmodSync(at, mode);
  return at;
}

describe('what is stored', () => {
  test('of JSON: text, and bytes as Base64', async () => {
    const text = '{ "db/password": "s3cret", "päß": "ä", "empty": "", "key": {"encoding": "base64", "value": "AP8="} }';
    expect(await imported(text)).toEqual({ code: 0, stdout: Buffer.from('4\n'), stderr: '' });
    expect(await stored()).toEqual({ 'db/password': 's3cret', päß: 'Ã¤', empty: '', key: '\0ÿ' });
  });

  test('of a dotenv file: quotes, comments, lines, export', async () => {
    const text = [
      '# comment with = and "',
      '',
      'PLAIN=value # comment',
      'export TOKEN=abc',
      "SINGLE='a # b \\n'",
      'DOUBLE="a\\nb"   # comment',
      'LINES="first',
      'OTHER=second',
      '"',
      'EMPTY=',
      'a/b.c-d=x=y',
    ].join('\n');
    expect(await imported(text)).toMatchObject({ code: 0, stderr: '' });
    expect(await stored()).toEqual({
      PLAIN: 'value',
      TOKEN: 'abc',
      SINGLE: 'a # b \\n',
      DOUBLE: 'a\nb',
      LINES: 'first\nOTHER=second\n',
      EMPTY: '',
      'a/b.c-d': 'x=y',
    });
  });

  test('the format is told by an option, the name, or the content', async () => {
    const json = '{"k": "json"}';
    for (const [args, stdin] of [
      [[file('a.json', json)], ''],
      [[file('unknown', ` \n${json}`)], ''],
      [['-'], json],
      [['--format', 'json'], json],
    ] as const) {
      expect(await imported(stdin, ...args)).toMatchObject({ code: 0 });
      expect(await stored()).toEqual({ k: 'json' });
    }
    expect(await imported('', file('.env.local', '{k=v'))).toMatchObject({ code: 0 });
    expect(await imported('X=Y\r\nZ="1"\r\n', '--format', 'dotenv')).toMatchObject({ code: 0 });
    expect(await stored()).toEqual({ k: 'json', '{k': 'v', X: 'Y', Z: '1' });
    expect(await imported('k=v', '--format', 'json')).toMatchObject({ code: 1 });
  });

  test('with a prefix, and a byte order mark left out', async () => {
    await imported('\ufeffA=1\nB=2', '--prefix', 'app/');
    expect(await stored()).toEqual({ 'app/A': '1', 'app/B': '2' });
  });

  test('a value of the largest size, and 1024 keys', async () => {
    expect(await imported(JSON.stringify({ k: '\n'.repeat(1024 * 1024) }))).toMatchObject({ code: 0 });
    const many = Object.fromEntries(Array.from({ length: 1024 }, (_, n) => [`n${String(n)}`, 'x']));
    expect((await imported(JSON.stringify(many))).stdout.toString()).toBe('1024\n');
  }, 30_000);

  test('of a dotenv text whatever Node reads, or it is refused', async () => {
    const { parseDotenv } = await import('../../src-ts/cli/commands/import/dotenv.js');
    const piece = fc.constantFrom('A', 'B', '=', '"', "'", '`', '\n', ' ', '#', 'x', '\\n', 'export ', '\r\n');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        // Node takes a last comment without a newline, or what follows a line of blanks, for the beginning of a key.
        const text = `${pieces.join('').replace(/^\s+/gm, '')}\n`;
        let entries: [string, string][];
        try {
          entries = [...parseDotenv(text)].map(({ key, value }) => [key, value.toString()]);
        } catch (error) {
          expect(error).toMatchObject({ code: 'ERR_INPUT' });
          return;
        }
        expect(Object.fromEntries(entries)).toEqual({ ...parseEnv(text) });
      }),
      { numRuns: 20_000 },
    );
  });
});

describe('what is told', () => {
  test('that the file still has the secrets, and who can read it', async () => {
    expect((await imported('', file('private.json', '{"k": "v"}'))).stderr).toBe(
      'optee-storage: the file still has the secrets in plain text\n',
    );
    const open = await imported('', file('open.json', '{"k": "v"}', 0o644));
    expect(open.stderr).toMatch(/^optee-storage: other users can read this file: its mode is 644\n.*plain text\n$/);
    expect((await imported('', '--json', file('open.json', '{"k": "v"}', 0o644))).stderr).toBe('');
    expect((await imported('{"k": "v"}')).stderr).toBe('');
  });

  test('sizes and keys by --dry-run, which stores nothing', async () => {
    const text = '{"b": "s3cret", "a": ""}';
    expect(await imported(text, '--dry-run', '--prefix', 'p/')).toEqual({
      code: 0,
      stdout: Buffer.from('6\tp/b\n0\tp/a\n'),
      stderr: '',
    });
    const { stdout } = await imported(text, '--dry-run', '--json');
    expect(JSON.parse(stdout.toString())).toEqual({
      wouldImport: [
        { key: 'b', size: 6 },
        { key: 'a', size: 0 },
      ],
    });
    expect(await stored()).toEqual({});
    expect(await imported('{"a": "1", "a": "2"}', '--dry-run')).toMatchObject({ code: 1 });
  });

  test('the same with --json where it is done', async () => {
    const { stdout } = await imported('{"k": "v"}', '--json');
    expect(JSON.parse(stdout.toString())).toEqual({ imported: [{ key: 'k', size: 1 }] });
  });
});

describe('all or none', () => {
  test('--if-absent stores nothing if one of the keys exists', async () => {
    await imported('{"b": "old"}');
    const { code, stderr } = await imported('{"a": "new", "b": "new"}', '--if-absent');
    expect([code, stderr]).toEqual([4, expect.stringContaining('import "b": the key exists already')]);
    expect(await stored()).toEqual({ b: 'old' });
    expect(await imported('{"a": "new", "b": "new"}')).toMatchObject({ code: 0 });
    expect(await stored()).toEqual({ a: 'new', b: 'new' });
  });

  test.each([
    [
      'more keys than a change can hold',
      Object.fromEntries(Array.from({ length: 1025 }, (_, n) => [`s3cret${String(n)}`, ''])),
      '1025 keys',
    ],
    [
      'more bytes than a change can hold',
      { a: 's3cret'.repeat(170_000), b: 's3cret'.repeat(30_000) },
      '2 keys, 1200034 bytes',
    ],
  ])('%s', async (_what, entries, message) => {
    const { code, stderr } = await imported(JSON.stringify(entries));
    expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
    expect(stderr).toContain('up to 1024 keys and 1152 KiB');
    expect(await stored()).toEqual({});
  });

  test('a value that is too large', async () => {
    const { code, stderr } = await imported(JSON.stringify({ a: '1', large: 'x'.repeat(1024 * 1024 + 1) }));
    expect([code, stderr]).toEqual([1, expect.stringContaining('import "large": the value is larger')]);
  });

  test.each([
    ['a key twice', '{"a": "s3cret", "a": "s3cret"}', 'import "a": the key occurs twice'],
    ['a key twice, written differently', '{"a": "s3cret", "\\u0061": "s3cret"}', 'import "a": the key occurs twice'],
    ['a key twice in a dotenv file', 'A=s3cret\nA=s3cret', 'import "A": the key occurs twice'],
    ['a number', '{"a": 1}', 'import "a": the value is neither'],
    [
      'an object with more in it',
      '{"a": {"encoding": "base64", "value": "", "x": "s3cret"}}',
      'import "a": the value is neither',
    ],
    [
      'what is no Base64',
      '{"a": {"encoding": "base64", "value": "s3cret!"}}',
      'import "a": the value is not valid Base64',
    ],
    ['half a surrogate pair', '{"a": "s3cret\\ud800"}', 'import "a": the value is not well-formed'],
    ['a key that is none', '{"k": "x", "s3cret\\n": "v"}', 'the key number 2 has a control character'],
    ['an array', '["s3cret"]', 'the JSON text is not an object'],
    ['what is no JSON', '{\n"a": s3cret\n}', 'it is no JSON: the fault is in line'],
    ['what ends too early', '{"a": "s3cret', 'it is no JSON'],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff]), 'not well-formed UTF-8'],
    ['nothing', '# only a comment\n', 'there is nothing to import'],
    ['a line without =', 'A=1\ns3cret value', 'line 2 is not of the form KEY=VALUE'],
    ['a line without a key', '=s3cret', 'line 1 is not of the form KEY=VALUE'],
    ['two words before =', 's3cret word=x', 'line 1 is not of the form KEY=VALUE'],
    ['a key that Node drops', '__proto__=s3cret', 'line 1 is not of the form KEY=VALUE'],
    ['a # that Node would cut at', 'A=s3#cret', 'line 1 has a # in a value without quotes'],
    ['a quote that is not closed', 'A=1\nB="s3cret\nC=2', 'line 2 has a quote that is not closed'],
    ['what stands after a quote', 'A="s3"cret', 'line 1 goes on after the closing quote'],
  ])('%s', async (_what, text, message) => {
    for (const more of [[], ['--json']]) {
      const { code, stdout, stderr } = await imported(text, ...more);
      expect([code, stdout.length]).toEqual([stderr.includes('INVALID_KEY') ? 2 : 1, 0]);
      expect(stderr.replaceAll('\\"', '"')).toContain(message);
      expect(stderr).not.toMatch(/s3|cret/);
    }
    expect(await stored()).toEqual({});
  });

  test('a file that is not there, or too large', async () => {
    expect(await imported('', path.join(folder, 'missing'))).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/import: ENOENT/) as string,
    });
    expect(await imported(`{"a": "${' '.repeat(9e6)}"}`)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('more than 8 MiB') as string,
    });
  });

  test('a terminal, where it would be shown', async () => {
    const { code, stderr } = await optee(['import'], new Terminal());
    expect([code, stderr]).toEqual([2, expect.stringContaining('give FILE')]);
  });
});
