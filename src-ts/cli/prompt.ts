// SPDX-License-Identifier: MIT
import { SecureStorageError } from '../errors.js';
import type { Io } from './io.js';

const Key = { CTRL_C: 0x03, CTRL_D: 0x04, BACKSPACE: 0x08, LINE_FEED: 0x0a, RETURN: 0x0d, CTRL_U: 0x15, DELETE: 0x7f };

/**
 * Asks for a line on the terminal without showing it. Its bytes are never a string.
 * @returns the line without its end, for the caller to wipe
 * @throws SecureStorageError ERR_INPUT if the user gives up (Ctrl-C) or the terminal goes away
 */
export async function promptHidden({ stdin, note }: Pick<Io, 'stdin' | 'note'>, question: string): Promise<Buffer> {
  note(question);
  stdin.setRawMode?.(true);
  try {
    return await readLine(stdin);
  } finally {
    stdin.setRawMode?.(false);
    stdin.pause();
    note('\n');
  }
}

function readLine(stdin: Io['stdin']): Promise<Buffer> {
  const line = new HiddenLine();
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void) => {
      stdin.removeListener('data', onData);
      stdin.removeListener('end', onEnd);
      settle();
    };
    const giveUp = () => {
      line.wipe();
      finish(() => {
        reject(new SecureStorageError('ERR_INPUT', { detail: 'no value was entered' }));
      });
    };
    const onEnd = giveUp;
    const onData = (chunk: Buffer) => {
      for (const byte of chunk) {
        const done = line.type(byte);
        if (done === 'given up') giveUp();
        if (done === 'entered') {
          finish(() => {
            resolve(line.take());
          });
        }
        if (done !== undefined) break;
      }
      chunk.fill(0);
    };
    stdin.on('data', onData);
    stdin.on('end', onEnd);
    stdin.resume();
  });
}

/** A line that is being typed, edited byte by byte. */
class HiddenLine {
  #bytes = Buffer.alloc(256);
  #size = 0;

  type(byte: number): 'entered' | 'given up' | undefined {
    if (byte === Key.LINE_FEED || byte === Key.RETURN || byte === Key.CTRL_D) return 'entered';
    if (byte === Key.CTRL_C) return 'given up';
    if (byte === Key.CTRL_U) this.#size = 0;
    else if (byte === Key.BACKSPACE || byte === Key.DELETE) this.#eraseCharacter();
    else this.#append(byte);
    return undefined;
  }

  take(): Buffer {
    const line = Buffer.allocUnsafeSlow(this.#size);
    this.#bytes.copy(line, 0, 0, this.#size);
    this.wipe();
    return line;
  }

  wipe(): void {
    this.#bytes.fill(0);
    this.#size = 0;
  }

  #append(byte: number): void {
    if (this.#size === this.#bytes.length) {
      const larger = Buffer.alloc(2 * this.#size);
      this.#bytes.copy(larger);
      this.#bytes.fill(0);
      this.#bytes = larger;
    }
    this.#bytes[this.#size++] = byte;
  }

  /** A character of UTF-8: its first byte and the bytes 10xxxxxx that follow. */
  #eraseCharacter(): void {
    while (this.#size > 0) {
      const byte = this.#bytes[--this.#size] ?? 0;
      if ((byte & 0xc0) !== 0x80) return;
    }
  }
}
