// SPDX-License-Identifier: MIT

/**
 * Memory for a secret that fill(0) wipes for good; zeros at first. Node's other ways to make a Buffer put up to 64 bytes
 * into V8's heap. There the garbage collector moves them, and a native function that is given them makes V8 copy them to
 * memory outside; the bytes stay behind where they were, and nobody can reach them to wipe them.
 */
export function wipeableBuffer(size: number): Buffer<ArrayBuffer> {
  return Buffer.from(new ArrayBuffer(size));
}
