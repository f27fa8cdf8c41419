// SPDX-License-Identifier: MIT

/** A text as one word of a command that people copy into a shell: in quotes, unless it has nothing that a shell acts on. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
