// SPDX-License-Identifier: MIT
/** UUIDs (RFC 9562) as text, as octets, and as the TEE keeps them in memory. */

/** The form 8-4-4-4-12, in either case. */
const FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const SIZE = 16;

export function isUuid(text: string): boolean {
  return FORM.test(text);
}

/**
 * The 16 octets of a UUID.
 * @throws TypeError
 */
export function encodeUuid(uuid: string): Uint8Array {
  if (!isUuid(uuid)) throw new TypeError('"uuid" does not have the form 8-4-4-4-12 hexadecimal digits');
  return Uint8Array.from(Buffer.from(uuid.replaceAll('-', ''), 'hex'));
}

/** 16 octets as 8-4-4-4-12 hexadecimal digits. */
export function formatUuid(octets: Uint8Array): string {
  const hex = Buffer.from(octets.buffer, octets.byteOffset, SIZE).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/**
 * From a UUID's octets to a TEE_UUID of a little-endian TEE, and back: its first three fields are numbers.
 * @param bytes at least 16
 * @returns 16 bytes of their own
 * @throws RangeError if there are too few
 */
export function swapUuid(bytes: Uint8Array): Uint8Array {
  if (bytes.length < SIZE) throw new RangeError('a UUID has 16 bytes');
  const swapped = Buffer.from(bytes.subarray(0, SIZE));
  swapped.subarray(0, 4).reverse();
  swapped.subarray(4, 6).reverse();
  swapped.subarray(6, 8).reverse();
  return swapped;
}
