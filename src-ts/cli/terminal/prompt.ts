// SPDX-License-Identifier: MIT
import { SecureStorageError } from '../../errors/error.js';
import { wipeableBuffer } from '../../util/wipeable.js';
import type { Io } from './io.js';

const Key = {
  CTRL_C: 0x03,
  CTRL_D: 0x04,
  BACKSPACE: 0x08,
  TAB: 0x09,
  LINE_FEED: 0x0a,
  RETURN: 0x0d,
  CTRL_U: 0x15,
  DELETE: 0x7f,
};

/** Asks for one line, as {@link promptHiddenLines} does. */
export async function promptHidden(io: Pick<Io, 'stdin' | 'note'>, question: string): Promise<Buffer> {
  const [line = Buffer.alloc(0)] = await promptHiddenLines(io, [question]);
  return line;
}

/**
 * Asks for lines on the terminal without showing them. Their bytes are never a string. Nothing is shown between two
 * questions either, nor of what is typed too early.
 * @returns the lines without their ends, for the caller to wipe
 * @throws SecureStorageError ERR_INPUT if the user gives up (Ctrl-C), the terminal goes away, or a line has control
 * characters: an arrow key that nobody sees would become part of a password
 */
export async function promptHiddenLines(
  { stdin, note }: Pick<Io, 'stdin' | 'note'>,
  questions: readonly string[],
): Promise<Buffer[]> {
  const lines: Buffer[] = [];
  stdin.setRawMode?.(true);
  try {
    for (const question of questions) {
      note(question);
      lines.push(
        await readLine(stdin).finally(() => {
          note('\n');
        }),
      );
    }
    return lines;
  } catch (error) {
    for (const line of lines) line.fill(0);
    throw error;
  } finally {
    stdin.setRawMode?.(false);
    stdin.pause();
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
    const refuse = (detail: string) => {
      line.wipe();
      finish(() => {
        reject(new SecureStorageError('ERR_INPUT', { detail }));
      });
    };
    const giveUp = () => {
      refuse('no value was entered');
    };
    const onEnd = giveUp;
    const onData = (chunk: Buffer) => {
      for (const byte of chunk) {
        const done = line.type(byte);
        if (done === 'given up') giveUp();
        if (done === 'refused') refuse('the entry has a control character, such as of an arrow key');
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

  type(byte: number): 'entered' | 'given up' | 'refused' | undefined {
    if (byte === Key.LINE_FEED || byte === Key.RETURN || byte === Key.CTRL_D) return 'entered';
    if (byte === Key.CTRL_C) return 'given up';
    if (byte === Key.CTRL_U) this.#size = 0;
    else if (byte === Key.BACKSPACE || byte === Key.DELETE) this.#eraseCharacter();
    else if (byte < 0x20 && byte !== Key.TAB) return 'refused';
    else this.#append(byte);
    return undefined;
  }

  take(): Buffer {
    const line = wipeableBuffer(this.#size);
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
