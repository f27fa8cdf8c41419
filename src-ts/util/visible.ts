// SPDX-License-Identifier: MIT
/** Keys for people to look at: what could act on a terminal, reorder a line or not be seen is escaped. */

const unsafe = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** A key with `\u` and four hexadecimal digits in place of each unsafe character; all others as they are. */
export function visible(key: string): string {
  return key.replace(unsafe, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The same in quotes, for what may not be a key too. */
export function quoted(text: string): string {
  return visible(JSON.stringify(text));
}
