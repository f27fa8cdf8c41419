// SPDX-License-Identifier: MIT
/** The package's entry points and types, as the linters of packages and a strict user of TypeScript see them. */
import path from 'node:path';

import { install, MANAGERS } from './support/managers.js';
import { App, ensureTools, packPackage, SETUP_MS } from './support/place.js';

jest.setTimeout(180_000);

const ROOT = path.resolve(__dirname, '../..');

const PROGRAM = `
import { SecureStorage, isSecureStorageError, type StoreInfo } from 'optee-secure-storage';
import { getPassword } from 'optee-secure-storage/keytar';
import { MemoryTee } from 'optee-secure-storage/testing';

export async function main(): Promise<StoreInfo> {
  const store: SecureStorage = await SecureStorage.open({ backend: 'simulator' });
  const value: Buffer | null = await store.get('key');
  const text: string | null = await store.get('key', { encoding: 'utf8' });
  const all: Map<string, string> = await store.getMany(['a'], { encoding: 'utf8', required: true });
  const some: Map<string, Buffer | null> = await store.getMany(['a']);
  // @ts-expect-error -- without required there may be null
  const wrong: Map<string, Buffer> = await store.getMany(['a']);
  // @ts-expect-error -- numbers are no values
  await store.put('key', 5);
  const password: string | null = await getPassword('service', 'account');
  const tee: MemoryTee = await MemoryTee.create();
  await tee.close();
  if (isSecureStorageError(value)) throw new Error(text ?? password ?? \`\${value.code} \${value.retryable} \${all.size + some.size + wrong.size}\`);
  return store.info();
}
`;

let tools: string;
let tarball: string;

beforeAll(async () => {
  tools = await ensureTools();
  tarball = await packPackage();
}, SETUP_MS);

test('publint finds nothing, not even a suggestion', async () => {
  const app = new App();
  const printed = await app.node(path.join(tools, 'publint/src/cli.js'), '--strict', tarball);
  expect(printed).toContain('All good!');
});

test('types are right for every way to resolve modules, that of before exports included', async () => {
  const app = new App();
  const program = path.join(tools, '@arethetypeswrong/cli/dist/index.js');
  // keytar's functions are there by name as well as in the default export, so that both ways of importing find them.
  const ignored = ['--ignore-rules', 'cjs-only-exports-default'];
  const args = [tarball, '--exclude-entrypoints', './package.json', '--format', 'table-flipped', ...ignored];
  const printed = await app.node(program, ...args);
  expect(printed).toContain('No problems found');
});

/** The least version that README.md names, and the ones of these days. */
const COMPILERS: [string, () => string][] = [
  ['5.0, the least', () => path.join(tools, 'typescript-least/lib/tsc.js')],
  ['6', () => path.join(ROOT, 'node_modules/typescript/bin/tsc6')],
  ['7', () => path.join(ROOT, 'node_modules/typescript-7/bin/tsc')],
];

test.each(COMPILERS)(
  'a strict program compiles against it with TypeScript %s, as both kinds of module',
  async (_v, tsc) => {
    const app = new App();
    const [npm] = MANAGERS;
    if (npm === undefined) throw new Error('no manager');
    await install(app, npm, { tools, tarball });
    const files = ['main.mts', 'main.cts'];
    for (const file of files) app.write(file, PROGRAM);
    const options = [
      '--module',
      'nodenext',
      '--target',
      'es2022',
      '--strict',
      '--exactOptionalPropertyTypes',
      '--noEmit',
    ];
    const types = ['--types', 'node', '--typeRoots', path.join(ROOT, 'node_modules/@types')];
    await app.node(tsc(), ...options, ...types, '--lib', 'es2022', ...files);
  },
);
