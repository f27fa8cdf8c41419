// SPDX-License-Identifier: MIT
import { inputError, type ImportEntry } from './entry.js';

/** A line without its end, and where the next one begins. */
interface Line {
  readonly content: string;
  readonly next: number;
}

/**
 * The entries of a dotenv text. The dialect is that of `node --env-file`: what is taken means the same there. What that
 * would cut, skip or change in silence is refused, for a secret must not get lost so; so is what other readers understand
 * otherwise. Node's own parser is another one in each version. Loops, for regular expressions overflow on long lines.
 * @throws SecureStorageError ERR_INPUT with the line
 */
export function* parseDotenv(text: string): Generator<ImportEntry> {
  for (let at = 0; at < text.length;) {
    const line = lineAt(text, at);
    if (isNothing(line.content)) at = line.next;
    else {
      const { key, value, next } = statementAt(text, at, line);
      yield { key, value: Buffer.from(value) };
      at = next;
    }
  }
}

function statementAt(text: string, at: number, { content, next }: Line): { key: string; value: string; next: number } {
  const equals = content.indexOf('=');
  const key = equals < 0 ? undefined : keyOf(content.slice(0, equals));
  if (key === undefined) throw fault(text, at, 'is not of the form KEY=VALUE');
  const begin = afterBlanks(content, equals + 1);
  const quote = content.charAt(begin);
  if (quote === '"' || quote === "'" || quote === '`') return { key, ...quotedAt(text, at + begin) };
  return { key, value: plain(content.slice(begin), (what) => fault(text, at, what)), next };
}

/** @returns undefined if it is none */
function keyOf(beforeEquals: string): string | undefined {
  const name = withoutBlanks(beforeEquals);
  const exported = /^export[ \t]/.test(name) ? withoutBlanks(name.slice('export '.length)) : name;
  return exported === '' || /[\s#"'`]/.test(exported) ? undefined : exported;
}

/** A value without quotes, up to a comment. */
function plain(raw: string, refused: (what: string) => Error): string {
  const comment = raw.indexOf('#');
  if (comment < 0) return withoutBlanks(raw);
  if (!isBlank(raw.charAt(comment - 1))) throw refused('has a # in a value without quotes');
  const value = withoutBlanks(raw.slice(0, comment));
  if (/["'`]/.test(value)) throw refused('has a quote within a value, and a # after it');
  return value;
}

/** @param opening where the opening quote is */
function quotedAt(text: string, opening: number): { value: string; next: number } {
  const quote = text.charAt(opening);
  const closing = text.indexOf(quote, opening + 1);
  if (closing < 0) throw fault(text, opening, 'has a quote that is not closed');
  const { content: rest, next } = lineAt(text, closing + 1);
  if (!isNothing(rest) || rest.startsWith('#')) throw fault(text, closing, 'goes on after the closing quote');
  const value = text.slice(opening + 1, closing);
  const carriageReturn = value.indexOf('\r');
  if (carriageReturn >= 0) throw fault(text, opening + 1 + carriageReturn, 'has a carriage return within quotes');
  if (quote !== '"') return { value, next };
  const escape = /\\(?!n)/.exec(value);
  if (escape === null) return { value: value.replaceAll('\\n', '\n'), next };
  throw fault(
    text,
    opening + 1 + escape.index,
    'has a backslash in double quotes that is not \\n: single quotes take every backslash as it is',
  );
}

function lineAt(text: string, at: number): Line {
  const feed = text.indexOf('\n', at);
  const end = feed < 0 ? text.length : feed;
  const content = text.slice(at, feed > at && text.charAt(feed - 1) === '\r' ? feed - 1 : end);
  // Such a line would be joined with the next one.
  if (content.includes('\r')) throw fault(text, at, 'has a carriage return that ends no line');
  return { content, next: end + 1 };
}

/** Whether a line, or what is left of it, is empty or a comment. */
function isNothing(content: string): boolean {
  const begin = content.charAt(afterBlanks(content, 0));
  return begin === '' || begin === '#';
}

function isBlank(char: string): boolean {
  return char === ' ' || char === '\t';
}

function afterBlanks(text: string, from: number): number {
  let at = from;
  while (isBlank(text.charAt(at))) at++;
  return at;
}

function withoutBlanks(text: string): string {
  let end = text.length;
  while (end > 0 && isBlank(text.charAt(end - 1))) end--;
  return text.slice(afterBlanks(text, 0), end);
}

function fault(text: string, at: number, what: string): Error {
  return inputError(`line ${String(text.slice(0, at).split('\n').length)} ${what}`);
}
