// SPDX-License-Identifier: MIT
/**
 * What the TEE of the simulator stores its persistent objects in: soft-tee/include/blob_store.h in TypeScript. The
 * Trusted Application renames nothing, so nothing here does.
 */
import { TeeResult } from '../tee/results.js';

/** Tells the TEE why it cannot have or change a blob. */
export class BlobError extends Error {
  override readonly name = 'BlobError';
  /** @param result ITEM_NOT_FOUND, CORRUPT_OBJECT, STORAGE_NO_SPACE or STORAGE_NOT_AVAILABLE */
  constructor(
    readonly result: number,
    message: string,
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}

/** Blobs by the hexadecimal digits of their object ID. Every method throws BlobError. */
export interface BlobStore {
  /** In bytes. ITEM_NOT_FOUND, CORRUPT_OBJECT */
  size(name: string): number;
  /** The caller's own. ITEM_NOT_FOUND, CORRUPT_OBJECT */
  read(name: string): Uint8Array;
  /** Creates or replaces: whatever happens, all of the old one or all of the new one is there. STORAGE_NO_SPACE */
  write(name: string, data: Uint8Array): void;
  /** Damaged ones too. ITEM_NOT_FOUND */
  remove(name: string): void;
}

/** Blobs, and the right to use them: other processes may have them in between. */
export interface SharedBlobs extends BlobStore {
  /**
   * Waits until nobody else uses them.
   * @param deadline by now()
   * @returns whether someone else may have changed them since this one left them last
   * @throws Unavailable
   */
  enter(deadline: number): boolean;
  /** Never throws: what has been done is done. */
  leave(): void;
}

/** Why blobs cannot be used at all; `kind` is that of the TeeFailure to be made of it. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
  constructor(
    readonly kind: 'timeout' | 'no-storage',
    message: string,
    options?: ErrorOptions,
    /** What to do about it, where that is known. */
    readonly remedy?: string,
  ) {
    super(message, options);
  }
}

/** Blobs in the memory of one thread, for it alone. */
export class MemoryBlobs implements SharedBlobs {
  readonly #blobs = new Map<string, Uint8Array>();

  enter(): boolean {
    return false;
  }

  leave(): void {
    // Nobody else waits for them.
  }

  size(name: string): number {
    return this.#blob(name).length;
  }

  read(name: string): Uint8Array {
    return this.#blob(name).slice();
  }

  write(name: string, data: Uint8Array): void {
    this.#blobs.set(name, data.slice());
  }

  remove(name: string): void {
    this.#blob(name);
    this.#blobs.delete(name);
  }

  #blob(name: string): Uint8Array {
    const blob = this.#blobs.get(name);
    if (blob === undefined) throw new BlobError(TeeResult.ITEM_NOT_FOUND, 'there is no blob of that name');
    return blob;
  }
}
