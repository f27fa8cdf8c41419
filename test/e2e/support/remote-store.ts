// SPDX-License-Identifier: MIT
import type { OpenOptions } from '../../../src-ts/arguments/options.js';
import type { RunContext } from '../../../machine/machine.mjs';
import type { Store } from '../../conformance/store.js';
import { RemoteObject, type Runner } from './remote-object.js';

/** Opens a store in a process of the machine and stands for it here. */
export function openRemoteStore(process: Runner, options?: OpenOptions): Promise<Store> {
  return openElsewhere(
    process,
    ({ require }, given: OpenOptions | undefined) => {
      const { SecureStorage } = require('optee-secure-storage') as typeof import('../../../src-ts/index.js');
      return SecureStorage.open(given);
    },
    options,
  );
}

/**
 * Stands for a store of another process.
 * @param open runs there
 */
export async function openElsewhere<A extends unknown[]>(
  process: Runner,
  open: (context: RunContext, ...args: A) => unknown,
  ...args: A
): Promise<Store> {
  const remote = await RemoteObject.make(process, open, ...args);
  const forward = {
    get(_target: object, name: string | symbol) {
      // A promise that resolves to a store must not take it for another promise.
      if (name === 'then') return undefined;
      if (name === 'entries') return (...args: unknown[]) => remote.iterate(name, args);
      const method = name === Symbol.asyncDispose ? 'Symbol.asyncDispose' : String(name);
      return (...args: unknown[]) => remote.call(method, args);
    },
  };
  return new Proxy({}, forward) as Store;
}
