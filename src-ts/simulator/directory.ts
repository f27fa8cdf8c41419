// SPDX-License-Identifier: MIT
/** A directory of the simulator, as layout.ts has it, for several processes. */
import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';

import { makeFolder, readRegularFile, syncFolder, writeDurably } from '../util/files.js';

import { TeeResult } from '../tee/results.js';
import { BlobError, Unavailable, type SharedBlobs } from './blobs.js';
import { attempt, EncryptedFiles } from './encrypted-files.js';
import { formatFolder, lockFolder } from './layout.js';
import { makeToken, newNote, Token } from './token.js';

const KEY_SIZE = 32;

/** Blobs in a directory that several processes of one user may share. */
export class Directory implements SharedBlobs {
  readonly #folder: string;
  readonly #key: Buffer;
  readonly #user = process.geteuid?.();
  readonly #files: EncryptedFiles;
  readonly #token: Token;
  /** The note of the state that this one knows. */
  #known: string | undefined;
  #noted = false;

  /**
   * Opens a directory, or makes it.
   * @throws Unavailable
   */
  constructor(directory: string) {
    const folder = formatFolder(directory);
    this.#folder = folder;
    this.#key = available(() => {
      if (!exists(folder)) make(directory, folder);
      assertOwn(folder);
      return readKey(folder);
    });
    this.#token = new Token(lockFolder(folder));
    this.#files = new EncryptedFiles(path.join(folder, 'objects'), this.#key, () => {
      this.#assertTaken();
    });
  }

  enter(deadline: number): boolean {
    if (process.geteuid?.() !== this.#user) {
      const remedy = 'Close every store of the simulator before changing the user, and open others afterwards.';
      throw unavailable('the effective user of this process is another one now', remedy);
    }
    const unfinished = this.#token.take(deadline);
    try {
      return available(() => this.#begin(unfinished));
    } catch (error) {
      this.#token.give();
      throw error;
    }
  }

  leave(): void {
    this.#token.give();
  }

  size(name: string): number {
    return this.#files.size(name);
  }

  read(name: string): Uint8Array {
    return this.#files.read(name);
  }

  write(name: string, data: Uint8Array): void {
    this.#beforeChange();
    this.#files.write(name, data);
  }

  remove(name: string): void {
    this.#beforeChange();
    this.#files.remove(name);
  }

  #begin(unfinished: boolean): boolean {
    if (unfinished) this.#files.discardUnfinished();
    this.#noted = false;
    assertThere(this.#folder, 'objects');
    const { note } = this.#token;
    if (note === this.#known) return false;
    const changed = this.#known !== undefined;
    this.#known = undefined;
    if (!readKey(this.#folder).equals(this.#key)) {
      throw unavailable(`${this.#folder} is another directory than it was`, 'Open the store again.');
    }
    this.#known = note;
    return changed;
  }

  #assertTaken(): void {
    if (this.#token.taken) return;
    throw new BlobError(TeeResult.STORAGE_NOT_AVAILABLE, 'this process stood still so long that it lost its lock');
  }

  /** The note is written first: a process that is killed in between has changed nothing unnoticed. */
  #beforeChange(): void {
    this.#assertTaken();
    if (this.#noted) return;
    const note = newNote();
    this.#known = note;
    attempt(() => {
      this.#token.note = note;
    });
    this.#noted = true;
  }
}

/** Passes on what the access returns; what the system says becomes Unavailable. */
function available<T>(access: () => T): T {
  try {
    return access();
  } catch (error) {
    if (error instanceof Unavailable) throw error;
    throw new Unavailable('no-storage', (error as Error).message, { cause: error });
  }
}

function exists(folder: string): boolean {
  return lstatSync(folder, { throwIfNoEntry: false }) !== undefined;
}

/** Makes everything beside its place and moves it there, so that there is all of it or nothing. */
function make(directory: string, folder: string): void {
  makeFolder(directory, 0o700);
  const fresh = mkdtempSync(path.join(directory, 'new-'));
  try {
    fill(fresh);
    renameSync(fresh, folder);
    syncFolder(directory);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    // Another process was quicker.
    if (!exists(folder)) throw error;
  }
}

function fill(fresh: string): void {
  mkdirSync(path.join(fresh, 'objects'), { mode: 0o700 });
  mkdirSync(lockFolder(fresh), { mode: 0o700 });
  makeToken(lockFolder(fresh));
  const key = randomBytes(KEY_SIZE);
  writeDurably(path.join(fresh, 'key'), [key], 0o600);
  writeDurably(path.join(fresh, 'key-check'), [checkOf(key)], 0o600);
  syncFolder(fresh);
}

/** Root in the directory of a user would leave files there that the user cannot use. */
function assertOwn(folder: string): void {
  const { uid } = lstatSync(folder);
  const own = process.geteuid?.();
  if (own === undefined || uid === own) return;
  const whose = `${folder} belongs to user ${String(uid)}, and this process is of user ${String(own)}`;
  throw unavailable(`${whose}; each user has a directory of its own`);
}

/** With another key every object would look damaged, and be deleted for that. */
function readKey(folder: string): Buffer {
  assertThere(folder, 'key');
  const key = readPart(folder, 'key');
  if (readPart(folder, 'key-check').toString('latin1') === checkOf(key)) return key;
  const file = path.join(folder, 'key');
  throw unavailable(
    `${file} is not the key that its objects were encrypted with`,
    `Put the right one back. ${OR_ANOTHER}`,
  );
}

/** A pipe would be waited for, longer than any deadline. */
function readPart(folder: string, part: string): Buffer {
  const file = path.join(folder, part);
  try {
    return readRegularFile(file);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['EINVAL', 'EFBIG', 'EISDIR'].includes(code)) throw error;
    throw unavailable(`${file} is not what the simulator has made`, `Put it back. ${OR_ANOTHER}`);
  }
}

/** A part that is gone is not made anew: what it was needed for would look as if it had never been stored. */
function assertThere(folder: string, part: string): void {
  if (exists(path.join(folder, part))) return;
  throw unavailable(
    `there is no ${path.join(folder, part)}: it was removed, or the simulator has not made this directory`,
    `Put it back, or remove ${folder} if what is stored in it may be lost. ${OR_ANOTHER}`,
  );
}

const OR_ANOTHER = 'Another directory will do, too (simulator.directory).';

/** @param remedy if it is not to take another directory */
function unavailable(message: string, remedy?: string): Unavailable {
  return new Unavailable('no-storage', message, undefined, remedy);
}

function checkOf(key: Buffer): string {
  return createHash('sha256').update('optee-secure-storage simulator').update(key).digest('hex').slice(0, 16);
}
