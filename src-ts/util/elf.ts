// SPDX-License-Identifier: MIT
/**
 * The sections of an ELF file of 32 or 64 bits, little-endian (System V ABI, chapter 4). Nothing in the file is believed:
 * work is bounded by its size, and what points behind its end is a RangeError.
 */

export interface ElfSection {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  /** In memory. */
  readonly address: number;
  /** In the file. */
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly align: number;
}

/** No section that anybody looks for has a longer name; without a bound a hostile file would cost its square. */
const NAME_MAX = 256;

/** Numbers of a file, by its word size. */
export class ElfReader {
  readonly is64: boolean;

  /** @throws RangeError if this is none of these files */
  constructor(readonly bytes: Buffer) {
    if (bytes.length < 20 || bytes.toString('latin1', 0, 4) !== '\x7fELF') throw new RangeError('not an ELF file');
    if (bytes[5] !== 1) throw new RangeError('not a little-endian ELF file');
    if (bytes[4] !== 1 && bytes[4] !== 2) throw new RangeError('an ELF file of neither 32 nor 64 bits');
    this.is64 = bytes[4] === 2;
  }

  /** @throws RangeError behind the end of the file, as the other methods */
  u16(at: number): number {
    return this.bytes.readUInt16LE(this.#within(at, 2));
  }

  u32(at: number): number {
    return this.bytes.readUInt32LE(this.#within(at, 4));
  }

  /** A word of the file's own size. */
  word(at: number): number {
    return this.is64 ? Number(this.bytes.readBigUInt64LE(this.#within(at, 8))) : this.u32(at);
  }

  /** A number that differs between the two layouts. */
  pick(in64: number, in32: number): number {
    return this.is64 ? in64 : in32;
  }

  /** A text up to its NUL; one that is longer than any name is cut off. */
  text(at: number): string {
    const end = this.bytes.subarray(at, at + NAME_MAX).indexOf(0);
    return this.bytes.toString('latin1', at, at + (end < 0 ? NAME_MAX : end));
  }

  /** What a section has in the file. */
  contents({ offset, size }: ElfSection): Buffer {
    return this.bytes.subarray(this.#within(offset, size), offset + size);
  }

  #within(at: number, size: number): number {
    if (at + size > this.bytes.length) throw new RangeError('an ELF file that is cut short');
    return at;
  }
}

/**
 * All sections, in their order.
 * @throws RangeError if the file is cut short
 */
export function sectionsOf(r: ElfReader): ElfSection[] {
  const table = r.word(r.pick(40, 32));
  const entrySize = r.u16(r.pick(58, 46));
  const count = r.u16(r.pick(60, 48));
  if (count > 0 && entrySize < r.pick(64, 40)) throw new RangeError('an ELF file without section headers');
  const raw = Array.from({ length: count }, (_, index) => {
    const at = table + index * entrySize;
    return {
      nameAt: r.u32(at),
      type: r.u32(at + 4),
      flags: r.word(at + 8),
      address: r.word(at + r.pick(16, 12)),
      offset: r.word(at + r.pick(24, 16)),
      size: r.word(at + r.pick(32, 20)),
      link: r.u32(at + r.pick(40, 24)),
      info: r.u32(at + r.pick(44, 28)),
      align: r.word(at + r.pick(48, 32)),
    };
  });
  const names = raw[r.u16(r.pick(62, 50))]?.offset ?? 0;
  return raw.map(({ nameAt, ...section }) => ({ name: r.text(names + nameAt), ...section }));
}
