// SPDX-License-Identifier: MIT
// @ts-check
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureAptGroups } from '../tools/lib/apt.mjs';
import { cachedFolder, digestOf } from '../tools/lib/cached.mjs';
import { run, SetupError } from '../tools/lib/run.mjs';
import { mergeUsr, releaseOf } from './debian.mjs';
import { partOf } from './versions.mjs';

/** @typedef {import('../tools/lib/debian.mjs').DebianRelease} DebianRelease */

/** What the machine needs to find its disks and OP-TEE; Debian's kernel has the rest built in. */
const MODULES = ['virtio_pci', 'virtio_console', 'virtio_blk', 'squashfs', 'overlay', 'ext4', 'optee'];

/** @param {string} base @param {string} release @returns {Promise<string[]>} module files, each after those it needs. */
async function modulesInOrder(base, release) {
  await run('depmod', ['-b', base, release]);
  const shown = await run('modprobe', ['-d', base, '-S', release, '--show-depends', '-a', ...MODULES]);
  const files = [...shown.matchAll(/^insmod (\S+)/gm)].map((match) => match[1] ?? '');
  return [...new Set(files)];
}

/** Unpacks a module now rather than at every boot. @param {string} file @param {string} to @returns {Promise<string>} */
async function placeModule(file, to) {
  const name = path.basename(file).replace(/\.xz$/, '');
  copyFileSync(file, path.join(to, path.basename(file)));
  if (file.endsWith('.xz')) await run('xz', ['-d', path.join(to, path.basename(file))]);
  return name;
}

/** Since 2026 Debian has the kernel's program, its modules and their lists in packages of their own. @param {DebianRelease} debian */
async function kernelPackages(debian) {
  const image = (await debian.dependenciesOf('linux-image-arm64')).find((name) => name.startsWith('linux-image-'));
  if (!image) throw new SetupError('The package linux-image-arm64 names no kernel');
  const parts = (await debian.dependenciesOf(image)).filter((name) => /^linux-(base|binary|modules)-\d/.test(name));
  return [image, ...parts];
}

/** @param {string} folder @param {string} suite */
async function buildKernel(folder, suite) {
  const debian = releaseOf(suite);
  const work = path.join(folder, 'work');
  mkdirSync(work);
  const root = await debian.unpackDebs(work, await kernelPackages(debian));
  mergeUsr(root);
  const usr = path.join(root, 'usr');
  const release = readdirSync(path.join(usr, 'lib', 'modules'))[0] ?? '';
  const modules = path.join(folder, 'modules');
  mkdirSync(modules);
  const order = [];
  for (const file of await modulesInOrder(usr, release)) order.push(await placeModule(file, modules));
  writeFileSync(path.join(modules, 'order'), order.map((name) => `${name}\n`).join(''));
  const places = [path.join(root, 'boot', `vmlinuz-${release}`), path.join(usr, 'lib', 'modules', release, 'vmlinuz')];
  copyFileSync(places.find(existsSync) ?? '', path.join(folder, 'vmlinuz'));
  rmSync(work, { recursive: true });
}

/**
 * Debian's kernel with the few modules the machine uses.
 *
 * @param {string} suite
 * @returns {Promise<string>} a folder with `vmlinuz` and `modules/`, where `order` lists the files in loading order.
 */
export function ensureKernel(suite) {
  const inputs = [suite, digestOf([fileURLToPath(import.meta.url)])];
  return cachedFolder(partOf('kernel', suite), inputs, 'Fetching the Linux kernel', async (unfinished) => {
    await ensureAptGroups('machine-images');
    await buildKernel(unfinished, suite);
  });
}
