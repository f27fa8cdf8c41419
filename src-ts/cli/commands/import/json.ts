// SPDX-License-Identifier: MIT
import { inputError } from './entry.js';
import { type ImportEntry } from './entry.js';

/** A string, or anything else that is not a key. */
const token = /"[^"\\]*(?:\\.[^"\\]*)*"(?=(\s*:)?)|[[\]{}]/gs;

/**
 * The entries of a JSON object: each value a string, or `{"encoding": "base64", "value": …}`.
 * @throws SecureStorageError ERR_INPUT, also for a key that the object has twice
 */
export function* parseJson(text: string): Generator<ImportEntry> {
  const object = parsed(text);
  if (!isObject(object)) throw inputError('the JSON text is not an object of keys with values');
  checkDistinct(text);
  for (const [key, value] of Object.entries(object)) yield { key, value: bytesOf(key, value) };
}

/** The parser's own messages quote the text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const position = /position (\d+)/.exec((error as Error).message)?.[1];
    const line = position === undefined ? 1 : text.slice(0, Number(position)).split('\n').length;
    throw inputError(
      `it is no JSON: the fault is in line ${String(line)}${position === undefined ? ' or after it' : ''}`,
    );
  }
}

/** JSON.parse() would take the last of several values of one key. @param text of a valid object */
function checkDistinct(text: string): void {
  const keys = new Set<string>();
  let depth = 0;
  for (const [piece, colon] of text.matchAll(token)) {
    if (piece === '{' || piece === '[') depth++;
    else if (piece === '}' || piece === ']') depth--;
    else if (depth === 1 && colon !== undefined) {
      const key = JSON.parse(piece) as string;
      if (keys.has(key)) throw inputError('the key occurs twice', key);
      keys.add(key);
    }
  }
}

function bytesOf(key: string, value: unknown): Buffer {
  if (typeof value === 'string') return utf8(key, value);
  const { encoding, value: encoded, ...rest } = isObject(value) ? value : {};
  if (encoding !== 'base64' || typeof encoded !== 'string' || Object.keys(rest).length > 0) {
    throw inputError('the value is neither a string nor {"encoding": "base64", "value": "..."}', key);
  }
  const bytes = Buffer.from(encoded, 'base64');
  // Buffer.from() skips what is no Base64.
  if (bytes.toString('base64') === encoded) return bytes;
  bytes.fill(0);
  throw inputError('the value is not valid Base64', key);
}

function utf8(key: string, value: string): Buffer {
  if (/\p{Surrogate}/u.test(value)) throw inputError('the value is not well-formed Unicode', key);
  return Buffer.from(value);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
