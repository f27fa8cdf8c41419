// SPDX-License-Identifier: MIT
/** Keyv's own suite for adapters, run by vitest for keyv.test.ts. */
import { createRequire } from 'node:module';
import keyvTestSuite, { keyvIteratorTests } from '@keyv/test-suite';
import Keyv from 'keyv';
import * as vitest from 'vitest';

// As a program has them: the built package.
const { SecureStorage } = createRequire(import.meta.url)('../../../dist/index.js');
const { KeyvSecureStorage } = createRequire(import.meta.url)('../../../dist/keyv/index.js');

const store = await SecureStorage.open({ domain: 'keyv' });
const adapter = () => new KeyvSecureStorage({ store });

keyvTestSuite(vitest, Keyv, adapter);
keyvIteratorTests(vitest, Keyv, adapter);
