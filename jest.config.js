// SPDX-License-Identifier: MIT
/** @param {string} name @param {string[]} tests the files, as patterns below test/ */
const project = (name, tests = [`${name}/**/*.test.ts`]) => ({
  displayName: name,
  testEnvironment: 'node',
  testMatch: tests.map((pattern) => `<rootDir>/test/${pattern}`),
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

/** What the addon does, run once more under each sanitizer, and proof that a sanitizer sees what goes wrong. */
const sanitizers = [
  'native/{deadlines,lifecycle,parameters,surroundings,hostile,store}.test.ts',
  'native/sanitized/*.test.ts',
];

/** Files of test/e2e that are a kind of their own, which tools/test.mjs runs beside the rest of them. */
const attacks = 'attacks|limits';

/** One project per kind of test; `npm test` runs them all, `npx --no jest --selectProjects unit` one of them. */
module.exports = {
  // On a busy machine everything takes many times as long; what hangs is seen all the same.
  testTimeout: 60_000,
  projects: [
    project('unit'),
    project('conformance'),
    project('native', ['native/*.test.ts']),
    project('adapters'),
    project('sanitizers', sanitizers), // by tools/sanitizers.mjs
    project('package'),
    project('attacks', [`e2e/@(${attacks}).test.ts`]),
    project('e2e', [`e2e/!(${attacks}).test.ts`]),
    project('faults'), // by tools/faults.mjs, for hours
    project('versions'), // by tools/versions.mjs
    project('windows'), // by tools/windows.mjs
  ],
};
