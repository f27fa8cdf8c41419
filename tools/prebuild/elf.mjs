// SPDX-License-Identifier: MIT
// @ts-check
/** Reads what a shared library of Linux says about itself: little-endian ELF of 32 and 64 bits. */
import { createRequire } from 'node:module';

const SegmentType = { DYNAMIC: 2, GNU_STACK: 0x6474e551, GNU_RELRO: 0x6474e552 };
const SectionType = { DYNAMIC: 6, DYNSYM: 11, VERNEED: 0x6ffffffe, VERSYM: 0x6fffffff };
const Tag = { NEEDED: 1, SONAME: 14, RPATH: 15, TEXTREL: 22, FLAGS: 30, RUNPATH: 29, FLAGS_1: 0x6ffffffb };

/** Bits of a segment's flags. */
export const Access = Object.freeze({ EXECUTE: 1, WRITE: 2 });

/**
 * @typedef {object} ElfSymbol
 * @property {string} name
 * @property {boolean} defined
 * @property {boolean} weak may be missing when it is loaded
 * @property {string} [version] of an undefined symbol, as `GLIBC_2.17`
 */

/** @typedef {{ type: number, flags: number }} Segment */
/** @typedef {import('../../src-ts/util/elf.js').ElfReader} ElfReader */
/** @typedef {import('../../src-ts/util/elf.js').ElfSection} Section */

const require = createRequire(import.meta.url);

/**
 * The package's own reader of ELF files, compiled: what calls this has seen to that by ensureDist().
 * @returns {typeof import('../../src-ts/util/elf.js')}
 */
export const elfReader = () => require('../../dist/util/elf.js');

/** @param {ElfReader} r @returns {Segment[]} */
function segmentsOf(r) {
  const table = r.word(r.pick(32, 28));
  const size = r.u16(r.pick(54, 42));
  return Array.from({ length: r.u16(r.pick(56, 44)) }, (_, i) => {
    const at = table + i * size;
    return { type: r.u32(at), flags: r.u32(at + r.pick(4, 24)) };
  });
}

/** The first section of a type. @param {Section[]} sections @param {number} type */
const ofType = (sections, type) => sections.find((section) => section.type === type);

/** @param {ElfReader} r @param {Section[]} sections @returns {{ tag: number, value: number, text: () => string }[]} */
function dynamicOf(r, sections) {
  const section = ofType(sections, SectionType.DYNAMIC);
  if (!section) return [];
  const texts = sections[section.link]?.offset ?? 0;
  const size = r.pick(16, 8);
  return Array.from({ length: section.size / size }, (_, i) => {
    const at = section.offset + i * size;
    const value = r.word(at + size / 2);
    return { tag: r.word(at), value, text: () => r.text(texts + value) };
  });
}

/** The versions of functions that it needs, by their number. @param {ElfReader} r @param {Section[]} sections */
function neededVersions(r, sections) {
  /** @type {Map<number, string>} */
  const versions = new Map();
  const section = ofType(sections, SectionType.VERNEED);
  if (!section) return versions;
  const texts = sections[section.link]?.offset ?? 0;
  for (let file = section.offset, i = 0; i < section.info; i++, file += r.u32(file + 12)) {
    let version = file + r.u32(file + 8);
    for (let j = 0; j < r.u16(file + 2); j++, version += r.u32(version + 12)) {
      versions.set(r.u16(version + 6) & 0x7fff, r.text(texts + r.u32(version + 8)));
    }
  }
  return versions;
}

/** @param {ElfReader} r @param {Section[]} sections @returns {ElfSymbol[]} */
function symbolsOf(r, sections) {
  const section = ofType(sections, SectionType.DYNSYM);
  if (!section) return [];
  const texts = sections[section.link]?.offset ?? 0;
  const numbers = ofType(sections, SectionType.VERSYM)?.offset;
  const versions = neededVersions(r, sections);
  const size = r.pick(24, 16);
  const symbols = Array.from({ length: section.size / size }, (_, i) => {
    const at = section.offset + i * size;
    const version = numbers === undefined ? undefined : versions.get(r.u16(numbers + i * 2) & 0x7fff);
    const binding = (r.bytes[at + r.pick(4, 12)] ?? 0) >> 4;
    return {
      name: r.text(texts + r.u32(at)),
      defined: r.u16(at + r.pick(6, 14)) !== 0,
      weak: binding === 2,
      ...(version === undefined ? {} : { version }),
    };
  });
  return symbols.filter(({ name }) => name !== '');
}

/**
 * @param {Buffer} bytes a whole file
 * @throws {RangeError} where it is none of these files, or cut short
 */
export function readElf(bytes) {
  const { ElfReader, sectionsOf } = elfReader();
  const r = new ElfReader(bytes);
  const segments = segmentsOf(r);
  const sections = sectionsOf(r);
  const dynamic = dynamicOf(r, sections);
  const valueOf = (/** @type {number} */ tag) => dynamic.find((entry) => entry.tag === tag)?.value ?? 0;
  const has = (/** @type {number} */ tag) => dynamic.some((entry) => entry.tag === tag);
  return {
    bits: r.is64 ? 64 : 32,
    type: r.u16(16),
    machine: r.u16(18),
    flags: r.u32(r.pick(48, 36)),
    segments,
    sections: sections.map(({ name }) => name),
    symbols: symbolsOf(r, sections),
    needed: dynamic.filter(({ tag }) => tag === Tag.NEEDED).map(({ text }) => text()),
    stack: segments.find(({ type }) => type === SegmentType.GNU_STACK),
    hasRelro: segments.some(({ type }) => type === SegmentType.GNU_RELRO),
    bindsNow: (valueOf(Tag.FLAGS) & 8) !== 0 && (valueOf(Tag.FLAGS_1) & 1) !== 0,
    staysLoaded: (valueOf(Tag.FLAGS_1) & 8) !== 0,
    hasSearchPath: has(Tag.RPATH) || has(Tag.RUNPATH),
    hasTextRelocations: has(Tag.TEXTREL) || (valueOf(Tag.FLAGS) & 4) !== 0,
  };
}

/** @typedef {ReturnType<typeof readElf>} Elf */
