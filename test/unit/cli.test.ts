// SPDX-License-Identifier: MIT
/** The command line over the software TEE, in this process. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';

import { summaries } from '../../src-ts/cli/registry.js';
import { run } from '../../src-ts/cli/run.js';
import { SecureStorageError } from '../../src-ts/errors/error.js';
import { loadSoftTee, openSoftStore } from './support/soft-tee.js';
import { optee, recordingIo } from './support/cli.js';

beforeAll(loadSoftTee, 120_000);
afterEach(async () => {
  await optee(['clear', '--all', '--yes']);
});

const text = async (...args: string[]) => {
  const { code, stdout, stderr } = await optee(args);
  expect([code, stderr]).toEqual([0, '']);
  return stdout.toString();
};
const json = async (...args: string[]) => JSON.parse(await text(...args, '--json')) as unknown;

describe('put and get', () => {
  test('keep bytes as they are and print nothing else', async () => {
    const value = randomBytes(3000);
    expect(await optee(['put', 'k'], value)).toEqual({ code: 0, stdout: Buffer.alloc(0), stderr: '' });
    expect((await optee(['get', 'k'])).stdout.equals(value)).toBe(true);
  });

  test('a final newline is part of the value, unless it is trimmed', async () => {
    await optee(['put', 'k'], 'line\n');
    expect(await text('get', 'k')).toBe('line\n');
    for (const [given, kept] of [
      ['line\n', 'line'],
      ['line\r\n', 'line'],
      ['line\n\n', 'line\n'],
      ['line', 'line'],
      ['\n', ''],
    ] as const) {
      await optee(['put', 'k', '--trim', '--allow-empty'], given);
      expect(await text('get', 'k')).toBe(kept);
    }
    expect(await text('get', 'k', '--newline')).toBe('\n');
  });

  test('an empty value, such as a failed program leaves in a pipe, replaces nothing unless it is asked for', async () => {
    await optee(['put', 'k'], 'kept');
    for (const [args, given] of [
      [[], ''],
      [['--trim'], '\n'],
      [['--file', '/dev/null'], ''],
    ] as const) {
      const { code, stderr } = await optee(['put', 'k', ...args], given);
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('ERR_INPUT') as string });
      expect(stderr).toContain('--allow-empty');
      expect(await text('get', 'k')).toBe('kept');
    }
    expect(await optee(['put', 'k', '--allow-empty'], '')).toMatchObject({ code: 0 });
    expect(await text('get', 'k')).toBe('');
  });

  test('a value of the largest size, and one byte more', async () => {
    const value = randomBytes(1024 * 1024);
    expect(await optee(['put', 'k'], value)).toMatchObject({ code: 0 });
    expect((await optee(['get', 'k'])).stdout.equals(value)).toBe(true);
    const more = await optee(['put', 'k'], Buffer.alloc(1024 * 1024 + 1));
    expect(more).toMatchObject({ code: 1, stderr: expect.stringContaining('ERR_VALUE_TOO_LARGE') as string });
    expect(await optee(['put', 'k', '--trim'], Buffer.alloc(1024 * 1024 + 1, '\n'))).toMatchObject({ code: 0 });
  });

  test('endless input is not read to the end', async () => {
    async function* endless() {
      for (;;) yield await Promise.resolve(Buffer.alloc(65536));
    }
    expect(await optee(['put', 'k'], Readable.from(endless()))).toMatchObject({ code: 1 });
  });

  test('a value from a file', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'optee-cli-'));
    try {
      writeFileSync(path.join(folder, 'value'), 'from a file');
      await text('put', 'k', '--file', path.join(folder, 'value'));
      expect(await text('get', 'k')).toBe('from a file');
      const missing = await optee(['put', 'k', '--file', path.join(folder, 'missing')]);
      expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('ENOENT') as string });
      expect(await optee(['put', 'k', '--file', '-'], 'from -')).toMatchObject({ code: 0 });
      expect(await text('get', 'k')).toBe('from -');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('JSON: the value in Base64, whatever its bytes', async () => {
    await optee(['put', 'k'], 'text');
    expect(await json('get', 'k')).toEqual({
      key: 'k',
      revision: expect.any(Number) as number,
      size: 4,
      encoding: 'base64',
      value: 'dGV4dA==',
    });
    const put = await optee(['put', 'k', '--json'], 'x');
    expect(JSON.parse(put.stdout.toString())).toEqual({ key: 'k', revision: expect.any(Number) as number });
  });

  test('conditions, with exit code 4', async () => {
    expect(await optee(['put', 'k', '--if-absent'], '1')).toMatchObject({ code: 0 });
    expect(await optee(['put', 'k', '--if-absent'], '2')).toMatchObject({ code: 4 });
    const { revision } = (await json('stat', 'k')) as { revision: number };
    expect(await optee(['put', 'k', '--if-revision', String(revision)], '3')).toMatchObject({ code: 0 });
    expect(await optee(['put', 'k', '--if-revision', String(revision)], '4')).toMatchObject({ code: 4 });
    expect(await optee(['delete', 'k', '--if-revision', String(revision)])).toMatchObject({ code: 4 });
    expect(await text('get', 'k')).toBe('3');
  });
});

describe('what is not there has exit code 3', () => {
  test.each(['get', 'delete', 'stat'])('%s', async (command) => {
    const { code, stdout, stderr } = await optee([command, 'missing']);
    expect([code, stdout.length]).toEqual([3, 0]);
    expect(stderr).toMatch(/^optee-storage: \w+ "missing": there is no such key .*\[ERR_NOT_FOUND\]\n$/);
  });

  test('a word that is no command is not repeated', async () => {
    for (const args of [['s3cret'], ['s3cret', '--json']]) expect((await optee(args)).stderr).not.toContain('s3cret');
  });

  test('as JSON', async () => {
    const { code, stderr } = await optee(['get', 'missing', '--json']);
    expect(code).toBe(3);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'ERR_NOT_FOUND', operation: 'get', key: 'missing' } });
  });

  test('has, silently', async () => {
    expect(await optee(['has', 'missing'])).toEqual({ code: 3, stdout: Buffer.alloc(0), stderr: '' });
    const asJson = await optee(['has', 'missing', '--json']);
    expect([asJson.code, JSON.parse(asJson.stdout.toString())]).toEqual([3, { key: 'missing', exists: false }]);
    await optee(['put', 'there'], 'v');
    expect(await json('has', 'there')).toEqual({ key: 'there', exists: true });
  });
});

describe('the other commands', () => {
  test('list, stat, delete, clear', async () => {
    for (const key of ['a', 'b/1', 'b/2']) await optee(['put', key], key);
    expect(await text('list')).toBe('a\nb/1\nb/2\n');
    expect(await text('list', 'b/', '--limit', '1')).toBe('b/1\n');
    expect(await text('list', '--after', 'b/1')).toBe('b/2\n');
    expect(await text('list', '--long')).toMatch(/^1\t\d+\ta\n3\t\d+\tb\/1\n/);
    expect(await json('list', 'b/')).toMatchObject([{ key: 'b/1', size: 3 }, { key: 'b/2' }]);
    expect(await text('stat', 'a')).toMatch(/^size: 1\nrevision: \d+\n$/);
    expect(await text('delete', 'a')).toBe('');
    expect(await text('clear', 'b/', '--yes')).toBe('2\n');
    expect(await text('list')).toBe('');
    expect(await json('list')).toEqual([]);
  });

  test('generate stores, and prints only if asked', async () => {
    expect(await text('generate', 'k')).toBe('');
    expect((await optee(['get', 'k'])).stdout).toHaveLength(32);
    const printed = await optee(['generate', 'k', '--size', '8', '--print']);
    expect(printed.stdout).toHaveLength(8);
    expect((await optee(['get', 'k'])).stdout).toEqual(printed.stdout);
    const described = (await json('generate', 'j', '--print')) as { value: string };
    expect((await optee(['get', 'j'])).stdout.toString('base64')).toBe(described.value);
    expect(await optee(['generate', 'k', '--if-absent'])).toMatchObject({ code: 4 });
  });

  test('info and version', async () => {
    expect(await text('info')).toMatch(/^backend: optee\nsecure: true\n[^]*^limits\.key: 1024$/m);
    expect(await json('info')).toMatchObject({ domain: 'default', limits: { value: 1048576 } });
    expect(await text('version')).toMatch(
      /^package: \d[^]*^protocol: 1\nta: \d+\.\d+\.\d+ \(protocol 1, storage format 1\)$/m,
    );
    const absent = ['version', '--ta-uuid', '00000000-0000-4000-8000-000000000000'];
    expect(await text(...absent)).toContain('ta: not available (ERR_TA_NOT_FOUND)');
    expect(await json(...absent)).toMatchObject({ protocol: 1, ta: { error: 'ERR_TA_NOT_FOUND' } });
  });

  test('domain and group lead to other stores', async () => {
    await optee(['put', 'k'], 'default');
    expect(await optee(['get', 'k', '--domain', 'other'])).toMatchObject({ code: 3 });
    expect(await optee(['get', 'k', '--group', String(process.getegid?.())])).toMatchObject({ code: 3 });
    expect(await optee(['get', 'k', '--group', '54321'])).toMatchObject({ code: 5 });
    expect(await text('get', 'k', '--domain', 'default')).toBe('default');
  });
});

describe('wrong usage has exit code 2 and changes nothing', () => {
  test.each([
    [[], 'no command'],
    [['frobnicate'], 'no such command. See "optee-storage --help"'],
    [['ls'], 'no such command, but there is list'],
    [['gte', 'a'], 'but there is get.'],
    [['delet', 'a'], 'but there is delete.'],
    [['puts', 'a'], 'but there is put.'],
    [['--json', 'list'], 'the command comes first'],
    [['get'], 'KEY is missing. See "optee-storage get --help"'],
    [['ta', 'sign'], 'See "optee-storage ta sign --help"'],
    [['get', 'a', 'b'], 'too many arguments'],
    [['import', 'a', 'b'], 'too many arguments'],
    [['exec', '--env', 'A'], 'PROGRAM is missing'],
    [['exec', '--env', 'A', '--'], 'PROGRAM is missing'],
    [['exec', '--env', 'A', 'sh', '-c', 'x'], 'there is no option -c (those of the program come after --)'],
    [['get', 'a', '--frobnicate'], 'there is no option --frobnicate'],
    [['get', 'a', '--domain'], 'option --domain needs an argument'],
    [['get', 'a', '--newline=yes'], 'option --newline takes no argument'],
    [['get', 'a', '--timeout', '0'], '--timeout must be'],
    [['get', 'a', '--timeout', '1s'], '--timeout must be'],
    [['get', 'a', '--wait', '0'], '--wait must be'],
    [['get', 'a', '--wait', 'long'], '--wait must be'],
    [['get', 'a', '--wait', '3000000'], 'up to 2147483'],
    [['get', 'a', '--group', 'no-such-group'], '--group names a group'],
    [['get', 'a', '--ta-uuid', 'x'], '--ta-uuid must be a UUID'],
    [['get', 'a', '--domain', ''], 'received an empty string. See "optee-storage get --help"'],
    [['get', 'a', '--backend', 'simulator', '--simulator-dir', ''], '--simulator-dir must not be empty'],
    [['get', ''], 'the key is empty'],
    [['put', 'k', '--if-revision', '1.5'], '--if-revision must be a whole number'],
    [['put', 'k', '--if-revision', '1', '--if-absent'], 'exclude each other'],
    [['list', '--limit', '-1'], 'option --limit needs an argument'],
    [['generate', 'k', '--size', '0'], 'size must be'],
    [['clear'], 'give either PREFIX or --all'],
    [['clear', '', '--all', '--yes'], 'give either PREFIX or --all'],
    [['exec', '--env', 'A=', '--', 'true'], '--env A= names no key'],
    [['get', 'a', '--timeout', '3000000'], 'up to 2147483'],
    [['clear', 'p', '--all', '--yes'], 'give either PREFIX or --all'],
    [['clear', '--all'], 'confirm with --yes'],
    [['clear', 'p'], 'confirm with --yes'],
  ])('%j', async (args, why) => {
    const { code, stdout, stderr } = await optee(args, 'value');
    expect([code, stdout.length]).toEqual([2, 0]);
    expect(stderr).toContain(why);
    expect(await text('list')).toBe('');
  });

  test.each([
    ['as a second argument', ['put', 'k', 's3cret']],
    ['as an option', ['put', 'k', '--s3cret']],
    ['as the argument of an option', ['put', 'k', '--value=s3cret']],
    ['as the argument of an option that takes none', ['put', 'k', '--trim=s3cret']],
    ['as the key, by its control character', ['put', 's3cret\n']],
  ])('a secret %s is not repeated', async (_name, args) => {
    for (const more of [[], ['--json']]) {
      const { code, stderr } = await optee([...args, ...more], 'value');
      expect(code).toBe(2);
      expect(stderr).not.toContain('s3cret');
    }
    expect((await optee(['put', 'k', 's3cret'])).stderr).toContain('the value is never an argument');
  });

  test('as JSON', async () => {
    const { code, stderr } = await optee(['get', '--json']);
    expect([code, JSON.parse(stderr)]).toMatchObject([2, { error: { code: 'ERR_USAGE' } }]);
  });
});

describe('errors name the command, not the method that failed', () => {
  test.each([
    ['get', 'getEntry'],
    ['list', 'list'],
    ['info', 'open'],
  ] as const)('%s where %s() fails', async (command, operation) => {
    const fault = new SecureStorageError('ERR_TIMEOUT', { operation, key: operation === 'getEntry' ? 'k' : undefined });
    const { io, ran } = recordingIo('');
    const args = command === 'get' ? [command, 'k'] : [command];
    await run(args, io, { open: () => Promise.reject(fault) });
    await run([...args, '--json'], io, { open: () => Promise.reject(fault) });
    const [line, json] = ran().stderr.split('\n');
    expect(line).toContain(command === 'get' ? 'get "k": the TEE' : `optee-storage: ${command}: the TEE`);
    expect(JSON.parse(json ?? '')).toMatchObject({ error: { code: 'ERR_TIMEOUT', operation: command } });
  });
});

describe('what is not there, and what could not be entered', () => {
  test('a file', async () => {
    const { code, stderr } = await optee(['put', 'k', '--file', '/no/such/file']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/no such file.* Name a file that exists and may be read\. \[ERR_INPUT\]/);
  });
});

describe('keys that could act on a terminal', () => {
  const keys = ['a\u009b31m', 'b\u202e', 'ordinary ä \\'];

  test('are escaped there, and nowhere else', async () => {
    for (const key of keys) await optee(['put', key], 'v');
    const onTerminal = async (...args: string[]) => {
      const { io, ran } = recordingIo('');
      expect(await run(args, { ...io, isTerminal: true }, { open: openSoftStore })).toBe(0);
      return ran().stdout.toString();
    };
    expect(await onTerminal('list')).toBe('a\\u009b31m\nb\\u202e\nordinary ä \\\n');
    expect(await onTerminal('list', '--long')).toMatch(/^1\t\d+\ta\\u009b31m\n/);
    expect(await text('list')).toBe(keys.map((key) => `${key}\n`).join(''));
  });
});

describe('help', () => {
  test('by a letter too, like the version', async () => {
    expect(await text('-h')).toBe(await text('--help'));
    expect(await text('get', '-h')).toBe(await text('get', '--help'));
    expect(await text('-v')).toBe(await text('version'));
    expect(await text('help', 'get')).toBe(await text('get', '--help'));
    expect(await text('help')).toBe(await text('--help'));
    expect(await text('ta', '--help')).toBe(await text('--help'));
    expect(await text('ta', 'sign', '-h')).toContain('usage: optee-storage ta sign');
  });

  test('names what counts in the environment', async () => {
    for (const name of ['OPTEE_STORAGE_BACKEND', 'OPTEE_STORAGE_SIMULATOR_DIR']) {
      for (const args of [['--help'], ['get', '--help']]) expect(await text(...args)).toContain(name);
    }
  });

  test('names every command', async () => {
    const overview = await text('--help');
    for (const [name, summary] of Object.entries(summaries))
      expect(overview.replaceAll(/\s+/g, ' ')).toContain(` ${name} ${summary} `);
    expect(await text('help')).toBe(overview);
  });

  test.each(Object.keys(summaries))('of %s', async (name) => {
    const help = await text(name, '--help');
    expect(help).toContain(`usage: optee-storage ${name}`);
    expect(help).toMatch(/^ {2}--json .*$/m);
    expect(help.split('\n').every((line) => line.length <= 120)).toBe(true);
  });
});
