// SPDX-License-Identifier: MIT
import { setTimeout as pause } from 'node:timers/promises';

import { SecureStorageError } from '../../errors/error.js';
import { HiddenLine } from './hidden-line.js';
import type { Io } from './io.js';

const Key = {
  CTRL_C: 0x03,
  CTRL_D: 0x04,
  BACKSPACE: 0x08,
  TAB: 0x09,
  LINE_FEED: 0x0a,
  RETURN: 0x0d,
  CTRL_U: 0x15,
  ESCAPE: 0x1b,
  DELETE: 0x7f,
};

/** What a terminal that marks pastes writes around one. */
const PASTE_BEGINS = '\u001b[200~';
const PASTE_ENDS = '\u001b[201~';

/** The pieces of one paste come closer together than this, on a slow serial line too. */
const QUIET_MS = 100;
/** Somebody who goes on typing need not be waited for. */
const QUIET_ROUNDS_MAX = 20;

/**
 * What is typed or pasted on a terminal, as lines. Whatever comes before its question is asked is kept for it: nothing
 * is dropped, for a part of a secret must never be taken for the whole.
 */
export class TypedLines {
  readonly #stdin: Io['stdin'];
  readonly #remedy: string | undefined;
  readonly #lines: Buffer[] = [];
  readonly #line = new HiddenLine();
  #fault: SecureStorageError | undefined;
  #wake: () => void = () => undefined;
  #received = 0;
  /** A line feed that follows a return belongs to it. */
  #isAfterReturn = false;
  #escape = '';
  #isPaste = false;
  /** A paste may end with the end of its only line. */
  #isPastedLineOver = false;

  /**
   * Reads from now on until close().
   * @param remedy what to do with a text that has more lines than are asked for
   */
  constructor(stdin: Io['stdin'], remedy: string | undefined) {
    this.#stdin = stdin;
    this.#remedy = remedy;
    stdin.on('data', this.#onData);
    stdin.on('end', this.#onEnd);
    stdin.resume();
  }

  /**
   * The next line without its end, for the caller to wipe.
   * @throws SecureStorageError ERR_INPUT
   */
  async next(): Promise<Buffer> {
    for (;;) {
      const line = this.#lines.shift();
      if (line !== undefined) return line;
      if (this.#fault !== undefined) throw this.#fault;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /**
   * Waits until a paste is certainly over. What is left of it is wiped: whatever reads the terminal next, a shell for
   * example, would show it and run it.
   */
  async quiet(): Promise<void> {
    let seen = -1;
    for (let round = 0; round < QUIET_ROUNDS_MAX && seen !== this.#received; round++) {
      seen = this.#received;
      await pause(QUIET_MS);
    }
  }

  /** @throws SecureStorageError ERR_INPUT if more was entered than the lines that were taken */
  checkOver(): void {
    if (this.#lines.length > 0 || !this.#line.isEmpty || this.#escape !== '') throw this.#tooManyLines();
    if (this.#fault !== undefined) throw this.#fault;
  }

  close(): void {
    this.#stdin.removeListener('data', this.#onData);
    this.#stdin.removeListener('end', this.#onEnd);
    this.#stdin.pause();
    for (const line of this.#lines) line.fill(0);
    this.#line.wipe();
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#received += chunk.length;
    for (const byte of chunk) if (this.#fault === undefined) this.#type(byte);
    chunk.fill(0);
    this.#wake();
  };

  readonly #onEnd = (): void => {
    this.#fault ??= nothingEntered();
    this.#wake();
  };

  #type(byte: number): void {
    const isRestOfEnd = this.#isAfterReturn && byte === Key.LINE_FEED;
    this.#isAfterReturn = byte === Key.RETURN;
    if (isRestOfEnd) return;
    if (this.#escape !== '' || byte === Key.ESCAPE) this.#typeEscape(byte);
    else if (this.#isPaste) this.#paste(byte);
    else if (byte === Key.LINE_FEED || byte === Key.RETURN || byte === Key.CTRL_D) this.#lines.push(this.#line.take());
    else if (byte === Key.CTRL_C) this.#fault = nothingEntered();
    else if (byte === Key.CTRL_U) this.#line.erase();
    else if (byte === Key.BACKSPACE || byte === Key.DELETE) this.#line.eraseCharacter();
    else this.#append(byte);
  }

  #typeEscape(byte: number): void {
    this.#escape += String.fromCharCode(byte);
    const awaited = this.#isPaste ? PASTE_ENDS : PASTE_BEGINS;
    if (!awaited.startsWith(this.#escape)) this.#fault = controlCharacter();
    if (this.#escape !== awaited) return;
    this.#escape = '';
    if (this.#isPastedLineOver) this.#lines.push(this.#line.take());
    this.#isPastedLineOver = false;
    this.#isPaste = !this.#isPaste;
  }

  /** Nothing that is pasted edits the line. */
  #paste(byte: number): void {
    if (this.#isPastedLineOver) this.#fault = this.#tooManyLines();
    else if (byte === Key.LINE_FEED || byte === Key.RETURN) this.#isPastedLineOver = true;
    else if (byte === Key.DELETE) this.#fault = controlCharacter();
    else this.#append(byte);
  }

  #append(byte: number): void {
    if (byte < 0x20 && byte !== Key.TAB) this.#fault = controlCharacter();
    else this.#line.append(byte);
  }

  #tooManyLines(): SecureStorageError {
    const detail = 'more lines were entered than were asked for, as when a text of several lines is pasted';
    return new SecureStorageError('ERR_INPUT', { detail, remedy: this.#remedy });
  }
}

function nothingEntered(): SecureStorageError {
  return new SecureStorageError('ERR_INPUT', { detail: 'no value was entered' });
}

function controlCharacter(): SecureStorageError {
  const detail = 'the entry has a control character, such as of an arrow key';
  return new SecureStorageError('ERR_INPUT', { detail });
}
