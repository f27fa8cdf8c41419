// SPDX-License-Identifier: MIT
import { isSecureStorageError, type ErrorCode } from './errors.js';
import type { StoreInfo } from './info.js';

/** What {@link SecureStorage.diagnose} found: a store that works, or the first link of the chain that does not. */
export type Diagnosis<Info = StoreInfo> =
  | { readonly ok: true; readonly info: Info }
  | {
      readonly ok: false;
      /** Which link: the device, permission, libteec, the supplicant, the Trusted Application, the identity, the storage. */
      readonly code: ErrorCode;
      /** What is wrong and what to do about it. */
      readonly message: string;
    };

/**
 * Makes a diagnosis of an attempt to use a store.
 * @throws what is not an error of this package, and ERR_INVALID_ARG, which is about the call
 */
export async function diagnosisOf<Info>(attempt: () => Promise<Info>): Promise<Diagnosis<Info>> {
  try {
    return { ok: true, info: await attempt() };
  } catch (error) {
    if (!isSecureStorageError(error) || error.code === 'ERR_INVALID_ARG') throw error;
    return { ok: false, code: error.code, message: error.message };
  }
}
