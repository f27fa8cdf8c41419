// SPDX-License-Identifier: MIT
/** Stores and fetches, as an application in CommonJS does. */
const { SecureStorage } = require('optee-secure-storage');

async function main() {
  const store = await SecureStorage.open();
  await store.put('db/password', 's3cret');
  const value = await store.get('db/password', { encoding: 'utf8' });
  const { backend } = await store.info();
  await store.close();
  console.log(JSON.stringify({ value, backend }));
}

main();
