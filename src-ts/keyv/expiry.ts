// SPDX-License-Identifier: MIT
/**
 * The stored form of what Keyv gives: its text as it is, or, with a time to live, `@`, the time of expiry in milliseconds
 * since 1970, `:` and the text. A text that itself begins with `@` has `@:` before it.
 */

import { invalidArgument } from '../arguments/checks.js';

/** A text and when it expires; undefined: never. */
export interface Expiring {
  readonly text: string;
  readonly expires: number | undefined;
}

/**
 * @param ttl milliseconds from now; undefined, null, 0 or Infinity: it does not expire
 * @throws SecureStorageError ERR_INVALID_ARG
 */
export function encodeExpiring(text: string, ttl: unknown): string {
  if (ttl === undefined || ttl === null || ttl === 0 || ttl === Infinity)
    return text.startsWith('@') ? `@:${text}` : text;
  const expires = typeof ttl === 'number' ? Math.ceil(Date.now() + ttl) : NaN;
  if (!Number.isSafeInteger(expires)) throw invalidArgument('ttl', 'a number of milliseconds', ttl);
  return `@${String(Math.max(0, expires))}:${text}`;
}

/** Text of another form, which somebody else has stored there, is taken as it is. */
export function decodeExpiring(stored: string): Expiring {
  const header = /^@(\d*):/.exec(stored);
  if (header === null) return { text: stored, expires: undefined };
  const text = stored.slice(header[0].length);
  return { text, expires: header[1] === '' ? undefined : Number(header[1]) };
}

export function isExpired({ expires }: Expiring): boolean {
  return expires !== undefined && Date.now() >= expires;
}
