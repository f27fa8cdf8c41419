// SPDX-License-Identifier: MIT
/** The rules for keys and domains, as ta/include/secstor_ta.h states them and ta/src/names.c checks them. */
import { Limit } from './contract.js';

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const controlCharacter = /[\u0000-\u001f\u007f]/;
/** With the flag u, a surrogate matches only if it is not half of a pair. */
const loneSurrogate = /\p{Surrogate}/u;

/** Whether every surrogate has its other half, so that the text can be encoded in UTF-8 unchanged. */
export function isWellFormed(text: string): boolean {
  return !loneSurrogate.test(text);
}

/** What is wrong with the characters of a key, prefix or domain; undefined if nothing is. */
export function nameFault(text: string): string | undefined {
  if (!isWellFormed(text)) return 'has half of a surrogate pair, so it is not well-formed Unicode';
  const at = text.search(controlCharacter);
  return at < 0 ? undefined : `has a control character at index ${String(at)}`;
}

/** Whether a text is a key. */
export function isKey(text: string): boolean {
  return text !== '' && nameFault(text) === undefined && Buffer.byteLength(text) <= Limit.KEY_MAX;
}
