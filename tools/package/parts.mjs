// SPDX-License-Identifier: MIT
// @ts-check
/** What is in the binaries of the package that others wrote, as the bill of materials names it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ROOT } from '../lib/paths.mjs';
import { SetupError } from '../lib/run.mjs';
import { ensureTaDevKit } from '../../machine/kits.mjs';
import { ensureSysroot } from '../prebuild/sysroot.mjs';
import { TARGETS } from '../prebuild/targets.mjs';

/** @typedef {{ name: string, version: string, license: string, purl: string, description: string }} Part */

const GCC_LICENSE = 'GPL-3.0-or-later WITH GCC-exception-3.1';

/** The version of a Debian source package. @param {string} changelog of one of its packages, compressed */
function debianVersion(changelog) {
  const [, version] = /^\S+ \(([^)]+)\)/.exec(gunzipSync(readFileSync(changelog)).toString('utf8')) ?? [];
  if (version === undefined) throw new SetupError(`${changelog} does not begin with a version`);
  return version;
}

/** @param {string} name @param {string} version */
const gccPart = (name, version) => ({
  ...{ name, version, license: GCC_LICENSE, purl: `pkg:generic/gcc@${encodeURIComponent(version)}#${name}` },
  description: "Linked statically, of Debian's GCC",
});

/** The archives that the linker took something from. @param {string} map */
function linkedArchives(map) {
  const text = readFileSync(map, 'utf8').split(/^Discarded input sections/m, 1)[0] ?? '';
  return new Set([...text.matchAll(/\/(lib\w+)\.a\(/g)].map(([, name = '']) => name));
}

/** The version that GCC leaves in what it makes. @param {string} file */
function gccVersion(file) {
  const [, version] = /GCC: \([^)]*?(\d[^ )]*)\)/.exec(readFileSync(file, 'latin1')) ?? [];
  if (version === undefined) throw new SetupError(`${file} does not tell which GCC made it`);
  return version;
}

/**
 * What is linked into the Trusted Application.
 *
 * @param {string} map the linker's.
 * @returns {Promise<Part[]>}
 * @throws {SetupError} where a library is linked that is not known here.
 */
export async function taParts(map) {
  const kit = await ensureTaDevKit();
  const changelog = path.join(kit, '../../../share/doc/optee-os-dev/changelog.Debian.gz');
  const optee = { version: debianVersion(changelog), license: 'BSD-2-Clause' };
  const mbedtls = readFileSync(path.join(kit, 'include/mbedtls/build_info.h'), 'utf8');
  const [, mbedtlsVersion = ''] = /define MBEDTLS_VERSION_STRING\s+"(.+)"/.exec(mbedtls) ?? [];
  /** @param {string} name */
  const ofOptee = (name) => ({
    ...{ name, ...optee, purl: `pkg:deb/debian/optee-os@${encodeURIComponent(optee.version)}?arch=source#${name}` },
    description: "Linked statically, of OP-TEE's development kit",
  });
  /** @type {Record<string, Part>} */
  const known = {
    libutee: ofOptee('libutee'),
    libutils: ofOptee('libutils'),
    libdl: ofOptee('libdl'),
    libmbedtls: {
      ...{ name: 'mbedtls', version: mbedtlsVersion, license: 'Apache-2.0 OR GPL-2.0-or-later' },
      ...{ purl: `pkg:generic/mbedtls@${mbedtlsVersion}` },
      description:
        "The arithmetic of libutee, as OP-TEE's development kit has it; the Trusted Application does not call it",
    },
    libgcc: gccPart('libgcc', gccVersion(map.replace(/\.map$/, '.stripped.elf'))),
  };
  return [...linkedArchives(map)].sort().map((name) => {
    const part = known[name];
    if (!part)
      throw new SetupError(`The Trusted Application is linked with ${name}: describe it in tools/package/parts.mjs`);
    return part;
  });
}

/** @returns {Promise<Part[]>} what is compiled and linked into the addon, for every target the same. */
export async function addonParts() {
  const sysroot = await ensureSysroot(TARGETS['linux-arm64-glibc'].debian);
  const version = gccVersion(path.join(sysroot, 'usr/lib/gcc/aarch64-linux-gnu/10/crtbegin.o'));
  const headers = JSON.parse(readFileSync(path.join(ROOT, 'node_modules/node-addon-api/package.json'), 'utf8'));
  return [
    {
      ...{ name: headers.name, version: headers.version, license: 'MIT', description: 'Headers that are compiled in' },
      purl: `pkg:npm/${headers.name}@${headers.version}`,
    },
    gccPart('libstdc++', version),
    gccPart('libgcc', version),
  ];
}
