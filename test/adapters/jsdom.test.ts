// SPDX-License-Identifier: MIT
/** The package in the tests of an application with a page: jest with the environment jsdom. */
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';

import { inSimulator, PACKAGES, ROOT, useFolder, usePackages } from './support/tools.js';

usePackages();
const folder = useFolder();

interface Report {
  readonly numPassedTests: number;
  readonly testResults: {
    readonly message: string;
    readonly assertionResults: { status: string; fullName: string; failureMessages: string[] }[];
  }[];
}

test('values, options, lists, signals and errors of a page work', async () => {
  const modules = path.join(folder.path, 'node_modules');
  mkdirSync(modules);
  symlinkSync(ROOT, path.join(modules, 'optee-secure-storage'), 'dir');
  const config = {
    rootDir: PACKAGES,
    testEnvironment: path.join(PACKAGES, 'node_modules/jest-environment-jsdom'),
    testMatch: ['<rootDir>/jsdom/*.spec.cjs'],
    modulePaths: [modules],
    transform: {},
    cacheDirectory: path.join(folder.path, 'cache'),
  };
  const report = path.join(folder.path, 'report.json');
  const jest = path.join(ROOT, 'node_modules/jest/bin/jest.js');
  const args = [jest, '--config', JSON.stringify(config), '--json', `--outputFile=${report}`];
  const { stderr } = await inSimulator(process.execPath, args, folder.path);
  const { testResults, numPassedTests } = JSON.parse(readFileSync(report, 'utf8')) as Report;
  const failed = testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status !== 'passed'),
  );
  expect({ failed, said: testResults.map(({ message }) => message).join('') }).toEqual({ failed: [], said: '' });
  expect({ numPassedTests, stderr }).toEqual({ numPassedTests: 25, stderr: expect.stringContaining('PASS') as string });
});
