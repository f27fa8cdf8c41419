// SPDX-License-Identifier: MIT
import type { OpenOptions } from './arguments/options.js';
import { SecureStorage } from './store.js';

/** A store that is opened when it is first needed; an open one does not keep the process alive. */
export class LazyStore {
  readonly #options: OpenOptions;
  #opening: Promise<SecureStorage> | undefined;

  constructor(options: OpenOptions) {
    this.#options = options;
  }

  /**
   * The store, opened now if it is not yet. An opening that failed is tried again by the next call.
   * @throws SecureStorageError as SecureStorage.open()
   */
  get(): Promise<SecureStorage> {
    this.#opening ??= SecureStorage.open(this.#options).catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  /** Closes the store if it was opened; what it is used for later fails with ERR_CLOSED. */
  async close(): Promise<void> {
    await (await this.#opening?.catch(() => undefined))?.close();
  }
}
