// SPDX-License-Identifier: MIT
// Anywhere: OPTEE_STORAGE_BACKEND=simulator node quickstart.mjs      On a board: node quickstart.mjs
import { SecureStorage } from 'optee-secure-storage';

const store = await SecureStorage.open();
await store.put('quickstart/password', 's3cret');
const password = await store.get('quickstart/password'); // a Buffer, or null
console.log(`stored and read again: ${password?.length} bytes`);
password?.fill(0); // wipes it from memory
await store.delete('quickstart/password');
await store.close();
