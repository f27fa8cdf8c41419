// SPDX-License-Identifier: MIT
/** keytar's functions as a program has them: every way to import them, and a process that ends by itself, keytar's types. */
import { ROOT, inSimulator, useFolder } from './support/tools.js';

jest.setTimeout(120_000);
const folder = useFolder();

/** Stores and reads; what it does last is to leave the store open. */
const use = `
  await keytar.setPassword('app', 'alice', 's3cret');
  process.stdout.write(JSON.stringify([await keytar.getPassword('app', 'alice'), await keytar.findCredentials('app')]));
`;
const printed = JSON.stringify(['s3cret', [{ account: 'alice', password: 's3cret' }]]);

test.each([
  ['import * as', 'module', `import * as keytar from 'optee-secure-storage/keytar'; ${use}`],
  ['import of the default', 'module', `import keytar from 'optee-secure-storage/keytar'; ${use}`],
  [
    'import of names',
    'module',
    `import { setPassword, getPassword, findCredentials } from 'optee-secure-storage/keytar';
     const keytar = { setPassword, getPassword, findCredentials }; ${use}`,
  ],
  ['require', 'commonjs', `const keytar = require('optee-secure-storage/keytar'); (async () => { ${use} })();`],
  [
    'default as compilers to CommonJS take it',
    'commonjs',
    `const keytar = require('optee-secure-storage/keytar').default; (async () => { ${use} })();`,
  ],
])('%s: the functions work, and the process ends though the store stays open', async (_name, type, program) => {
  const args = [`--input-type=${type}`, '-e', program];
  const { code, stdout, stderr } = await inSimulator(process.execPath, args, folder.path, ROOT);
  expect({ code, stdout, stderr }).toMatchObject({ code: 0, stdout: printed });
});

test('a store that could not be opened is tried again by the next call', async () => {
  const program = `
    import * as keytar from 'optee-secure-storage/keytar';
    const backend = process.env.OPTEE_STORAGE_BACKEND;
    process.env.OPTEE_STORAGE_BACKEND = 'no such';
    const { code } = await keytar.getPassword('app', 'alice').catch((error) => error);
    process.env.OPTEE_STORAGE_BACKEND = backend;
    process.stdout.write(JSON.stringify([code, await keytar.getPassword('app', 'alice')]));
  `;
  const args = ['--input-type=module', '-e', program];
  const { stdout } = await inSimulator(process.execPath, args, folder.path, ROOT);
  expect(JSON.parse(stdout)).toEqual(['ERR_INVALID_ARG', null]);
});
