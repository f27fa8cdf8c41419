// SPDX-License-Identifier: MIT
/**
 * The form in which OP-TEE loads a Trusted Application (core/include/signed_hdr.h there), all numbers little-endian:
 *
 *     struct shdr            magic, image type, image size, algorithm: 32 bits each; hash size, signature size: 16 bits
 *     hash, signature
 *     struct shdr_bootstrap_ta   UUID in 16 octets, TA version in 32 bits
 *     image                  the stripped ELF file; encrypted if the image type says so
 *
 * The hash is SHA-256 of everything but itself and the signature. From OP-TEE 3.20 on, subkeys may come before it: each
 * is a struct shdr with hash and signature, an image with a public key, and a name.
 */
import { createHash } from 'node:crypto';

import { SecureStorageError } from '../../../errors/error.js';
import { formatUuid } from '../../../util/uuid.js';
import { taUuidOf } from './unsigned-image.js';

/** The signature algorithms that OP-TEE takes, by the names of the command line: TEE_ALG_RSASSA_…_SHA256. */
export const Algorithm = { pss: 0x70414930, 'pkcs1-v1_5': 0x70004830 } as const;
export type AlgorithmName = keyof typeof Algorithm;

const MAGIC = 0x4f545348;
const ImageType = { BOOTSTRAP_TA: 1, ENCRYPTED_TA: 2, SUBKEY: 3 } as const;
const Size = { SHDR: 20, HASH: 32, UUID: 16, VERSION: 4, ENCRYPTION: 12 } as const;
const BOOTSTRAP = Size.UUID + Size.VERSION;
/** More than anybody needs; OP-TEE itself has a limit. */
const SUBKEYS_MAX = 16;

/** What is to be signed. */
export interface UnsignedTa {
  readonly elf: Buffer;
  readonly uuid: string;
  /** OP-TEE refuses a lower one than it has loaded before. */
  readonly version: number;
  readonly algorithm: AlgorithmName;
  /** Size of the signature, which is that of the key's modulus, in bytes. */
  readonly signatureSize: number;
}

/** What is known of a signed TA. */
export interface SignedTa {
  readonly uuid: string;
  readonly version: number;
  readonly algorithm: AlgorithmName;
  readonly encrypted: boolean;
  /** How many subkeys come before it: 0 if it is signed with the root key itself. */
  readonly subkeys: number;
  readonly signature: Buffer;
  /** What the signature is about; null for an encrypted TA, whose hash is of the decrypted image. */
  readonly message: Buffer | null;
}

/** The bytes that are hashed and signed. */
export function messageOf(ta: UnsignedTa): Buffer {
  return Buffer.concat([header(ta), bootstrap(ta), ta.elf]);
}

/** The digest that a key outside of this machine signs. */
export function digestOf(message: Buffer): Buffer {
  return createHash('sha256').update(message).digest();
}

/** A TA that OP-TEE loads, from what was signed and the signature. */
export function assemble(message: Buffer, signature: Buffer): Buffer {
  return Buffer.concat([message.subarray(0, Size.SHDR), digestOf(message), signature, message.subarray(Size.SHDR)]);
}

function header({ elf, algorithm, signatureSize }: UnsignedTa): Buffer {
  const shdr = Buffer.alloc(Size.SHDR);
  [MAGIC, ImageType.BOOTSTRAP_TA, elf.length, Algorithm[algorithm]].forEach((word, index) => {
    shdr.writeUInt32LE(word, 4 * index);
  });
  shdr.writeUInt16LE(Size.HASH, 16);
  shdr.writeUInt16LE(signatureSize, 18);
  return shdr;
}

function bootstrap({ uuid, version }: UnsignedTa): Buffer {
  const bytes = Buffer.alloc(BOOTSTRAP);
  bytes.write(uuid.replaceAll('-', ''), 'hex');
  bytes.writeUInt32LE(version, Size.UUID);
  return bytes;
}

/**
 * Takes a signed TA apart and checks it against itself: sizes, hash, and the UUID within the ELF file. Whether the
 * signature is right, only a key can tell.
 * @throws SecureStorageError ERR_TA_FILE
 */
export function parseSigned(file: Buffer): SignedTa {
  let rest = file;
  for (let subkeys = 0; subkeys <= SUBKEYS_MAX; subkeys++) {
    const part = readHeader(rest);
    if (part.type !== ImageType.SUBKEY) return { ...readTa(part), subkeys };
    rest = afterSubkey(part);
  }
  throw notSigned('it has too many subkeys');
}

interface Part {
  readonly shdr: Buffer;
  readonly type: number;
  readonly imageSize: number;
  readonly algorithm: AlgorithmName;
  readonly hash: Buffer;
  readonly signature: Buffer;
  /** What follows hash and signature. */
  readonly body: Buffer;
}

function readHeader(bytes: Buffer): Part {
  if (bytes.length < Size.SHDR || bytes.readUInt32LE(0) !== MAGIC) throw notSigned('it does not begin with "HSTO"');
  const [type, imageSize, algo] = [bytes.readUInt32LE(4), bytes.readUInt32LE(8), bytes.readUInt32LE(12)];
  const algorithm = (Object.keys(Algorithm) as AlgorithmName[]).find((name) => Algorithm[name] === algo);
  if (algorithm === undefined) throw notSigned(`its signature algorithm is unknown (0x${algo.toString(16)})`);
  if (bytes.readUInt16LE(16) !== Size.HASH) throw notSigned('its hash is not of SHA-256');
  const hashEnd = Size.SHDR + Size.HASH;
  const signatureEnd = hashEnd + bytes.readUInt16LE(18);
  if (bytes.length < signatureEnd + BOOTSTRAP) throw cutShort();
  return {
    shdr: bytes.subarray(0, Size.SHDR),
    type,
    imageSize,
    algorithm,
    hash: bytes.subarray(Size.SHDR, hashEnd),
    signature: bytes.subarray(hashEnd, signatureEnd),
    body: bytes.subarray(signatureEnd),
  };
}

/** What follows a subkey: its image, which tells the length of the name after it, and that name. */
function afterSubkey({ body, imageSize }: Part): Buffer {
  return body.subarray(imageSize + body.readUInt32LE(Size.UUID));
}

function readTa({ shdr, type, imageSize, algorithm, hash, signature, body }: Part): Omit<SignedTa, 'subkeys'> {
  const encrypted = type === ImageType.ENCRYPTED_TA;
  if (!encrypted && type !== ImageType.BOOTSTRAP_TA) throw notSigned(`its image type is unknown (${String(type)})`);
  const uuid = formatUuid(body.subarray(0, Size.UUID));
  const version = body.readUInt32LE(Size.UUID);
  const image = body.subarray(BOOTSTRAP + (encrypted ? encryptionSize(body) : 0));
  if (image.length < imageSize) throw cutShort();
  if (image.length > imageSize) throw notSigned('bytes follow its end');
  if (encrypted) return { uuid, version, algorithm, signature, encrypted, message: null };
  const message = Buffer.concat([shdr, body]);
  if (!digestOf(message).equals(hash)) throw notSigned('its contents do not have the hash that it gives');
  if (taUuidOf(image) !== uuid) throw notSigned(`its header says ${uuid}, but it was built as ${taUuidOf(image)}`);
  return { uuid, version, algorithm, signature, encrypted, message };
}

/** struct shdr_encrypted_ta: algorithm and flags, sizes of nonce and tag, those two. */
function encryptionSize(body: Buffer): number {
  if (body.length < BOOTSTRAP + Size.ENCRYPTION) throw cutShort();
  return Size.ENCRYPTION + body.readUInt16LE(BOOTSTRAP + 8) + body.readUInt16LE(BOOTSTRAP + 10);
}

function cutShort(): SecureStorageError {
  return notSigned('it is cut short');
}

function notSigned(why: string): SecureStorageError {
  return new SecureStorageError('ERR_TA_FILE', { detail: `the file is no signed Trusted Application: ${why}` });
}
