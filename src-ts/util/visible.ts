// SPDX-License-Identifier: MIT
/**
 * Text from outside for people to look at, on a terminal or in a log. What could act on a terminal, reorder a line, end
 * it, or not be seen is shown as `\u` and four hexadecimal digits: twice that for a character beyond U+FFFF, as in JSON.
 */

/** Of no width or blank, although their properties say otherwise: Braille without dots, a note without a head, a filler. */
const BLANKS = '\\u2800|\\u{1d159}|\\u{16fe4}';
/**
 * By Unicode's properties: controls, formats, unpaired surrogates, private and unassigned characters (C), what may be
 * ignored in display, such as fillers and variation selectors (DI), and every separator but the blank (Z).
 */
const unsafe = new RegExp(`[\\p{C}\\p{Default_Ignorable_Code_Point}]|${BLANKS}|(?! )\\p{Z}`, 'gu');
/** The same without what makes lines and columns. */
const unsafeInLines = new RegExp(`(?![\\n\\t])(?:${unsafe.source})`, 'gu');

/** Text on one line. Of JSON it makes the same JSON. */
export function harmless(text: string): string {
  return text.replace(unsafe, escaped);
}

/** Text that may have lines and tabs. */
export function harmlessLines(text: string): string {
  return text.replace(unsafeInLines, escaped);
}

/** A name that stands alone in a line. Different names never look the same because of what is escaped in them. */
export function visible(name: string): string {
  return harmless(name.replace(/\\(?=u[\da-f]{4})|^ +| +$/g, escaped));
}

/** A name in quotes, also one that may not be a key. */
export function quoted(name: string): string {
  return harmless(JSON.stringify(name));
}

/** A value as a line of JSON. */
export function jsonLine(value: unknown): string {
  return `${harmless(JSON.stringify(value))}\n`;
}

/** Each of its UTF-16 units. */
function escaped(char: string): string {
  const units = Array.from({ length: char.length }, (_, index) => char.charCodeAt(index));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
}
