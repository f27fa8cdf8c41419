// SPDX-License-Identifier: MIT
/**
 * The stored form of what Keyv gives: its text as it is, or, with a time to live, `@`, the time of expiry in milliseconds
 * since 1970, `:` and the text. A text that itself begins with `@` has `@:` before it.
 */

/** A text and when it expires; undefined: never. */
export interface Expiring {
  readonly text: string;
  readonly expires: number | undefined;
}

/** @param ttl milliseconds from now; undefined, 0 or no finite number: it does not expire */
export function encodeExpiring(text: string, ttl: number | undefined): string {
  const expires = ttl ? Math.ceil(Date.now() + ttl) : NaN;
  if (Number.isSafeInteger(expires)) return `@${String(Math.max(0, expires))}:${text}`;
  return text.startsWith('@') ? `@:${text}` : text;
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
