// SPDX-License-Identifier: MIT
/** The packed bytes of the protocol: little-endian, unaligned. Answers are read as if they came from an enemy. */
import { TextDecoder } from 'node:util';

import { wipeableBuffer } from '../util/wipeable.js';

/** An answer that breaks the protocol; becomes ERR_PROTOCOL. */
export class MalformedReply extends Error {
  override readonly name = 'MalformedReply';
}

/** Reads packed bytes; throws {@link MalformedReply} where there are too few. */
export class PackedReader {
  #offset = 0;

  constructor(private readonly bytes: Buffer) {}

  get atEnd(): boolean {
    return this.#offset === this.bytes.length;
  }

  u16(): number {
    return this.bytes.readUInt16LE(this.#take(2));
  }

  u32(): number {
    return this.bytes.readUInt32LE(this.#take(4));
  }

  /** A 64-bit number that must be exact as a JavaScript number. */
  u64(): number {
    const at = this.#take(8);
    return wide({ a: this.bytes.readUInt32LE(at), b: this.bytes.readUInt32LE(at + 4) });
  }

  /** A view of the next bytes; copy it before the reply is wiped. */
  view(size: number): Buffer {
    const at = this.#take(size);
    return this.bytes.subarray(at, at + size);
  }

  /** A copy of the next bytes in memory of its own. */
  copy(size: number): Buffer {
    const view = this.view(size);
    const copy = wipeableBuffer(size);
    copy.set(view);
    return copy;
  }

  #take(size: number): number {
    const at = this.#offset;
    if (size > this.bytes.length - at) throw new MalformedReply('shorter than its content says');
    this.#offset = at + size;
    return at;
  }
}

/**
 * A 64-bit number from its halves.
 * @throws MalformedReply above 2^53 - 1, which a JavaScript number would round. Revisions and sizes count from 0 in steps
 * of changes and bytes and never come near.
 */
export function wide({ a, b }: { readonly a: number; readonly b: number }): number {
  const number = b * 2 ** 32 + a;
  if (!Number.isSafeInteger(number)) throw new MalformedReply('has a number above 2^53 - 1');
  return number;
}

/** The halves of a 64-bit number, low first, as value parameters and packed numbers have them. */
export function halves(number: number): { readonly a: number; readonly b: number } {
  return { a: number % 2 ** 32, b: Math.floor(number / 2 ** 32) };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Well-formed UTF-8 as a string; nothing is replaced or removed.
 * @throws TypeError if it is not well-formed
 */
export function decodeUtf8(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}
