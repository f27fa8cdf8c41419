// SPDX-License-Identifier: MIT
/** ELF files with as much of a Trusted Application as the command line looks at. */

const NAMES = '\0.ta_head\0.shstrtab\0';

/**
 * An ELF file with a section .ta_head that begins with the UUID.
 * @param bits its class
 * @param address of the section in memory: 0 unless a kit of OP-TEE 4.0 or later placed it
 */
export function taElf(uuid: string, bits: 32 | 64, address = 0): Buffer {
  const head = Buffer.from(uuid.replaceAll('-', ''), 'hex');
  head.subarray(0, 4).reverse();
  head.subarray(4, 6).reverse();
  head.subarray(6, 8).reverse();
  const wide = bits === 64;
  const start = wide ? 64 : 52;
  const contents = Buffer.concat([head, Buffer.from(NAMES)]);
  const sections = [
    section(wide, 0, 0, 0),
    section(wide, NAMES.indexOf('.ta_head'), start, head.length, address),
    section(wide, NAMES.indexOf('.shstrtab'), start + head.length, NAMES.length),
  ];
  return Buffer.concat([elfHeader(wide, start + contents.length, sections.length), contents, ...sections]);
}

function elfHeader(wide: boolean, sectionsAt: number, count: number): Buffer {
  const header = Buffer.alloc(wide ? 64 : 52);
  header.write('\x7fELF', 'latin1');
  header.set([wide ? 2 : 1, 1, 1], 4);
  if (wide) header.writeBigUInt64LE(BigInt(sectionsAt), 0x28);
  else header.writeUInt32LE(sectionsAt, 0x20);
  header.writeUInt16LE(wide ? 64 : 40, wide ? 0x3a : 0x2e);
  header.writeUInt16LE(count, wide ? 0x3c : 0x30);
  header.writeUInt16LE(count - 1, wide ? 0x3e : 0x32);
  return header;
}

function section(wide: boolean, name: number, offset: number, size: number, address = 0): Buffer {
  const bytes = Buffer.alloc(wide ? 64 : 40);
  bytes.writeUInt32LE(name, 0);
  if (wide) {
    bytes.writeBigUInt64LE(BigInt(address), 0x10);
    bytes.writeBigUInt64LE(BigInt(offset), 0x18);
    bytes.writeBigUInt64LE(BigInt(size), 0x20);
  } else {
    bytes.writeUInt32LE(address, 0x0c);
    bytes.writeUInt32LE(offset, 0x10);
    bytes.writeUInt32LE(size, 0x14);
  }
  return bytes;
}
