// SPDX-License-Identifier: MIT
/** The examples of README.md and of documents, carried out in a TEE in memory. */
import assert from 'node:assert';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { compileFunction } from 'node:vm';

import { isSecureStorageError } from '../../src-ts/index.js';
import { MemoryTee } from '../../src-ts/testing/index.js';

const ROOT = path.resolve(__dirname, '..', '..');

/** What the examples use without saying where it comes from. */
const surroundings = {
  assert,
  randomBytes,
  isSecureStorageError,
  MemoryTee,
  connect() {},
  join() {},
  fresh: 'new',
  secret: 'x',
};

/** Examples in JavaScript, without the lines that load the package. */
function examplesOf(file: string): [string, string][] {
  const text = readFileSync(path.join(ROOT, file), 'utf8');
  const blocks = [...text.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code);
  return blocks.map((code) => {
    const body = code.replace(/^(const \{.*\} = require\(|import .* from )'optee-secure-storage.*$/gm, '');
    return [body.trim().split('\n', 1)[0] ?? '', body];
  });
}

let tee: MemoryTee;
beforeAll(async () => {
  tee = await MemoryTee.create();
  const store = await tee.open();
  await store.batch([
    { type: 'put', key: 'db/url', value: 'db.example' },
    { type: 'put', key: 'db/password', value: 'before' },
    { type: 'put', key: 'counter', value: '1' },
    { type: 'put', key: 'wifi/home', value: 's3cret' },
    { type: 'put', key: 'db/old-password', value: 'before' },
  ]);
});
afterAll(() => tee.close());

describe.each(['README.md', 'docs/services.md', 'docs/api.md', 'docs/errors.md'])('the examples of %s', (file) => {
  const examples = examplesOf(file);

  test('are there', () => {
    expect(examples).not.toHaveLength(0);
  });

  test.each(examples)('%s', async (_first, code) => {
    const store = await tee.open();
    // A condition is met, whatever the example before has stored.
    if (code.includes('ifAbsent'))
      await store.clear({ confirm: true, prefix: code.includes('device/key') ? 'device/' : 'db/password' });
    const given = { ...surroundings, SecureStorage: { open: (options?: object) => tee.open(options) } };
    // An example that opens a store itself has its own name for it.
    const names = { ...given, ...(/const store\b/.test(code) ? {} : { store }) };
    const run = compileFunction(`return (async () => {\n${code}\n})();`, Object.keys(names));
    await (run as (...values: unknown[]) => Promise<void>)(...Object.values(names));
    await store.close();
  });
});
