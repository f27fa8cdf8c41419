// SPDX-License-Identifier: MIT
import { inputError, type ImportEntry } from './entry.js';

const NEITHER = 'the value is neither a string nor {"encoding": "base64", "value": "..."}';

/**
 * The entries of a JSON object: each value a string, or `{"encoding": "base64", "value": …}`. JSON.parse() would take the
 * last of several members of one name, and say where a fault is in some versions of Node.js only.
 * @throws SecureStorageError ERR_INPUT, also for a name that an object has twice
 */
export function* parseJson(text: string): Generator<ImportEntry> {
  const scanner = new Scanner(text);
  if (!scanner.isNext('{')) {
    throw isJson(text) ? inputError('the JSON text is not an object of keys with values') : scanner.fault();
  }
  for (const key of scanner.members()) yield { key, value: valueOf(key, scanner) };
  scanner.end();
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function valueOf(key: string, scanner: Scanner): Buffer {
  if (scanner.isNext('"')) return utf8(key, scanner.string());
  if (!scanner.isNext('{')) throw scanner.isNext('-0123456789[tfn') ? inputError(NEITHER, key) : scanner.fault();
  const members = new Map<string, string>();
  for (const name of scanner.members()) {
    if (members.has(name)) throw inputError('the value has a member twice', key);
    if (!scanner.isNext('"')) throw inputError(NEITHER, key);
    members.set(name, scanner.string());
  }
  const encoded = members.get('value');
  if (members.size !== 2 || members.get('encoding') !== 'base64' || encoded === undefined)
    throw inputError(NEITHER, key);
  return base64(key, encoded);
}

function base64(key: string, encoded: string): Buffer {
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

/** Reads a JSON text from its beginning to its end. Loops, for regular expressions overflow on long strings. */
class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Whether one of these characters comes next, after blanks. */
  isNext(chars: string): boolean {
    while (' \t\n\r'.includes(this.#text.charAt(this.#at)) && this.#at < this.#text.length) this.#at++;
    return this.#at < this.#text.length && chars.includes(this.#text.charAt(this.#at));
  }

  /** The names of an object's members. Its caller reads the value of each before it asks for the next. */
  *members(): Generator<string> {
    this.#take('{');
    if (this.#took('}')) return;
    do {
      const name = this.string();
      this.#take(':');
      yield name;
    } while (this.#took(','));
    this.#take('}');
  }

  string(): string {
    if (!this.isNext('"')) throw this.fault();
    let closing = this.#at;
    do {
      closing = this.#text.indexOf('"', closing + 1);
      if (closing < 0) throw this.fault();
    } while (this.#isEscaped(closing));
    try {
      const value = JSON.parse(this.#text.slice(this.#at, closing + 1)) as string;
      this.#at = closing + 1;
      return value;
    } catch {
      // Its message would quote the text.
      throw this.fault();
    }
  }

  end(): void {
    this.isNext('');
    if (this.#at < this.#text.length) throw this.fault();
  }

  /** That what comes next is no JSON. */
  fault(): Error {
    const line = this.#text.slice(0, this.#at).split('\n').length;
    return inputError(`it is no JSON: the fault is in line ${String(line)}`);
  }

  /** Whether a quote has an odd number of backslashes before it. */
  #isEscaped(quote: number): boolean {
    let first = quote;
    while (this.#text.charAt(first - 1) === '\\') first--;
    return (quote - first) % 2 === 1;
  }

  #took(char: string): boolean {
    if (!this.isNext(char)) return false;
    this.#at++;
    return true;
  }

  #take(char: string): void {
    if (!this.#took(char)) throw this.fault();
  }
}
