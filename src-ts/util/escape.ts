// SPDX-License-Identifier: MIT
/** Any text as a part of a key: what a key cannot hold becomes `%` and two digits, so that different texts stay different. */

// eslint-disable-next-line no-control-regex -- control characters are what a key cannot hold
const forbidden = /[%\u0000-\u001f\u007f]/g;
// eslint-disable-next-line no-control-regex -- as above
const forbiddenAndSlash = /[%/\u0000-\u001f\u007f]/g;

/** The text without control characters. Escaped parts put together are the escaped whole. */
export function escapeText(text: string): string {
  return text.replace(forbidden, hex);
}

/** The same for a part that ends with a slash, so without one in it. */
export function escapeSegment(text: string): string {
  return text.replace(forbiddenAndSlash, hex);
}

/** The text of which either of the two made this. */
export function unescapeText(escaped: string): string {
  return escaped.replace(/%([0-9A-F]{2})/g, (_match, digits: string) => String.fromCharCode(parseInt(digits, 16)));
}

function hex(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
