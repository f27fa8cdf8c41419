// SPDX-License-Identifier: MIT
/**
 * A storage adapter for Keyv: `import { KeyvSecureStorage } from 'optee-secure-storage/keyv'`.
 * @module
 */
export { KeyvSecureStorage, type KeyvSecureStorageEntry, type KeyvSecureStorageOptions } from './adapter.js';
