// SPDX-License-Identifier: MIT
/** `optee-storage ta sign`: with a key in a file, or in two steps with a key that stays in an HSM or KMS. */
import { SecureStorageError } from '../../../errors/error.js';
import { Exit } from '../../../errors/table.js';
import { text, usageError, wholeNumber } from '../../command-line.js';
import type { Command, Context, OptionValues } from '../../command.js';
import { taUuidOf } from './unsigned-image.js';
import { packagedTa, readInput, writeOutput } from './packaged.js';
import { Algorithm, assemble, digestOf, messageOf, type AlgorithmName, type UnsignedTa } from './signed-image.js';
import { isSignature, makeSignature, publishedAs, readKey, type SigningKey } from './signing-key.js';

const formats = ['base64', 'hex', 'raw'] as const;
type Format = (typeof formats)[number];

export const command: Command = {
  usage: '[ELF]',
  help: [
    'Signs the Trusted Application in the stripped ELF file (default: the one in this package) with the key that the',
    "board's OP-TEE trusts, and writes UUID.ta, or --output. With a key in an HSM or KMS it takes two steps:",
    '',
    '  optee-storage ta sign --key PUBLIC.pem --digest > digest      what the HSM signs',
    '  optee-storage ta sign --key PUBLIC.pem --signature SIGNATURE  makes the TA; the signature is checked first',
    '',
    'Give both the same ELF file, --algorithm and --ta-version. docs/signing.md has commands for HSMs and KMSs.',
  ],
  positionals: [0, 1],
  withoutStore: true,
  readsSecret: true,
  options: {
    key: {
      type: 'string',
      argument: 'PEM',
      help: 'the private key; with --digest and --signature the public one will do',
    },
    digest: { type: 'boolean', help: 'write the SHA-256 digest to be signed instead, to standard output or --output' },
    format: { type: 'string', argument: 'FORMAT', help: 'of the digest: base64, hex or raw (default: base64)' },
    signature: {
      type: 'string',
      argument: 'PATH',
      help: 'a signature of the digest: raw, hex or base64 (-: standard input)',
    },
    algorithm: { type: 'string', argument: 'NAME', help: 'pss or pkcs1-v1_5, both with SHA-256 (default: pss)' },
    'ta-version': {
      type: 'string',
      argument: 'N',
      help: 'OP-TEE refuses lower ones once it has loaded this (default: 0)',
    },
    output: { type: 'string', argument: 'PATH', help: 'where to write' },
  },
  async run(context) {
    const { options, positionals } = context;
    const wanted = { algorithm: algorithm(options), version: version(options), format: format(options) };
    const keyFile = text(options, 'key');
    if (keyFile === undefined) throw usageError('--key is missing: the key to sign with, or the public half of it');
    const elf = readElf(positionals[0]);
    const key = await readKey(context.io, keyFile);
    const ta = { ...wanted, elf, uuid: taUuidOf(elf), signatureSize: key.size };
    const message = messageOf(ta);
    if (options.digest === true) return writeDigest(context, ta, wanted.format, digestOf(message));
    const signature = signatureOf(options, message, key, ta.algorithm);
    return writeSigned(context, ta, key, assemble(message, signature));
  },
};

function algorithm(options: OptionValues): AlgorithmName {
  const name = text(options, 'algorithm') ?? 'pss';
  if (Object.hasOwn(Algorithm, name)) return name as AlgorithmName;
  throw usageError('--algorithm must be pss or pkcs1-v1_5');
}

function version(options: OptionValues): number {
  const number = wholeNumber(options, 'ta-version') ?? 0;
  if (number > 0xffff_ffff) throw usageError('--ta-version must be a number of 32 bits');
  return number;
}

function format(options: OptionValues): Format {
  const name = text(options, 'format');
  const known = formats.find((item) => item === (name ?? 'base64'));
  if (known === undefined) throw usageError('--format must be base64, hex or raw');
  if (options.digest === true && text(options, 'signature') !== undefined) {
    throw usageError('--digest and --signature are two steps: give one of them');
  }
  if (name !== undefined && options.digest !== true) throw usageError('--format is for --digest');
  return known;
}

function readElf(file = packagedTa().unsigned): Buffer {
  if (file !== null) return readInput(file, 'the ELF file');
  throw usageError('ELF is missing: this package was not built with a Trusted Application; see "ta build"');
}

async function writeDigest({ io, json, options }: Context, ta: UnsignedTa, form: Format, digest: Buffer) {
  const output = text(options, 'output');
  const encoded = form === 'raw' ? digest : `${digest.toString(form)}\n`;
  if (output !== undefined) writeOutput(output, encoded);
  const { uuid, version, algorithm, signatureSize } = ta;
  const described = {
    uuid,
    taVersion: version,
    algorithm,
    hash: 'sha256',
    digest: digest.toString('base64'),
    signatureSize,
  };
  if (json) await io.writeJson({ ...described, output });
  else if (output === undefined) await io.writeBytes(Buffer.from(encoded));
  return Exit.OK;
}

/** Made here, or elsewhere and checked. */
function signatureOf(options: OptionValues, message: Buffer, key: SigningKey, algorithm: AlgorithmName): Buffer {
  const file = text(options, 'signature');
  if (file === undefined) {
    if (key.privateKey !== undefined) return makeSignature(message, key.privateKey, algorithm);
    throw new SecureStorageError('ERR_SIGNING_KEY', { detail: 'the key is a public one, which cannot sign' });
  }
  const signature = decodeSignature(readInput(file, 'the signature'), key.size);
  if (signature !== undefined && isSignature(message, signature, key, algorithm)) return signature;
  throw new SecureStorageError('ERR_SIGNING_KEY', {
    detail:
      signature === undefined
        ? `the signature is not one of ${String(key.size)} bytes, raw, in hex or in base64`
        : 'the signature was not made by this key over the digest of this ELF file, algorithm and --ta-version',
  });
}

/** @returns undefined if the bytes are no signature of that size in any form */
function decodeSignature(bytes: Buffer, size: number): Buffer | undefined {
  if (bytes.length === size) return bytes;
  const digits = bytes.toString('latin1').replace(/\s/g, '');
  const encoding = /^[0-9a-f]+$/i.test(digits) && digits.length === 2 * size ? 'hex' : 'base64';
  const decoded = Buffer.from(digits, encoding);
  return decoded.length === size ? decoded : undefined;
}

async function writeSigned({ io, json, options }: Context, ta: UnsignedTa, key: SigningKey, signed: Buffer) {
  const { uuid, version, algorithm } = ta;
  const output = text(options, 'output') ?? `${uuid}.ta`;
  writeOutput(output, signed);
  const publishedKey = publishedAs(key)?.releases ?? null;
  if (publishedKey !== null && !json)
    io.note(`warning: this is the key that OP-TEE publishes (${publishedKey}); anybody can sign with it\n`);
  if (json) await io.writeJson({ uuid, taVersion: version, algorithm, output, publishedKey });
  else await io.write(`${output}\n`);
  return Exit.OK;
}
