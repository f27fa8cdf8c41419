// SPDX-License-Identifier: MIT
/** Stores and fetches in OP-TEE, a small value and one of an object of its own, and tells which libraries that took. */
const { randomBytes } = require('node:crypto');
const { readFileSync } = require('node:fs');
const { SecureStorage } = require('optee-secure-storage');

async function main() {
  const store = await SecureStorage.open({ timeoutMs: 120_000 }); // emulated, and others are at work
  await store.put('db/password', 's3cret');
  const value = await store.get('db/password', { encoding: 'utf8' });
  const large = randomBytes(64 * 1024);
  await store.put('large', large);
  const isLargeKept = large.equals(await store.get('large'));
  const { backend, secure } = await store.info();
  await store.delete('large');
  await store.close();
  const mapped = readFileSync('/proc/self/maps', 'utf8').match(/\S*(libteec\S*|\.node)$/gm) ?? [];
  console.log(JSON.stringify({ value, isLargeKept, backend, secure, libraries: [...new Set(mapped)].sort() }));
}

main();
