// SPDX-License-Identifier: MIT
/** Stores and fetches, as an application of ES modules does. */
import { createRequire } from 'node:module';
import { SecureStorage } from 'optee-secure-storage';
import { MemoryTee } from 'optee-secure-storage/testing';

const required = createRequire(import.meta.url)('optee-secure-storage');

const store = await SecureStorage.open();
await store.put('db/password', 's3cret');
const value = await store.get('db/password', { encoding: 'utf8' });
const { backend } = await store.info();
await store.close();

const tee = await MemoryTee.create();
const memory = await tee.open();
const isSameClass = required.SecureStorage === SecureStorage && memory instanceof required.SecureStorage;
await tee.close();
console.log(JSON.stringify({ value, backend, isSameClass }));
