// SPDX-License-Identifier: MIT
/** The little that has to be known of a Trusted Application's ELF file: that it is one, and its UUID. */
import { SecureStorageError } from '../../../errors/error.js';
import { formatUuid, swapUuid } from '../../../util/uuid.js';

/** Where fields are, by the class of the ELF file (1: 32 bits, 2: 64 bits). */
const LAYOUTS = {
  1: { sections: 0x20, entrySize: 0x2e, entryCount: 0x30, names: 0x32, header: 40, offset: 0x10, size: 0x14 },
  2: { sections: 0x28, entrySize: 0x3a, entryCount: 0x3c, names: 0x3e, header: 64, offset: 0x18, size: 0x20 },
} as const;

type Layout = (typeof LAYOUTS)[keyof typeof LAYOUTS];

/** The section in which the development kit places `struct ta_head`, which begins with the UUID. */
const HEAD_SECTION = '.ta_head';
const UUID_SIZE = 16;

/**
 * The UUID that a Trusted Application was built under.
 * @param elf the unsigned TA, stripped or not
 * @throws SecureStorageError ERR_TA_FILE if it is no ELF file of a TA
 */
export function taUuidOf(elf: Buffer): string {
  try {
    return formatUuid(uuidOf(headSection(elf)));
  } catch (error) {
    // What Buffer throws where nothing is left to read.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_OUT_OF_RANGE' && code !== 'ERR_BUFFER_OUT_OF_BOUNDS') throw error;
    throw notTa('the ELF file is cut short', error);
  }
}

/** The contents of the section that struct ta_head is in. */
function headSection(elf: Buffer): Buffer {
  const isElf = elf.length > 6 && elf.readUInt32BE(0) === 0x7f454c46;
  const layout = isElf ? (LAYOUTS[elf.readUInt8(4) as keyof typeof LAYOUTS] as Layout | undefined) : undefined;
  if (layout === undefined) throw notTa('this is no ELF file');
  if (elf.readUInt8(5) !== 1) throw notTa('the ELF file is not little-endian');
  const sections = sectionsOf(elf, layout);
  const names = sections[elf.readUInt16LE(layout.names)];
  const head = sections.find(({ name }) => names?.bytes.toString('latin1', name).startsWith(`${HEAD_SECTION}\0`));
  if (head === undefined) throw notTa('the ELF file is no Trusted Application: it has no section .ta_head');
  return head.bytes;
}

function sectionsOf(elf: Buffer, layout: Layout): { name: number; bytes: Buffer }[] {
  const start = readWord(elf, layout.sections, layout);
  const entrySize = elf.readUInt16LE(layout.entrySize);
  if (entrySize < layout.header) throw notTa('the ELF file has no section headers');
  return Array.from({ length: elf.readUInt16LE(layout.entryCount) }, (_, index) => {
    const at = start + index * entrySize;
    const offset = readWord(elf, at + layout.offset, layout);
    return {
      name: elf.readUInt32LE(at),
      bytes: elf.subarray(offset, offset + readWord(elf, at + layout.size, layout)),
    };
  });
}

/** A number of the width of the file's class. */
function readWord(elf: Buffer, at: number, { header }: Layout): number {
  return header === 40 ? elf.readUInt32LE(at) : Number(elf.readBigUInt64LE(at));
}

/** The UUID as 16 octets. */
function uuidOf(head: Buffer): Uint8Array {
  if (head.length < UUID_SIZE) throw notTa('the ELF file is cut short');
  return swapUuid(head);
}

function notTa(detail: string, cause?: unknown): SecureStorageError {
  return new SecureStorageError('ERR_TA_FILE', { detail, cause });
}
