// SPDX-License-Identifier: MIT
/** @param {string} name */
const project = (name) => ({
  displayName: name,
  testEnvironment: 'node',
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
  // import() stays as it is: it is how tests reach the ES modules in tools/ (with --experimental-vm-modules).
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'commonjs', ignoreDynamic: true },
      },
    ],
  },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/build/', '<rootDir>/.cache/'],
});

/** One project per kind of test; `npm test` runs them all, `npx jest --selectProjects unit` one of them. */
module.exports = { projects: [project('unit'), project('conformance'), project('native'), project('e2e')] };
