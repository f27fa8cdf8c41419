// SPDX-License-Identifier: MIT
/** `optee-storage import`, in this process over the software TEE. */
import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';

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
    expect(await imported(text, '--allow-empty')).toEqual({ code: 0, stdout: Buffer.from('4\n'), stderr: '' });
    expect(await stored()).toEqual({ 'db/password': 's3cret', päß: 'Ã¤', empty: '', key: '\0ÿ' });
  });

  test.each([
    ['dotenv', 'A=1\nEMPTY=\nB=2'],
    ['dotenv, in quotes', 'A=1\nEMPTY=""\n'],
    ['JSON', '{"A": "1", "EMPTY": ""}'],
    ['JSON, bytes', '{"EMPTY": {"encoding": "base64", "value": ""}}'],
  ])('but for an empty value, which mostly was forgotten: %s', async (_what, text) => {
    for (const how of [[], ['--dry-run']]) {
      const { code, stderr } = await imported(text, ...how);
      expect([code, stderr]).toEqual([1, expect.stringMatching(/"EMPTY": the value is empty.*--allow-empty/)]);
    }
    expect(await stored()).toEqual({});
    expect(await imported(text, '--allow-empty')).toMatchObject({ code: 0 });
    expect(await stored()).toMatchObject({ EMPTY: '' });
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
    expect(await imported(text, '--allow-empty')).toMatchObject({ code: 0, stderr: '' });
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
    expect(await imported(text, '--dry-run', '--allow-empty', '--prefix', 'p/')).toEqual({
      code: 0,
      stdout: Buffer.from('6\tp/b\n0\tp/a\n'),
      stderr: '',
    });
    const { stdout } = await imported(text, '--dry-run', '--allow-empty', '--json');
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
    ...[
      ['value', '"encoding": "base64", "value": "c3cret", "value": "czNj"'],
      ['value, written differently', '"encoding": "base64", "value": "c3cret", "v\\u0061lue": "czNj"'],
      ['value, the same', '"value": "czNj", "encoding": "base64", "value": "czNj"'],
      ['encoding', '"encoding": "base64", "encoding": "base64", "value": "czNj"'],
      ['another member', '"s3": "", "encoding": "base64", "s3": "", "value": "czNj"'],
      ['__proto__', '"__proto__": "", "encoding": "base64", "__proto__": "", "value": "czNj"'],
    ].map(([what = '', members = '']): [string, string, string] => [
      `a member of an entry twice: ${what}`,
      `{"b": "x", "a": {${members}}}`,
      'import "a": the value has a member twice',
    ]),
    [
      'a member that is no string',
      '{"a": {"encoding": "base64", "value": {"s3": 1}}}',
      'import "a": the value is neither',
    ],
    [
      'a member that is no value',
      '{"a": {"encoding": "base64", "__proto__": "czNj"}}',
      'import "a": the value is neither',
    ],
    ['a list', '{"a": ["s3cret"]}', 'import "a": the value is neither'],
    ['nothing for a value', '{"a": null}', 'import "a": the value is neither'],
    ['half a surrogate pair', '{"a": "s3cret\\ud800"}', 'import "a": the value is not well-formed'],
    ['a key that is none', '{"k": "x", "s3cret\\n": "v"}', 'the key number 2 has a control character'],
    ['an array', '["s3cret"]', 'the JSON text is not an object'],
    ...[
      ['a word', '{\n"a": s3cret\n}', 2],
      ['what ends in a string', '{"a": "s3cret', 1],
      ['what ends after an escape', '{"a": "s3cret\\"', 1],
      ['what ends after an entry', '{"a": "s3cret"\n\n', 3],
      ['a comma too many', '{"a": "s3cret",\n}', 2],
      ['a comma too few', '{"a": "s3cret"\n"b": ""}', 2],
      ['a key without quotes', '{a: "s3cret"}', 1],
      ['a key alone', '{"s3cret"}', 1],
      ['single quotes', "{'a': 's3cret'}", 1],
      ['a newline in a string', '{\n"a":\n"s3\ncret"}', 3],
      ['an escape that is none', '{"a":\n"s3\\cret\\x"}', 2],
      ['a comment', '{"a": "s3cret"} // c', 1],
      ['two texts', '{"a": "s3cret"}\n{"b": ""}', 2],
      ['another blank', '{\u00a0"a": "s3cret"}', 1],
    ].map(([what, text, line]): [string, string, string] => [
      `what is no JSON: ${String(what)}`,
      String(text),
      `it is no JSON: the fault is in line ${String(line)}`,
    ]),
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff]), 'not well-formed UTF-8'],
    ['nothing', '# only a comment\n', 'there is nothing to import'],
    ['a line without =', 'A=1\ns3cret value', 'line 2 is not of the form KEY=VALUE'],
    ['a line without a key', '=s3cret', 'line 1 is not of the form KEY=VALUE'],
    ['two words before =', 's3cret word=x', 'line 1 is not of the form KEY=VALUE'],
    ['a return between entries', 'A=s3\rB=cret\n', 'line 1 has a carriage return that ends no line'],
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

  test.each([
    ['escapes', `{"a": "${'\\n'.repeat(4e6 - 10)}"}`, 'ERR_VALUE_TOO_LARGE'],
    ['escaped backslashes', `{"a": "${'\\\\'.repeat(4e6 - 10)}"}`, 'ERR_VALUE_TOO_LARGE'],
    ['backslashes', `{"a": "${'\\'.repeat(8e6)}`, 'it is no JSON'],
    ['quotes', `{"a": "${'\\"'.repeat(4e6 - 10)}`, 'it is no JSON'],
    ['lists', `{"a": ${'['.repeat(8e6)}`, 'import "a": the value is neither'],
    ['lists alone', '['.repeat(8e6), 'it is no JSON'],
    ['objects', '{"a": '.repeat(1e6), 'import "a": the value is neither'],
    ['blanks before it', `${' '.repeat(8e6)}{"a": 1}`, 'import "a": the value is neither'],
    ['blanks in it', `{"a": ${'\n'.repeat(8e6)} 1}`, 'import "a": the value is neither'],
    ['a key', `{"${'x'.repeat(8e6)}": ""}`, 'ERR_KEY_TOO_LONG'],
    ['keys', `{${'"a": "",'.repeat(1e6)}`, 'import "a": the key occurs twice'],
  ])('a JSON text with millions of %s', async (_what, text, message) => {
    const { code, stderr } = await imported(text);
    expect(code).not.toBe(0);
    expect(stderr).toContain(message);
    expect(stderr.length).toBeLessThan(1000);
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
