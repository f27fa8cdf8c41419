// SPDX-License-Identifier: MIT
/** From the text of a file to what is to be stored. Messages name a line or a key, never what is after it. */
import path from 'node:path';

import { keyBytes } from '../../../arguments/keys.js';
import { decodeUtf8 } from '../../../protocol/packing.js';
import { parseDotenv } from './dotenv.js';
import { parseJson } from './json.js';
import type { ImportEntry } from './entry.js';
import { inputError } from './entry.js';

export type Format = 'json' | 'dotenv';

/**
 * Reads the entries of a file.
 * @param format undefined: what the file's name or its first character tells
 * @param prefix what goes before each key
 * @throws SecureStorageError ERR_INPUT (also if a key occurs twice), ERR_INVALID_KEY, ERR_KEY_TOO_LONG
 */
export function parseEntries(
  bytes: Buffer,
  { file, format, prefix }: { file: string | undefined; format: Format | undefined; prefix: string },
): ImportEntry[] {
  const text = textOf(bytes);
  const parse = (format ?? formatOf(file, text)) === 'json' ? parseJson : parseDotenv;
  const entries = new Map<string, ImportEntry>();
  try {
    for (const { key: given, value } of parse(text)) {
      const key = prefix + given;
      const seen = entries.get(key);
      entries.set(key, { key, value });
      keyBytes(key, `key number ${String(entries.size)}`);
      if (seen === undefined) continue;
      seen.value.fill(0);
      throw inputError('the key occurs twice', key);
    }
  } catch (error) {
    wipe([...entries.values()]);
    throw error;
  }
  if (entries.size === 0) throw inputError('there is nothing to import');
  return [...entries.values()];
}

export function wipe(entries: readonly ImportEntry[]): void {
  for (const { value } of entries) value.fill(0);
}

/** Strictly UTF-8, because a value must not be changed on its way; without a byte order mark. */
function textOf(bytes: Buffer): string {
  try {
    return decodeUtf8(bytes).replace(/^\ufeff/, '');
  } catch {
    throw inputError('it is not well-formed UTF-8');
  }
}

function formatOf(file: string | undefined, text: string): Format {
  const name = path.basename(file ?? '').toLowerCase();
  if (name.endsWith('.json')) return 'json';
  if (name.startsWith('.env') || name.endsWith('.env')) return 'dotenv';
  return /^[{[]/.test(text.trimStart()) ? 'json' : 'dotenv';
}
