// SPDX-License-Identifier: MIT
/**
 * A lock between processes, made of renames alone: Node.js has no flock(2), and a lock file that its dead owner left
 * cannot be removed by another without a race. Here the lock is one file, the token, whose name says who has it: `free`,
 * or `held-` and the holder. Taking it, giving it back and taking it from a dead holder are each one rename(2) from one
 * name to another, of which only one can succeed; no two holders ever have the same name.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, openSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { Unavailable } from './blobs.js';
import { HELD, heldIn, holderOf, isGone, presentHolder } from './holder.js';
import { now } from './messages.js';

const FREE = 'free';
/** A holder of which nothing can be known has had the token for so long only if it is gone: no command takes so long. */
const LONGEST_HOLD_MS = 30_000;
const LONGEST_PAUSE_MS = 8;
/** How often in a row the token may be in no place; a single time it was renamed while the folder was read. */
const MOST_MISSES = 100;

/** One for each thread: it takes up again what it could not give back. */
const THIS_THREAD = `${presentHolder()}-${randomBytes(8).toString('hex')}`;

/** A note that was never there before. */
export function newNote(): string {
  return randomBytes(16).toString('hex');
}

/** Puts the token into a folder that nobody else uses yet. */
export function makeToken(folder: string): void {
  writeFileSync(path.join(folder, FREE), newNote(), { mode: 0o600 });
}

export class Token {
  readonly #folder: string;
  readonly #own: string;
  readonly #free: string;

  /** @param holder as presentHolder(), and after a dash what nobody else has */
  constructor(folder: string, holder = THIS_THREAD) {
    this.#folder = folder;
    this.#free = path.join(folder, FREE);
    this.#own = path.join(folder, HELD + holder);
  }

  /**
   * Waits for the token and takes it; the thread stands still meanwhile.
   * @param deadline by now()
   * @returns whether it was left by a holder that is lost, in the middle of something
   * @throws Unavailable
   */
  take(deadline: number): boolean {
    let misses = 0;
    for (let pause = 0; !this.#tryFrom(this.#free); pause = Math.min(pause + Math.random(), LONGEST_PAUSE_MS)) {
      const held = this.#heldName();
      misses = held === undefined ? misses + 1 : 0;
      if (misses > MOST_MISSES)
        throw new Unavailable('no-storage', `the simulator’s lock is missing from ${this.#folder}`);
      if (held !== undefined && this.#isLost(held) && this.#tryFrom(path.join(this.#folder, held))) return true;
      if (now() >= deadline) throw new Unavailable('timeout', 'another process is using the simulator’s storage');
      sleep(pause);
    }
    return false;
  }

  /** Whether this one has the token still: one that stood still for long may have lost it. */
  get taken(): boolean {
    return existsSync(this.#own);
  }

  /** Never throws: what was done under the token is done. If it cannot be given back, this thread takes it up again. */
  give(): void {
    try {
      rename(this.#own, this.#free);
    } catch {
      // The next take() says what is wrong, if it still is.
    }
  }

  /** What the last holder to write one left. */
  get note(): string {
    return readFileSync(this.#own, 'latin1');
  }

  set note(text: string) {
    // In place: writing it anew would empty it first.
    const file = openSync(this.#own, 'r+');
    try {
      writeFileSync(file, text);
    } finally {
      closeSync(file);
    }
  }

  #tryFrom(file: string): boolean {
    return rename(file, this.#own);
  }

  #heldName(): string | undefined {
    try {
      return heldIn(this.#folder);
    } catch (error) {
      throw new Unavailable('no-storage', `the simulator’s lock cannot be read: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  #isLost(held: string): boolean {
    if (held === path.basename(this.#own)) return true;
    const gone = isGone(holderOf(held));
    if (gone !== undefined) return gone;
    try {
      // A rename sets the time of the change.
      return Date.now() - statSync(path.join(this.#folder, held)).ctimeMs > LONGEST_HOLD_MS;
    } catch {
      return false;
    }
  }
}

/** @returns false if there is no such file */
function rename(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return false;
    // For a moment, where somebody looks at the file.
    if (process.platform === 'win32' && (code === 'EPERM' || code === 'EACCES' || code === 'EBUSY')) return false;
    throw new Unavailable('no-storage', `the simulator’s lock cannot be used: ${message}`, { cause: error });
  }
}

const never = new Int32Array(new SharedArrayBuffer(4));

function sleep(ms: number): void {
  Atomics.wait(never, 0, 0, ms);
}
