// SPDX-License-Identifier: MIT
import util from 'node:util';

import { inputError } from './entry.js';
import { type ImportEntry } from './entry.js';

/**
 * The entries of a dotenv text, read as `node --env-file` reads it. Node's parser says nothing when it skips a line, cuts
 * a value at a # or drops what follows a quote; a secret must not get lost so. Therefore it is given one statement at a
 * time, and what it would not take whole is refused.
 * @throws SecureStorageError ERR_INPUT
 */
export function* parseDotenv(text: string): Generator<ImportEntry> {
  const lines = text.split('\n');
  for (let at = 0; at < lines.length;) {
    const size = statementSize(lines, at);
    if (size > 0) yield entryOf(lines.slice(at, at + size).join('\n'), at + 1);
    at += Math.max(size, 1);
  }
}

/** How many lines the statement has that begins at a line; 0 if that is blank or a comment. */
function statementSize(lines: readonly string[], at: number): number {
  const line = lines[at] ?? '';
  if (/^\s*(#|$)/.test(line)) return 0;
  const { quote, value } = rawValue(line);
  if (quote === undefined || value.includes(quote, 1)) return 1;
  const end = lines.findIndex((later, index) => index > at && later.includes(quote));
  if (end < 0) throw lineError(at + 1, 'has a quote that is not closed');
  return end - at + 1;
}

function entryOf(statement: string, line: number): ImportEntry {
  const { quote, value: raw } = rawValue(statement);
  if (quote === undefined && /\S#|^#/.test(raw)) throw lineError(line, 'has a # in a value without quotes');
  const rest = quote === undefined ? '' : raw.slice(raw.indexOf(quote, 1) + 1);
  if (!/^\s*(#.*)?$/.test(rest)) throw lineError(line, 'goes on after the closing quote');
  const [entry, ...more] = Object.entries(parseEnv(statement));
  if (entry === undefined || more.length > 0 || /\s/.test(entry[0]))
    throw lineError(line, 'is not of the form KEY=VALUE');
  return { key: entry[0], value: Buffer.from(entry[1] ?? '') };
}

/** What stands after the =, and the quote that it begins with. */
function rawValue(statement: string): { quote: string | undefined; value: string } {
  const at = statement.indexOf('=');
  const value = at < 0 ? '' : statement.slice(at + 1).trim();
  return { quote: /^["'`]/.exec(value)?.[0], value };
}

function parseEnv(text: string): NodeJS.Dict<string> {
  // Node.js 20.12 has it.
  const parse = (util as Partial<typeof util>).parseEnv;
  if (parse === undefined) throw inputError('a dotenv file needs Node.js 20.12 or later; JSON does not');
  return parse(text);
}

function lineError(line: number, fault: string): Error {
  return inputError(`line ${String(line)} ${fault}`);
}
