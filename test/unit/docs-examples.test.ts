// SPDX-License-Identifier: MIT
/** The examples of README.md and of documents, carried out in a TEE in memory. */
import assert from 'node:assert';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { compileFunction } from 'node:vm';

import { isSecureStorageError, SecureStorage } from '../../src-ts/index.js';
import { keytarOver } from '../../src-ts/keytar/index.js';
import { KeyvSecureStorage } from '../../src-ts/keyv/index.js';
import { MemoryTee } from '../../src-ts/testing/index.js';
import { freshFolder } from './support/folders.js';

const ROOT = path.resolve(__dirname, '..', '..');

/** What the examples use without saying where it comes from. */
const surroundings = {
  assert,
  randomBytes,
  isSecureStorageError,
  MemoryTee,
  keytarOver,
  connect() {},
  join() {},
  // What they print, and when they would be called, is not what is tried here.
  console: { log() {}, error() {} },
  process: { once() {} },
  afterEach() {},
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

const simulated = { backend: 'simulator', simulator: { directory: freshFolder() } } as const;
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
    // Faults that an example orders must not happen to another one.
    const own = /\btee\./.test(code) ? await MemoryTee.create() : tee;
    const store = await own.open();
    // A condition is met, whatever the example before has stored.
    if (code.includes('ifAbsent'))
      await store.clear({ confirm: true, prefix: code.includes('device/key') ? 'device/' : 'db/password' });
    const given = {
      ...surroundings,
      SecureStorage: {
        open: (options?: object) => own.open(options),
        isAvailable: () => SecureStorage.isAvailable(simulated),
        diagnose: () => SecureStorage.diagnose(simulated),
      },
      adapter: new KeyvSecureStorage({ store }),
    };
    // An example that opens a store itself has its own name for it.
    const names = {
      ...given,
      ...(/const store\b/.test(code) ? {} : { store }),
      ...(/const tee\b/.test(code) ? {} : { tee: own }),
    };
    const run = compileFunction(`return (async () => {\n${code}\n})();`, Object.keys(names));
    await (run as (...values: unknown[]) => Promise<void>)(...Object.values(names));
    await store.close();
    if (own !== tee) await own.close();
  });
});
