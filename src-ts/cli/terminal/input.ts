// SPDX-License-Identifier: MIT
/** Reading a secret value: from standard input, a file, or a hidden prompt. */
import { createReadStream } from 'node:fs';

import { SecureStorageError } from '../../errors/error.js';
import { Limit } from '../../protocol/contract.js';
import { quoted } from '../../util/visible.js';
import { wipeableBuffer } from '../../util/wipeable.js';
import type { Io } from './io.js';
import { promptHiddenLines } from './prompt.js';

interface ValueOptions {
  /** Remove one newline from the end of what is read from a file or standard input. */
  readonly trim: boolean;
  readonly allowEmpty: boolean;
}

/**
 * Reads a value.
 * @param file path of a file to read; undefined or `-` stands for standard input, a terminal there for a prompt
 * @returns for the caller to wipe
 * @throws SecureStorageError ERR_INPUT, ERR_VALUE_TOO_LARGE
 */
export async function readValue(
  io: Io,
  key: string,
  file: string | undefined,
  { trim, allowEmpty }: ValueOptions,
): Promise<Buffer> {
  const value = await readRaw(io, key, file, trim);
  // What a program that failed has written into a pipe or file must not replace a secret.
  if (value.length === 0 && !allowEmpty)
    throw inputError('the value is empty', 'Nothing was stored. --allow-empty stores an empty value.');
  return value;
}

async function readRaw(io: Io, key: string, file: string | undefined, trim: boolean): Promise<Buffer> {
  const fromStdin = file === undefined || file === '-';
  if (fromStdin && io.stdin.isTTY === true) return promptTwice(io, key);
  // Room for the newline that may be trimmed.
  const remedy = fromStdin ? undefined : 'Name a file that exists and may be read.';
  const bytes = await readAll(fromStdin ? io.stdin : createReadStream(file), Limit.VALUE_MAX + 2, {
    tooLarge: () => new SecureStorageError('ERR_VALUE_TOO_LARGE', { operation: 'put' }),
    failed: (detail) => inputError(detail, remedy),
  });
  return trim ? bytes.subarray(0, trimmedSize(bytes)) : bytes;
}

/** What to do with a value that a prompt cannot take. */
const SEVERAL_LINES = 'Nothing was stored. Give a value of several lines on standard input or with --file.';

/** A value typed blindly is asked for twice. */
async function promptTwice(io: Io, key: string): Promise<Buffer> {
  const lines = await promptHiddenLines(io, [`Value for ${quoted(key)} (not shown): `, 'Again: '], SEVERAL_LINES);
  const [value = Buffer.alloc(0), again = Buffer.alloc(0)] = lines;
  try {
    if (!value.equals(again)) throw inputError('the two entries differ', `Try again. ${SEVERAL_LINES}`);
    return Buffer.from(value);
  } finally {
    value.fill(0);
    again.fill(0);
  }
}

/** The errors of who reads. */
interface ReadErrors {
  readonly tooLarge: () => SecureStorageError;
  readonly failed: (detail: string) => SecureStorageError;
}

/**
 * Reads a stream to its end, unless it has more bytes than `max`.
 * @returns for the caller to wipe
 * @throws SecureStorageError one of `errors`
 */
export async function readAll(stream: NodeJS.ReadableStream, max: number, errors: ReadErrors): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      const bytes = Buffer.from(chunk as Uint8Array);
      (chunk as Uint8Array).fill(0);
      chunks.push(bytes);
      size += bytes.length;
      if (size > max) throw errors.tooLarge();
    }
    return joined(chunks, size);
  } catch (error) {
    if (error instanceof SecureStorageError) throw error;
    throw errors.failed((error as Error).message);
  } finally {
    for (const chunk of chunks) chunk.fill(0);
  }
}

function joined(chunks: readonly Buffer[], size: number): Buffer {
  const bytes = wipeableBuffer(size);
  let at = 0;
  for (const chunk of chunks) at += chunk.copy(bytes, at);
  return bytes;
}

function trimmedSize(bytes: Buffer): number {
  if (bytes.at(-1) !== 0x0a) return bytes.length;
  return bytes.length - (bytes.at(-2) === 0x0d ? 2 : 1);
}

function inputError(detail: string, remedy?: string): SecureStorageError {
  return new SecureStorageError('ERR_INPUT', { detail, remedy });
}
