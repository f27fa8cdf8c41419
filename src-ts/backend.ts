// SPDX-License-Identifier: MIT
import { SecureStorageError } from './errors.js';
import type { TeeBackend } from './tee/session.js';

/**
 * The backend of a name.
 * @throws SecureStorageError ERR_INVALID_ARG
 */
export function backendNamed(name: string): TeeBackend {
  if (name !== 'optee') {
    throw new SecureStorageError('ERR_INVALID_ARG', {
      detail: "options.backend must be 'optee', the only one that this version has",
    });
  }
  // Loaded here so that importing the package does not load the addon.
  const { nativeBackend } = require('./tee/native.js') as typeof import('./tee/native.js');
  return nativeBackend();
}
