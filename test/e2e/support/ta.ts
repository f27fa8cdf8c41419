// SPDX-License-Identifier: MIT
/** Trusted Applications other than the one that is installed in the machine. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const FOLDER = path.resolve(__dirname, '../../../build/test-e2e');

/** Builds the TA with variables of its Makefile, for a version of the machine; see ensureTa() in machine/product.mjs. */
export async function buildTa(variables: Record<string, string>, version?: string): Promise<string> {
  const { ensureTa } = await import('../../../machine/product.mjs');
  return ensureTa(variables, version);
}

/** A key that no OP-TEE trusts. */
export function makeSigningKey(): string {
  mkdirSync(FOLDER, { recursive: true });
  const file = path.join(FOLDER, 'signing-key.pem');
  execFileSync('openssl', ['genrsa', '-out', file, '2048'], { stdio: 'ignore' });
  return file;
}

/**
 * A copy of a signed TA with one bit of its signature changed.
 * @returns the copy's path
 */
export function breakSignature(ta: string): string {
  const { bytes, signature } = readSignedTa(ta);
  signature.writeUInt8(signature.readUInt8(7) ^ 1, 7);
  const copy = path.join(FOLDER, `broken-${path.basename(ta)}`);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(copy, bytes);
  return copy;
}

/** The parts of a signed TA (OP-TEE, core/include/signed_hdr.h: struct shdr, struct shdr_bootstrap_ta). */
export interface SignedTa {
  readonly bytes: Buffer;
  readonly signature: Buffer;
  /** What the hash, and so the signature, is about. */
  readonly signed: Buffer;
  /** From the header, 16 octets in the order of RFC 9562. */
  readonly uuid: Buffer;
}

const HEADER = 20;
const MAGIC = 0x4f545348;

/** Takes a signed TA apart; the parts are views of `bytes`, except `signed`. */
export function readSignedTa(file: string): SignedTa {
  const bytes = readFileSync(file);
  if (bytes.readUInt32LE(0) !== MAGIC) throw new Error(`${file} is no signed TA`);
  const hashEnd = HEADER + bytes.readUInt16LE(16);
  const signatureEnd = hashEnd + bytes.readUInt16LE(18);
  return {
    bytes,
    signature: bytes.subarray(hashEnd, signatureEnd),
    signed: Buffer.concat([bytes.subarray(0, HEADER), bytes.subarray(signatureEnd)]),
    uuid: bytes.subarray(signatureEnd, signatureEnd + 16),
  };
}
