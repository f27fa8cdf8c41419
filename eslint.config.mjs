// SPDX-License-Identifier: MIT
// @ts-check
import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';
import { layerRules } from './tools/layout/floors.mjs';

const standardOutputs = ['stdout', 'stderr'].map((property) => ({
  object: 'process',
  property,
  message: 'Commands write with their Io; what is written elsewhere needs harmless() and a word why.',
}));

/** TypeScript is checked with types by test/tsconfig.json; tools and configuration are plain JavaScript. */
export default tseslint.config(
  { ignores: ['dist/', 'build/', 'coverage/', '.cache/', 'node_modules/', 'prebuilds/', 'test/adapters/types/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  eslint.configs.recommended,
  {
    files: ['src-ts/**/*.ts', 'test/**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { project: './test/tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      // Modules that few runs need are required where they are used: boards start slowly.
      '@typescript-eslint/no-require-imports': 'off',
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  ...layerRules,
  {
    // What is printed goes by way of util/visible, which makes it harmless for a terminal.
    files: ['src-ts/**/*.ts'],
    ignores: ['src-ts/cli/**'],
    rules: { 'no-restricted-properties': ['error', ...standardOutputs] },
  },
  {
    files: ['src-ts/cli/**/*.ts'],
    ignores: ['src-ts/cli/terminal/io.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        ...standardOutputs,
        { object: 'JSON', property: 'stringify', message: 'Io.writeJson(), jsonLine() and quoted() make it harmless.' },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // expect(...).rejects and fast-check's assert are awaited by their callers; empty functions stand for listeners.
      '@typescript-eslint/no-empty-function': 'off',
    },
  },
  {
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        Buffer: 'readonly',
        URL: 'readonly',
        module: 'writable',
        require: 'readonly',
        __dirname: 'readonly',
        __filename: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        setInterval: 'readonly',
        clearInterval: 'readonly',
        AbortController: 'readonly',
        performance: 'readonly',
      },
    },
  },
  {
    // What Electron shows, and not Node.js.
    files: ['examples/electron/src/page.js'],
    languageOptions: { globals: { window: 'readonly', document: 'readonly', FormData: 'readonly' } },
  },
);
