// SPDX-License-Identifier: MIT
import { wipeableBuffer } from '../../util/wipeable.js';

/** A line that is being typed, edited byte by byte and never a string. */
export class HiddenLine {
  #bytes = Buffer.alloc(256);
  #size = 0;

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  append(byte: number): void {
    if (this.#size === this.#bytes.length) {
      const larger = Buffer.alloc(2 * this.#size);
      this.#bytes.copy(larger);
      this.#bytes.fill(0);
      this.#bytes = larger;
    }
    this.#bytes[this.#size++] = byte;
  }

  /** A character of UTF-8: its first byte and the bytes 10xxxxxx that follow. */
  eraseCharacter(): void {
    while (this.#size > 0) {
      const byte = this.#bytes[--this.#size] ?? 0;
      if ((byte & 0xc0) !== 0x80) return;
    }
  }

  erase(): void {
    this.#size = 0;
  }

  /** What was typed, for the caller to wipe. The line is empty again. */
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
}
