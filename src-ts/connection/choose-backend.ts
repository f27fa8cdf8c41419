// SPDX-License-Identifier: MIT
import { SecureStorageError } from '../errors/error.js';
import type { BackendName, OpenOptions } from '../arguments/options.js';
import type { TeeBackend } from '../tee/seam.js';

/**
 * The backend that the options name, or the environment. What it consists of is loaded here, so that importing the
 * package loads neither the addon nor the simulator.
 * @throws SecureStorageError ERR_INVALID_ARG, ERR_SIMULATOR_REFUSED
 */
export function chooseBackend({ backend, simulator }: Pick<OpenOptions, 'backend' | 'simulator'>): TeeBackend {
  if (backendName({ backend }) === 'optee') {
    const { nativeBackend } = require('../native/backend.js') as typeof import('../native/backend.js');
    return nativeBackend();
  }
  const { simulatorBackend } = require('../simulator/backend.js') as typeof import('../simulator/backend.js');
  return simulatorBackend(simulator);
}

/**
 * The name of the backend that the options name, or the environment.
 * @throws SecureStorageError ERR_INVALID_ARG
 */
export function backendName({ backend }: Pick<OpenOptions, 'backend'>): BackendName {
  return backend ?? fromEnvironment();
}

function fromEnvironment(): BackendName {
  const name = process.env.OPTEE_STORAGE_BACKEND;
  // Set but empty is how shells unset.
  if (name === undefined || name === '') return 'optee';
  if (name === 'optee' || name === 'simulator') return name;
  throw new SecureStorageError('ERR_INVALID_ARG', {
    detail: "OPTEE_STORAGE_BACKEND in the environment must be 'optee' or 'simulator'",
    remedy: 'Set it to one of these, or unset it.',
  });
}
