// SPDX-License-Identifier: MIT
/** Keys that sign Trusted Applications, and their public halves. */
import { constants, createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';

import { SecureStorageError } from '../../../errors/error.js';
import type { Io } from '../../terminal/io.js';
import { promptHidden } from '../../terminal/prompt.js';
import { harmless } from '../../../util/visible.js';
import { readInput } from './packaged.js';
import { publishedKeys, type PublishedKey } from './published-keys.js';
import type { AlgorithmName } from './signed-image.js';

/** The sizes that OP-TEE verifies; 2048 is the usual one. */
const BITS = { MIN: 2048, MAX: 4096 } as const;

/** The salt is as long as the digest, as OP-TEE wants it. */
const SALT_SIZE = 32;

/** An RSA key with what the signature's form needs of it. */
export interface SigningKey {
  /** Undefined where only the public half was given. */
  readonly privateKey: KeyObject | undefined;
  readonly publicKey: KeyObject;
  /** Size of a signature in bytes. */
  readonly size: number;
}

/** What it takes to ask for a passphrase. */
type Asking = Pick<Io, 'stdin' | 'note'>;

/**
 * Reads a private or public key. The passphrase of an encrypted one is asked for at the terminal.
 * @param file PEM; a public key may be DER, as KMSs give it out
 * @throws SecureStorageError ERR_INPUT, ERR_SIGNING_KEY
 */
export async function readKey(io: Asking, file: string): Promise<SigningKey> {
  const bytes = readInput(file, 'the key');
  try {
    const isPrivate = bytes.includes('PRIVATE KEY-----');
    const privateKey = isPrivate ? await parsePrivate(io, file, bytes) : undefined;
    const publicKey = privateKey === undefined ? parsePublic(file, bytes) : createPublicKey(privateKey);
    return { privateKey, publicKey, size: sizeOf(file, publicKey) };
  } finally {
    bytes.fill(0);
  }
}

async function parsePrivate(io: Asking, file: string, key: Buffer): Promise<KeyObject> {
  if (!isEncrypted(key)) {
    try {
      return createPrivateKey(key);
    } catch {
      throw wrongKey(file, 'cannot be read');
    }
  }
  if (io.stdin.isTTY !== true) throw wrongKey(file, 'is encrypted, and there is no terminal to ask for its passphrase');
  const passphrase = await promptHidden(io, `Passphrase of ${harmless(file)} (not shown): `);
  try {
    return createPrivateKey({ key, passphrase });
  } catch {
    throw wrongKey(file, 'does not open with this passphrase');
  } finally {
    passphrase.fill(0);
  }
}

/**
 * By the labels of RFC 7468 and RFC 1421: the error of Node.js is another one from version to version. The bytes stay bytes,
 * for a string of an open key could not be wiped.
 */
function isEncrypted(key: Buffer): boolean {
  return key.includes('-----BEGIN ENCRYPTED PRIVATE KEY-----') || key.includes('Proc-Type: 4,ENCRYPTED');
}

function parsePublic(file: string, key: Buffer): KeyObject {
  try {
    return key.includes('-----BEGIN') ? createPublicKey(key) : createPublicKey({ key, format: 'der', type: 'spki' });
  } catch {
    throw wrongKey(file, 'is no key in PEM form');
  }
}

function sizeOf(file: string, key: KeyObject): number {
  const bits = key.asymmetricKeyType === 'rsa' ? (key.asymmetricKeyDetails?.modulusLength ?? 0) : 0;
  if (bits === 0) throw wrongKey(file, 'is no RSA key; OP-TEE knows no other signatures on Trusted Applications');
  if (bits < BITS.MIN || bits > BITS.MAX || bits % 8 !== 0) {
    throw wrongKey(file, `has ${String(bits)} bits; use a key of ${String(BITS.MIN)} to ${String(BITS.MAX)}`);
  }
  return bits / 8;
}

/** Which of the keys that everybody has this is; undefined if it is none of them. */
export function publishedAs({ publicKey }: SigningKey): PublishedKey | undefined {
  const form = publicKey.export({ type: 'spki', format: 'der' });
  const digest = createHash('sha256').update(form).digest('hex');
  return publishedKeys.find(({ sha256 }) => sha256 === digest);
}

/** Signs with a private key. */
export function makeSignature(message: Buffer, key: KeyObject, algorithm: AlgorithmName): Buffer {
  return sign('sha256', message, { key, ...paddings[algorithm] });
}

/** Whether the key has made the signature. */
export function isSignature(message: Buffer, signature: Buffer, key: SigningKey, algorithm: AlgorithmName): boolean {
  return verify('sha256', message, { key: key.publicKey, ...paddings[algorithm] }, signature);
}

const paddings = {
  pss: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: SALT_SIZE },
  'pkcs1-v1_5': { padding: constants.RSA_PKCS1_PADDING },
} as const satisfies Record<AlgorithmName, object>;

function wrongKey(file: string, what: string): SecureStorageError {
  return new SecureStorageError('ERR_SIGNING_KEY', { detail: `the key ${file} ${what}` });
}
