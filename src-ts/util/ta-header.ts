// SPDX-License-Identifier: MIT
/** Where in its image a Trusted Application has its header, which decides what OP-TEE can load it. */
import { ElfReader, sectionsOf } from './elf.js';

/** The section in which the development kit places `struct ta_head`, which begins with the UUID. */
export const HEAD_SECTION = '.ta_head';

/**
 * Whether the header comes first, at address 0. OP-TEE before 4.0 reads it there, whatever is there.
 * @param file a TA, signed or not
 * @returns undefined if that cannot be seen: the file is encrypted, or no TA
 */
export function isHeaderFirst(file: Buffer): boolean | undefined {
  const start = file.indexOf('\x7fELF', 0, 'latin1');
  if (start < 0) return undefined;
  try {
    const head = sectionsOf(new ElfReader(file.subarray(start))).find(({ name }) => name === HEAD_SECTION);
    return head === undefined ? undefined : head.address === 0;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
