// SPDX-License-Identifier: MIT
import Keyv, { type KeyvStoreAdapter } from 'keyv';
import Keyv6 from 'keyv6';
import type { SecureStorage } from 'optee-secure-storage';
import { KeyvSecureStorage } from 'optee-secure-storage/keyv';

export const adapter: KeyvStoreAdapter = new KeyvSecureStorage();
export const keyv = new Keyv(new KeyvSecureStorage({ domain: 'tokens', timeoutMs: 5000 }));
export const keyv6 = (store: SecureStorage) => new Keyv6({ store: new KeyvSecureStorage({ store }) });

// @ts-expect-error -- no such option
export const wrong = new KeyvSecureStorage({ domian: 'tokens' });
