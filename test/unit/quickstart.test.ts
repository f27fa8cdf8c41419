// SPDX-License-Identifier: MIT
/** examples/quickstart: ten lines that run as they are. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { buildCommandLine, opteeProcess } from './support/cli.js';
import { Service, useExample } from './support/example.js';
import { freshFolder } from './support/folders.js';

const folder = useExample('quickstart');
beforeAll(buildCommandLine);

test('the quickstart stores, reads, and leaves nothing', async () => {
  const env = { OPTEE_STORAGE_BACKEND: 'simulator', OPTEE_STORAGE_SIMULATOR_DIR: freshFolder() };
  const { code, text } = await new Service(folder, ['quickstart.mjs'], env).ended;
  expect([code, text]).toEqual([0, expect.stringContaining('stored and read again: 6 bytes')]);
  expect(text).not.toContain('s3cret');
  expect(opteeProcess(['list'], { ...process.env, ...env }).stdout.toString()).toBe('');
});

test('is short', () => {
  const lines = readFileSync(path.join(folder, 'quickstart.mjs'), 'utf8').split('\n');
  expect(lines.filter((line) => line !== '' && !line.startsWith('//')).length).toBeLessThanOrEqual(10);
});
