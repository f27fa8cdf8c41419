// SPDX-License-Identifier: MIT
/**
 * Blobs as files: AES-256-GCM with the blob's name authenticated along, so that one file cannot stand for another.
 *
 *     nonce (12 random bytes) | encrypted data | tag (16 bytes)
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, statSync, unlinkSync, writeSync } from 'node:fs';
import path from 'node:path';

import { TeeResult } from '../protocol.js';
import { BlobError, type BlobStore } from './blobs.js';

const CIPHER = 'aes-256-gcm';
const NONCE_SIZE = 12;
const TAG_SIZE = 16;
const OVERHEAD = NONCE_SIZE + TAG_SIZE;
/** No blob has this name: it has no hexadecimal digits only. */
const NEW = 'new';

export class EncryptedFiles implements BlobStore {
  readonly #folder: string;
  readonly #key: Buffer;

  constructor(folder: string, key: Buffer) {
    this.#folder = folder;
    this.#key = key;
  }

  size(name: string): number {
    return attempt(() => {
      const size = statSync(this.#path(name)).size - OVERHEAD;
      if (size < 0) throw corrupt(name);
      return size;
    });
  }

  read(name: string): Uint8Array {
    return attempt(() => this.#decrypt(name, readFileSync(this.#path(name))));
  }

  write(name: string, data: Uint8Array): void {
    attempt(() => {
      const fresh = this.#path(NEW);
      const file = openSync(fresh, 'w', 0o600);
      try {
        for (const part of this.#encrypt(name, data)) writeFully(file, part);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(fresh, this.#path(name));
      syncFolder(this.#folder);
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

function writeFully(file: number, data: Uint8Array): void {
  for (let at = 0; at < data.length;) at += writeSync(file, data, at);
}

/** Makes the names in a folder last through a power cut. Windows opens no folders, and does that by itself. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const opened = openSync(folder, 'r');
  try {
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
}

function corrupt(name: string, cause?: unknown): BlobError {
  return new BlobError(TeeResult.CORRUPT_OBJECT, `${name} is damaged`, cause);
}

/** Passes on what the access returns; what the system says becomes a BlobError. */
function attempt<T>(access: () => T): T {
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
};
