// SPDX-License-Identifier: MIT
/** The command line as a process: standard streams, exit codes, storage that outlives it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { buildCommandLine, main, opteeProcess, shell, softEnvironment } from './support/cli.js';
import { buildSoftTee } from './support/soft-tee.js';

let storage: string;
let env: NodeJS.ProcessEnv;

beforeAll(() => {
  buildSoftTee();
  buildCommandLine();
}, 120_000);

beforeEach(() => {
  storage = mkdtempSync(path.join(tmpdir(), 'optee-cli-'));
  env = softEnvironment(storage);
});

afterEach(() => {
  rmSync(storage, { recursive: true });
});

test('what one process puts another gets', () => {
  expect(opteeProcess(['put', 'db/password'], env, 's3cret')).toEqual({ code: 0, stdout: Buffer.alloc(0), stderr: '' });
  expect(opteeProcess(['get', 'db/password'], env)).toEqual({ code: 0, stdout: Buffer.from('s3cret'), stderr: '' });
  expect(opteeProcess(['get', 'nothing'], env)).toMatchObject({ code: 3, stdout: Buffer.alloc(0) });
});

test('a large value comes through a pipe whole', () => {
  const value = Buffer.alloc(1024 * 1024, 'x');
  expect(opteeProcess(['put', 'k'], env, value).code).toBe(0);
  expect(opteeProcess(['get', 'k'], env).stdout.equals(value)).toBe(true);
});

test('keys that are not UTF-8 are refused, for Node.js would make one of them all', () => {
  const put = (key: string) => shell(`printf x | optee-storage put ${key}`, env);
  expect(put("$'\\xff'")).toMatchObject({ code: 2, stderr: expect.stringContaining('well-formed UTF-8') as string });
  expect(put("$'\\xef\\xbf\\xbd'").code).toBe(0);
  expect(opteeProcess(['list'], env).stdout.toString()).toBe('\ufffd\n');
});

test('a reader that goes away ends it quietly, as SIGPIPE would', () => {
  opteeProcess(['put', 'k'], env, Buffer.alloc(1024 * 1024, 'x'));
  const { stdout, stderr } = shell('optee-storage get k | head -c 3; echo " ${PIPESTATUS[0]}"', env);
  expect([stdout.toString(), stderr]).toEqual(['xxx 141\n', '']);
});

describe('standard output that was closed', () => {
  test.each([
    ['get k', 'x'],
    ['get k --json', 'x'],
    ['list', 'x'],
    ['stat k', 'x'],
    ['info', 'x'],
    ['generate k --print', 'x'],
    ['completion bash', 'x'],
    ['ta path', 'x'],
  ])('is an error of %s, which then changes nothing', (line, left) => {
    opteeProcess(['put', 'k'], env, 'x');
    const { code, stderr } = shell(`optee-storage ${line} >&-`, env);
    expect([code, stderr]).toEqual([1, expect.stringContaining('ERR_OUTPUT') as string]);
    expect(opteeProcess(['get', 'k'], env).stdout.toString()).toBe(left);
  });

  test.each([
    'printf y | optee-storage put k',
    'optee-storage generate k',
    'optee-storage delete k',
    'optee-storage has k',
  ])('is none of %s, which does something else', (line) => {
    opteeProcess(['put', 'k'], env, 'x');
    expect(shell(`${line} >&-`, env).code).toBe(0);
  });

  test('is not what leads to /dev/null', () => {
    opteeProcess(['put', 'k'], env, 'x');
    expect(shell('optee-storage get k > /dev/null', env).code).toBe(0);
    expect(spawnSync(process.execPath, [main, 'get', 'k'], { env, stdio: 'ignore' }).status).toBe(0);
  });
});

test.each(['put k', 'put k --allow-empty', 'import', 'import --format json'])(
  'a directory as input of %s is refused as one',
  (line) => {
    const { code, stderr } = shell(`optee-storage ${line} < /`, env);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/directory.*\[ERR_INPUT\]/) as string]);
  },
);

test('output that cannot be written is an error with its code', () => {
  for (const [line, text] of [
    ['optee-storage --help > /dev/full', '[ERR_OUTPUT]'],
    ['optee-storage list --json > /dev/full', '"code":"ERR_OUTPUT"'],
  ] as const) {
    opteeProcess(['put', 'k'], env, 'x');
    const { code, stderr } = shell(line, env);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/standard output could not be written: ENOSPC.*Make room/),
    ]);
    expect(stderr).toContain(text);
  }
});

test('without libteec every command that needs it says so with exit code 5, and waits for nothing', () => {
  const without = { ...process.env, LD_LIBRARY_PATH: storage };
  // A command that waited for its time to be up would outlive this test.
  const { code, stdout, stderr } = opteeProcess(['list', '--timeout', '3600'], without);
  expect([code, stdout.length]).toEqual([5, 0]);
  expect(stderr).toContain('[ERR_NO_LIBTEEC]');
  expect(opteeProcess(['version'], without)).toMatchObject({ code: 0, stderr: '' });
});

test('the package is loaded as a CommonJS and as an ES module, as one and the same', () => {
  const esm = "import { SecureStorage as S } from './dist/index.js'; import { createRequire } from 'node:module';";
  const same = `${esm} process.exit(S === createRequire(import.meta.url)('./index.js').SecureStorage ? 0 : 1)`;
  const script = same.replaceAll('./dist/index.js', path.resolve('dist/index.js'));
  const line = script.replace("'./index.js'", `'${path.resolve('dist/index.js')}'`);
  expect(shell(`'${process.execPath}' --input-type=module -e "${line}"`, env)).toMatchObject({ code: 0, stderr: '' });
});
