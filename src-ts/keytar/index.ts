// SPDX-License-Identifier: MIT
/**
 * In place of the package keytar: `import * as keytar from 'optee-secure-storage/keytar'`. The same five functions, with
 * passwords in the domain `keytar` of this user's storage. The store behind them is opened by the first call and stays
 * open; it does not keep the process alive.
 * @module
 */
import { LazyStore } from '../lazy-store.js';
import { keytarOver } from './keytar.js';

export { keytarOver, type Credential, type Keytar } from './keytar.js';

const store = new LazyStore({ domain: 'keytar' });
const keytar = keytarOver(() => store.get());

export const { getPassword, setPassword, deletePassword, findPassword, findCredentials } = keytar;
// For `import keytar from …` by compilers that go by __esModule.
export default keytar;
