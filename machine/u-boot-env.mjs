// SPDX-License-Identifier: MIT
// @ts-check
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';

/**
 * U-Boot reads its settings from the board's second flash chip (CONFIG_ENV_IS_IN_FLASH). With none there it waits two
 * seconds for a key and tries USB and EFI before it boots the kernel that QEMU offers.
 */
const SETTINGS = {
  bootdelay: '0',
  bootcmd: 'bootmeth order qfw; bootflow scan -b',
  // Above the 2 MiB at 0x42000000 that OP-TEE shares with Linux; U-Boot's own default lies across them.
  kernel_addr_r: '0x44000000',
  ramdisk_addr_r: '0x4c000000',
};

/** CONFIG_ENV_SIZE of U-Boot's qemu_arm64 configuration. */
const ENV_SIZE = 0x40000;
/** The chip's size; QEMU takes no other. */
const FLASH_SIZE = 64 * 1024 * 1024;

/** The usual CRC-32, which node:zlib has only in later versions. @param {Uint8Array} bytes */
function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** Writes the flash chip's image; it is sparse. @param {string} file */
export function writeUBootEnvironment(file) {
  const environment = Buffer.alloc(ENV_SIZE);
  const lines = Object.entries(SETTINGS).map(([name, value]) => `${name}=${value}\0`);
  environment.write(lines.join(''), 4, 'latin1');
  environment.writeUInt32LE(crc32(environment.subarray(4)), 0);
  const flash = openSync(file, 'w', 0o644);
  writeSync(flash, environment);
  ftruncateSync(flash, FLASH_SIZE);
  closeSync(flash);
}
