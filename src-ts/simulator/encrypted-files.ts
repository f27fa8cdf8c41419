// SPDX-License-Identifier: MIT
/**
 * Blobs as files: AES-256-GCM with the blob's name authenticated along, so that one file cannot stand for another.
 *
 *     nonce (12 random bytes) | encrypted data | tag (16 bytes)
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readdirSync, rmSync, statSync, unlinkSync } from 'node:fs';
import path from 'node:path';

import { TeeResult } from '../tee/results.js';
import { BlobError, type BlobStore } from './blobs.js';
import { readRegularFile, syncFolder, writeWhole } from '../util/files.js';

const CIPHER = 'aes-256-gcm';
const NONCE_SIZE = 12;
const TAG_SIZE = 16;
const OVERHEAD = NONCE_SIZE + TAG_SIZE;
/** How files begin that are being written. No blob has such a name: it has hexadecimal digits only. */
const NEW = 'new';

export class EncryptedFiles implements BlobStore {
  readonly #folder: string;
  readonly #key: Buffer;
  readonly #assertMayChange: () => void;
  /** Of this one alone: were it shared, a process that stood still could go on in a file that another one has begun. */
  readonly #fresh: string;

  /** @param assertMayChange throws BlobError if nothing may be changed any more; called before a file gets its place */
  constructor(folder: string, key: Buffer, assertMayChange: () => void) {
    this.#folder = folder;
    this.#key = key;
    this.#assertMayChange = assertMayChange;
    this.#fresh = this.#path(`${NEW}-${randomBytes(8).toString('hex')}`);
  }

  size(name: string): number {
    return attempt(() => {
      const size = statSync(this.#path(name)).size - OVERHEAD;
      if (size < 0) throw corrupt(name);
      return size;
    });
  }

  read(name: string): Uint8Array {
    return attempt(() => this.#decrypt(name, readRegularFile(this.#path(name))));
  }

  write(name: string, data: Uint8Array): void {
    attempt(() => {
      try {
        const options = { fresh: this.#fresh, beforePlaced: this.#assertMayChange };
        writeWhole(this.#path(name), this.#encrypt(name, data), 0o600, options);
      } catch (error) {
        throw (error as NodeJS.ErrnoException).code === 'ENOENT' ? taken(error) : error;
      }
    });
  }

  /** Removes what others had begun to write. If one of them is still there, it cannot finish that any more. */
  discardUnfinished(): void {
    attempt(() => {
      const unfinished = readdirSync(this.#folder).filter((name) => name.startsWith(NEW));
      for (const name of unfinished) rmSync(this.#path(name), { force: true });
    });
  }

  remove(name: string): void {
    attempt(() => {
      unlinkSync(this.#path(name));
      syncFolder(this.#folder);
    });
  }

  #path(name: string): string {
    return path.join(this.#folder, name);
  }

  #encrypt(name: string, data: Uint8Array): Buffer[] {
    const nonce = randomBytes(NONCE_SIZE);
    const cipher = createCipheriv(CIPHER, this.#key, nonce).setAAD(Buffer.from(name));
    return [nonce, cipher.update(data), cipher.final(), cipher.getAuthTag()];
  }

  #decrypt(name: string, file: Buffer): Uint8Array {
    if (file.length < OVERHEAD) throw corrupt(name);
    const tagAt = file.length - TAG_SIZE;
    const decipher = createDecipheriv(CIPHER, this.#key, file.subarray(0, NONCE_SIZE))
      .setAAD(Buffer.from(name))
      .setAuthTag(file.subarray(tagAt));
    const data = decipher.update(file.subarray(NONCE_SIZE, tagAt));
    try {
      decipher.final();
      return data;
    } catch (error) {
      data.fill(0);
      throw corrupt(name, error);
    }
  }
}

function corrupt(name: string, cause?: unknown): BlobError {
  return new BlobError(TeeResult.CORRUPT_OBJECT, `${name} is damaged`, cause);
}

/** Not ITEM_NOT_FOUND: what is written does not have to be there before. */
function taken(cause: unknown): BlobError {
  return new BlobError(TeeResult.STORAGE_NOT_AVAILABLE, 'the new file or its folder was taken away', cause);
}

/** Passes on what the access returns; what the system says becomes a BlobError. */
export function attempt<T>(access: () => T): T {
  try {
    return access();
  } catch (error) {
    if (error instanceof BlobError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new BlobError(results[code] ?? TeeResult.STORAGE_NOT_AVAILABLE, message, error);
  }
}

const results: Readonly<Record<string, number>> = {
  ENOENT: TeeResult.ITEM_NOT_FOUND,
  ENOSPC: TeeResult.STORAGE_NO_SPACE,
  EDQUOT: TeeResult.STORAGE_NO_SPACE,
  // What is no file, or larger than any object.
  EINVAL: TeeResult.CORRUPT_OBJECT,
  EFBIG: TeeResult.CORRUPT_OBJECT,
};
