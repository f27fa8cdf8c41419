// SPDX-License-Identifier: MIT
// @ts-check
import { existsSync, readdirSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { cachedFolder } from '../lib/cached.mjs';
import { DebianRelease } from '../lib/debian.mjs';
import { SetupError } from '../lib/run.mjs';

/**
 * The release whose C library binaries are built against and tried on: the oldest that Debian's mirrors have. Its glibc,
 * 2.31, is that of JetPack 5.
 */
const SUITE = 'bullseye';

/** Headers and libraries to build with, and the libraries that a Node.js needs to run. */
const PACKAGES = [
  ...['libc6', 'libc6-dev', 'linux-libc-dev', 'libcrypt-dev', 'libcrypt1'],
  ...['libgcc-10-dev', 'libstdc++-10-dev', 'libgcc-s1', 'libstdc++6', 'libatomic1'],
];

/** @param {string} folder @returns {Generator<string>} the symbolic links below a folder. */
function* linksBelow(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isSymbolicLink()) yield file;
    else if (entry.isDirectory()) yield* linksBelow(file);
  }
}

/**
 * Makes absolute links lead into the sysroot. Left as they are, they would dangle, and a linker that finds no
 * `libpthread.so` takes `libpthread.a` instead: the result looks fine and does not load.
 *
 * @param {string} root
 */
function relativiseLinks(root) {
  for (const link of linksBelow(root)) {
    const to = readlinkSync(link);
    if (!path.isAbsolute(to)) continue;
    rmSync(link);
    symlinkSync(path.relative(path.dirname(link), path.join(root, to)), link);
  }
}

/** The links that the linker follows. Those of compilers' own libraries, as the sanitizers', are nobody's here. @param {string} root */
function refuseDanglingLinks(root) {
  const isLibrary = (/** @type {string} */ link) => /\/usr\/lib\/[^/]+-linux-[^/]+\/[^/]+\.so$/.test(link);
  for (const link of linksBelow(path.join(root, 'usr', 'lib'))) {
    if (isLibrary(link) && !existsSync(link)) {
      throw new SetupError(`In the sysroot ${link} leads nowhere: ${readlinkSync(link)}`);
    }
  }
}

/**
 * An older Debian's C and C++ libraries for an architecture.
 *
 * @param {string} architecture in Debian's words.
 * @returns {Promise<string>} a folder for a compiler's `--sysroot` and an emulator's `-L`.
 */
export async function ensureSysroot(architecture) {
  const title = `Fetching the libraries of Debian ${SUITE}/${architecture}`;
  const folder = await cachedFolder(`sysroot-${architecture}`, [SUITE, PACKAGES, 1], title, async (unfinished) => {
    const root = await new DebianRelease(SUITE, architecture).unpackDebs(unfinished, PACKAGES);
    relativiseLinks(root);
    refuseDanglingLinks(root);
    renameSync(root, path.join(unfinished, 'sysroot'));
  });
  return path.join(folder, 'sysroot');
}
