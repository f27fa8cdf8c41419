// SPDX-License-Identifier: MIT
// @ts-check
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureAptGroups } from '../tools/lib/apt.mjs';
import { cachedFolder, digestOf } from '../tools/lib/cached.mjs';
import { CACHE } from '../tools/lib/paths.mjs';
import { run } from '../tools/lib/run.mjs';
import { releaseOf } from './debian.mjs';
import { ensureOpteeOs, partWith } from './optee-os.mjs';
import { writeUBootEnvironment } from './u-boot-env.mjs';
import { USUAL } from './versions.mjs';

/** OP-TEE is in memory of its own, which the normal world cannot read. @param {string} optee @param {string} uBoot */
const buildOptions = (optee, uBoot) => [
  'CROSS_COMPILE=aarch64-linux-gnu-',
  'PLAT=qemu',
  'QEMU_USE_GIC_DRIVER=QEMU_GICV3',
  'SPD=opteed',
  `BL32=${optee}/tee-header_v2.bin`,
  `BL32_EXTRA1=${optee}/tee-pager_v2.bin`,
  `BL32_EXTRA2=${optee}/tee-pageable_v2.bin`,
  'BL32_RAM_LOCATION=tdram',
  `BL33=${uBoot}`,
  'DEBUG=0',
];

/** @param {string} folder @param {string} optee */
async function buildFirmware(folder, optee) {
  const work = path.join(folder, 'work');
  mkdirSync(work);
  const uBoot = path.join(
    await releaseOf(USUAL).unpackDebs(work, ['u-boot-qemu']),
    'usr/lib/u-boot/qemu_arm64/u-boot.bin',
  );
  const sources = path.join(work, 'source');
  mkdirSync(sources);
  const tree = await releaseOf(USUAL).unpackSource(sources, 'arm-trusted-firmware');
  await run('make', ['-C', tree, '-j2', ...buildOptions(optee, uBoot), 'all', 'fip']);
  copyFileSync(path.join(tree, 'build', 'qemu', 'release', 'qemu_fw.bios'), path.join(folder, 'qemu_fw.bios'));
  writeUBootEnvironment(path.join(folder, 'u-boot-env.img'));
  rmSync(work, { recursive: true });
}

/**
 * Everything that runs before Linux: Trusted Firmware-A with OP-TEE OS as its secure payload, and U-Boot.
 *
 * @param {import('./versions.mjs').OpteeOs} version of OP-TEE.
 * @returns {Promise<string>} a folder with `qemu_fw.bios`, for QEMU's `-bios`, and `u-boot-env.img`, the second flash.
 */
export async function ensureFirmware(version) {
  const optee = await ensureOpteeOs(version);
  const here = fileURLToPath(import.meta.url);
  const inputs = [
    USUAL,
    path.relative(CACHE, optee),
    digestOf([here, path.join(path.dirname(here), 'u-boot-env.mjs')]),
  ];
  return cachedFolder(partWith('firmware', version), inputs, 'Building the firmware', async (unfinished) => {
    await ensureAptGroups('machine-images');
    await buildFirmware(unfinished, optee);
  });
}
