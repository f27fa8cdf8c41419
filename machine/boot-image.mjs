// SPDX-License-Identifier: MIT
// @ts-check
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CpioArchive } from './cpio.mjs';
import { ensureFirmware } from './firmware.mjs';
import { ensureGuestTools, GUEST } from './guest-tools.mjs';
import { ensureKernel } from './kernel.mjs';
import { ensureRootImage } from './rootfs.mjs';
import { versionOf } from './versions.mjs';

/** What a machine boots from; all of it is built or fetched on first use. @param {string} [version] */
export async function ensureImages(version) {
  const { optee, kernel, client, systemd } = versionOf(version);
  return {
    firmware: await ensureFirmware(optee),
    kernel: await ensureKernel(kernel),
    root: await ensureRootImage(client, systemd),
    tools: await ensureGuestTools(),
  };
}

/** @typedef {Awaited<ReturnType<typeof ensureImages>>} Images */

/**
 * Files to lay over the root file system, by their absolute path in the machine: the path of a file of the host
 * (executable as that is, unless told), or what a symbolic link points to.
 *
 * @typedef {Map<string, { file: string, executable?: boolean } | { link: string }>} Overlay
 */

/**
 * Writes the initial RAM file system: the drivers, the guest's side of this tool, and the overlay. It takes a fraction
 * of a second, so a change of the product costs no more than that.
 *
 * @param {string} to
 * @param {Images} images
 * @param {Overlay} overlay
 */
export function writeInitrd(to, images, overlay) {
  const archive = new CpioArchive();
  for (const folder of ['proc', 'sys', 'image', 'writes', 'root', 'product']) archive.folder(folder);
  archive.device('dev/console', 5, 1);
  archive.file('init', path.join(GUEST, 'init'));
  archive.file('bin/busybox', path.join(images.root, 'busybox'));
  const modules = path.join(images.kernel, 'modules');
  archive.file('modules/order', path.join(modules, 'order'));
  for (const name of readFileSync(path.join(modules, 'order'), 'utf8').trim().split('\n'))
    archive.file(`modules/${name}`, path.join(modules, name));
  for (const name of ['start', 'storage', 'supplicant', 'user.cjs', 'portable.cjs'])
    archive.file(`guest/${name}`, path.join(GUEST, name));
  for (const name of ['agent', 'supplicant.so']) archive.file(`guest/${name}`, path.join(images.tools, name));
  addOverlay(archive, 'product', overlay);
  writeFileSync(to, archive.finish());
}

/** An archive of an overlay's files alone. @param {Overlay} overlay */
export function filesArchive(overlay) {
  const archive = new CpioArchive();
  addOverlay(archive, '.', overlay);
  return archive.finish();
}

/** @param {CpioArchive} archive @param {string} folder @param {Overlay} overlay */
function addOverlay(archive, folder, overlay) {
  for (const [name, content] of overlay) {
    if ('file' in content) archive.file(`${folder}${name}`, content.file, content.executable);
    else archive.link(`${folder}${name}`, content.link);
  }
}
