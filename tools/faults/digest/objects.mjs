// SPDX-License-Identifier: MIT
// @ts-check
/** Object files and archives of them, as a linker sees them: sections, what they refer to, and which symbols there are. */
import { createHash } from 'node:crypto';
import { elfReader } from '../../prebuild/elf.mjs';

/** @typedef {import('../../prebuild/elf.mjs').ElfReader} ElfReader */

const SectionType = { SYMTAB: 2, RELA: 4, NOBITS: 8, INIT_ARRAY: 14 };
const SectionFlag = { WRITE: 1, ALLOC: 2, EXECUTE: 4, STRINGS: 0x20, TLS: 0x400 };
const SectionIndex = { UNDEFINED: 0, ABSOLUTE: 0xfff1, COMMON: 0xfff2 };
const Binding = { LOCAL: 0, WEAK: 2 };
const KEPT_FLAGS = SectionFlag.WRITE | SectionFlag.EXECUTE | SectionFlag.TLS;

/**
 * @typedef {object} Part a section that is loaded, by what it holds and not by its name.
 * @property {string} shape type, flags, alignment and size
 * @property {Buffer} bytes empty: zeros
 * @property {boolean} isText whether it holds nothing but texts that end with a NUL
 * @property {boolean} isInitialiser whether it lists functions to call at the start
 * @property {Reference[]} references in the order of the places where they are
 */

/** @typedef {{ at: number, type: number, addend: number, symbol: Sym }} Reference */

/**
 * @typedef {object} Sym
 * @property {string} name
 * @property {boolean} isLocal
 * @property {boolean} isWeak
 * @property {number} value
 * @property {Part | undefined} part where it is; undefined: in no section of this object
 * @property {boolean} isDefined
 */

/** @typedef {{ parts: Part[], symbols: Sym[], digest: string }} ObjectFile `digest`: of the sections' bytes, without a name */

/** @param {ElfReader} r @param {import('../../prebuild/elf.mjs').Section} section @returns {Part} */
function partOf(r, { type, flags, offset, size, align }) {
  return {
    shape: [type, flags & KEPT_FLAGS, align, size].join(' '),
    bytes: type === SectionType.NOBITS ? Buffer.alloc(0) : r.bytes.subarray(offset, offset + size),
    isText: (flags & SectionFlag.STRINGS) !== 0,
    isInitialiser: type === SectionType.INIT_ARRAY,
    references: [],
  };
}

/** A variable that C leaves to the linker to place. @param {number} align @param {number} size @returns {Part} */
function commonPart(align, size) {
  const shape = [SectionType.NOBITS, SectionFlag.WRITE, align, size].join(' ');
  return { shape, bytes: Buffer.alloc(0), isText: false, isInitialiser: false, references: [] };
}

/** @param {ElfReader} r @param {number} texts @param {number} at @param {readonly (Part | undefined)[]} parts @returns {Sym} */
function symbolAt(r, texts, at, parts) {
  const binding = (r.bytes[at + 4] ?? 0) >> 4;
  const index = r.u16(at + 6);
  const [value, size] = [r.word(at + 8), r.word(at + 16)];
  const isCommon = index === SectionIndex.COMMON;
  return {
    name: r.text(texts + r.u32(at)),
    isLocal: binding === Binding.LOCAL,
    isWeak: isCommon || binding === Binding.WEAK,
    value: isCommon ? 0 : value,
    part: isCommon ? commonPart(value, size) : parts[index],
    isDefined: index !== SectionIndex.UNDEFINED,
  };
}

/** @param {readonly Part[]} parts */
function digestOf(parts) {
  const hash = createHash('sha256');
  for (const { shape, bytes } of parts) hash.update(`${shape}\n`).update(bytes);
  return hash.digest('hex');
}

/** @param {Buffer} bytes a relocatable object of 64 bits @returns {ObjectFile} */
function readObject(bytes) {
  const { ElfReader, sectionsOf } = elfReader();
  const r = new ElfReader(bytes);
  const sections = sectionsOf(r);
  const parts = sections.map((section) => (section.flags & SectionFlag.ALLOC ? partOf(r, section) : undefined));
  const table = sections.find(({ type }) => type === SectionType.SYMTAB);
  const texts = sections[table?.link ?? 0]?.offset ?? 0;
  const symbols = Array.from({ length: (table?.size ?? 0) / 24 }, (_, index) =>
    symbolAt(r, texts, (table?.offset ?? 0) + index * 24, parts),
  );
  for (const { type, info, offset, size } of sections) {
    const references = type === SectionType.RELA ? parts[info]?.references : undefined;
    for (let at = offset; references && at < offset + size; at += 24) {
      const symbol = /** @type {Sym} */ (symbols[r.u32(at + 12)]);
      const addend = Number(r.bytes.readBigInt64LE(at + 16));
      references.push({ at: r.word(at), type: r.u32(at + 8), addend, symbol });
    }
    references?.sort((a, b) => a.at - b.at || a.type - b.type);
  }
  const loaded = parts.filter((part) => part !== undefined);
  return { parts: loaded, symbols, digest: digestOf(loaded) };
}

const MAGIC = '!<arch>\n';

/** The members of an archive of `ar`. @param {Buffer} bytes */
function membersOf(bytes) {
  const members = [];
  for (let at = MAGIC.length; at + 60 <= bytes.length;) {
    const name = bytes.toString('latin1', at, at + 16).trim();
    const size = Number(bytes.toString('latin1', at + 48, at + 58));
    // The table of symbols and the one of long names have no objects in them.
    if (name !== '/' && name !== '//') members.push(bytes.subarray(at + 60, at + 60 + size));
    at += 60 + size + (size % 2);
  }
  return members;
}

/** @param {Buffer} bytes of an object file, or of an archive of them @returns {ObjectFile[]} */
export function readObjects(bytes) {
  const isArchive = bytes.toString('latin1', 0, MAGIC.length) === MAGIC;
  return (isArchive ? membersOf(bytes) : [bytes]).map(readObject);
}
