// SPDX-License-Identifier: MIT
// @ts-check
import { Access, readElf } from './elf.mjs';

/** @typedef {import('./elf.mjs').Elf} Elf */
/** @typedef {import('./targets.mjs').Target} Target */

/** Processors in ELF's numbers. @type {Readonly<Record<string, { machine: number, bits: number }>>} */
const MACHINES = {
  arm64: { machine: 183, bits: 64 },
  x64: { machine: 62, bits: 64 },
  arm: { machine: 40, bits: 32 },
};

/** In an arm file's flags: numbers with a point are passed in the registers for them. */
const ARM_HARD_FLOAT = 0x400;

/** What Node.js looks up in an addon. */
const EXPORTS = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];

/** What Node.js itself needs of glibc, since its version 18. */
const NEWEST_GLIBC = [2, 28];

const LIBRARY = /^(libc|libm|libdl|libpthread)\.so\.\d+$|^ld-linux(-[a-z0-9-]+)?\.so\.\d+$/;

/** Functions that came with Node-API 9 and later, for which there is no other sign in the file. */
const LATER_THAN_NODE_API_8 = /^(node_api_|napi_get_all_property_names_v2)/;

/** Whether a version like GLIBC_2.17 is one that every machine has. @param {string} version */
function isOldGlibc(version) {
  const [, major, minor] = /^GLIBC_(\d+)\.(\d+)(?:\.\d+)?$/.exec(version) ?? [];
  const [newestMajor = 0, newestMinor = 0] = NEWEST_GLIBC;
  return major !== undefined && Number(major) === newestMajor && Number(minor) <= newestMinor;
}

/** @param {Elf} elf */
const undefinedOf = ({ symbols }) => symbols.filter(({ defined }) => !defined);

/** @param {string} name */
const isNodeApi = (name) => /^(napi_|node_api_)/.test(name);

/** The newest version needed of glibc, for the table. @param {Elf} elf */
export function newestGlibc(elf) {
  const order = new Intl.Collator('en', { numeric: true });
  const versions = elf.symbols.flatMap(({ version }) => (version?.startsWith('GLIBC_') ? [version.slice(6)] : []));
  return versions.sort(order.compare).at(-1) ?? 'none';
}

/**
 * What a binary must be to be shipped. Each looks at one and returns what is wrong with it.
 *
 * @type {readonly { title: string, faults: (elf: Elf, target: Target, bytes: Buffer) => string[] }[]}
 */
export const PROPERTIES = [
  {
    title: 'a library for its processor',
    faults: ({ machine, bits, type, flags }, { arch }) => {
      const wanted = MACHINES[arch];
      const fits = type === 3 && machine === wanted?.machine && bits === wanted.bits;
      if (!fits) return [`type ${type}, machine ${machine}, ${bits} bits`];
      return arch === 'arm' && (flags & ARM_HARD_FLOAT) === 0 ? ['soft float'] : [];
    },
  },
  {
    title: `glibc ${NEWEST_GLIBC.join('.')} is enough`,
    faults: ({ symbols }) =>
      symbols.flatMap(({ name, version }) =>
        version?.startsWith('GLIBC_') && !isOldGlibc(version) ? [`${name}@${version}`] : [],
      ),
  },
  {
    title: "no C++ library's or compiler's functions needed",
    faults: (elf) =>
      undefinedOf(elf).flatMap(({ name, version }) =>
        /^(GLIBCXX|CXXABI|GCC)/.test(version ?? '') || (name.startsWith('_Z') && !version) ? [name] : [],
      ),
  },
  {
    // One without a version binds to the oldest that a library has, and hides how new it is.
    title: 'every function needed is of Node-API or has a version',
    faults: (elf) =>
      undefinedOf(elf).flatMap(({ name, version, weak }) =>
        version === undefined && !weak && !isNodeApi(name) ? [name] : [],
      ),
  },
  {
    title: 'needs only libraries that every machine has',
    faults: ({ needed }) => needed.filter((name) => !LIBRARY.test(name)),
  },
  {
    title: 'exports the two functions of an addon, no more',
    faults: ({ symbols }) => {
      const found = symbols.filter(({ defined }) => defined).map(({ name }) => name);
      const missing = EXPORTS.filter((name) => !found.includes(name)).map((name) => `${name} is missing`);
      return [...missing, ...found.filter((name) => !EXPORTS.includes(name))];
    },
  },
  {
    title: 'nothing of Node-API after version 8',
    faults: (elf) => undefinedOf(elf).flatMap(({ name }) => (LATER_THAN_NODE_API_8.test(name) ? [name] : [])),
  },
  {
    title: 'no buffers outside of V8, which Electron forbids',
    faults: (elf) =>
      undefinedOf(elf).flatMap(({ name }) => (/^napi_create_external_.*buffer$/.test(name) ? [name] : [])),
  },
  {
    title: 'stripped',
    faults: ({ sections }) => sections.filter((name) => /^\.(symtab|strtab|z?debug_.*|comment)$/.test(name)),
  },
  {
    title: 'read-only after loading (full RELRO), bound at once',
    faults: ({ hasRelro, bindsNow }) => [
      ...(hasRelro ? [] : ['no GNU_RELRO segment']),
      ...(bindsNow ? [] : ['not BIND_NOW']),
    ],
  },
  {
    title: 'no memory that is writable and executable, no executable stack',
    faults: ({ stack, segments, hasTextRelocations }) => [
      ...(stack === undefined ? ['no GNU_STACK segment'] : []),
      ...(segments.some(({ flags }) => flags & Access.EXECUTE && flags & Access.WRITE) ? ['a segment with both'] : []),
      ...(hasTextRelocations ? ['text relocations'] : []),
    ],
  },
  {
    title: 'writes of a known size are checked (_FORTIFY_SOURCE)',
    faults: (elf) =>
      undefinedOf(elf).some(({ name }) => /^__(?!stack_).*_chk$/.test(name))
        ? []
        : ['no function of the C library that checks'],
  },
  {
    // A thread may be inside of it when its environment ends.
    title: 'never unloaded',
    faults: ({ staysLoaded }) => (staysLoaded ? [] : ['not NODELETE']),
  },
  {
    title: 'no path of the machine that built it',
    faults: ({ hasSearchPath }, _target, bytes) => [
      ...(hasSearchPath ? ['RPATH or RUNPATH'] : []),
      ...new Set(
        bytes.toString('latin1').match(/[\w./-]*(?:\/(?:home|root|tmp|build|work)\/|src-native\/)[\w./-]*/g) ?? [],
      ),
    ],
  },
];

/**
 * @param {Buffer} bytes of a file
 * @param {Target} target what it should be for
 * @returns {{ title: string, faults: string[] }[]} one for each property
 * @throws {RangeError} where it is no ELF file
 */
export function checkProperties(bytes, target) {
  const elf = readElf(bytes);
  return PROPERTIES.map(({ title, faults }) => ({ title, faults: faults(elf, target, bytes) }));
}
