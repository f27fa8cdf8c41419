// SPDX-License-Identifier: MIT
'use strict';
/**
 * Loaded before a program (node --require): its stores are in a TEE in memory, with what STORED has and the faults of
 * FAULTS. Says on standard error when a store is asked for.
 */
const { SecureStorage } = require('../../../dist/index.js');
const { MemoryTee } = require('../../../dist/testing/index.js');

const { STORED = '{}', FAULTS = '[]' } = process.env;

const begun = MemoryTee.create().then(async (tee) => {
  const store = await tee.open();
  for (const [key, value] of Object.entries(JSON.parse(STORED))) await store.put(key, value);
  await store.close();
  for (const fault of JSON.parse(FAULTS)) tee.fail(fault);
  return tee;
});

SecureStorage.open = async (options) => {
  const tee = await begun;
  process.stderr.write('opening\n');
  return tee.open(options);
};
