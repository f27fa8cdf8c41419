// SPDX-License-Identifier: MIT
/** The little that has to be known of a Trusted Application's ELF file: that it is one, and its UUID. */
import { SecureStorageError } from '../../../errors/error.js';
import { ElfReader, sectionsOf } from '../../../util/elf.js';
import { HEAD_SECTION } from '../../../util/ta-header.js';
import { formatUuid, swapUuid } from '../../../util/uuid.js';

const UUID_SIZE = 16;

/**
 * The UUID that a Trusted Application was built under.
 * @param elf the unsigned TA, stripped or not
 * @throws SecureStorageError ERR_TA_FILE if it is not an ELF file of a TA
 */
export function taUuidOf(elf: Buffer): string {
  try {
    const reader = new ElfReader(elf);
    const head = sectionsOf(reader).find(({ name }) => name === HEAD_SECTION);
    if (head === undefined) throw notTa(`the ELF file is not a Trusted Application: it has no section ${HEAD_SECTION}`);
    const bytes = reader.contents(head);
    if (bytes.length < UUID_SIZE) throw notTa(`the section ${HEAD_SECTION} is cut short`);
    return formatUuid(swapUuid(bytes));
  } catch (error) {
    throw error instanceof RangeError ? notTa(`the file is ${error.message}`, error) : error;
  }
}

function notTa(detail: string, cause?: unknown): SecureStorageError {
  return new SecureStorageError('ERR_TA_FILE', { detail, cause });
}
