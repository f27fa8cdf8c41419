// SPDX-License-Identifier: MIT
/** Checks of arguments and option objects. Messages name the argument and the kind of what was received, never its content. */
import { SecureStorageError } from '../errors/error.js';
import { LONGEST_TIMER_MS } from '../util/timers.js';
import { isUuid } from '../util/uuid.js';

/** Checks one value and returns it as what it must be; `name` is for the message. */
export type Check<T> = (value: unknown, name: string) => T;

type Schema = Readonly<Record<string, Check<unknown>>>;
type Checked<S extends Schema> = { readonly [K in keyof S]: ReturnType<S[K]> | undefined };

/** An ERR_INVALID_ARG that says what the argument must be and what kind of thing it is. */
export function invalidArgument(name: string, expected: string, received: unknown): SecureStorageError {
  return mustBe(name, expected, kindOf(received));
}

/** The same where more can be told of what was received. */
export function mustBe(name: string, expected: string, received: string): SecureStorageError {
  return new SecureStorageError('ERR_INVALID_ARG', { detail: `${name} must be ${expected}; received ${received}` });
}

/**
 * Checks an options object against the options that exist. Unknown ones are refused, because a misspelt `ifAbsent`
 * must not overwrite a secret. Each option is read once, so a later change of the object does not matter.
 * @throws SecureStorageError ERR_INVALID_ARG
 */
export function checkOptions<S extends Schema>(options: unknown, schema: S, name = 'options'): Checked<S> {
  if (options !== undefined && !isPlain(options)) throw invalidArgument(name, 'an object', options);
  const given: Record<string, unknown> = { ...options };
  const unknown = Object.keys(given).find((option) => !Object.hasOwn(schema, option));
  if (unknown !== undefined) {
    const known = Object.keys(schema).join(', ');
    throw new SecureStorageError('ERR_INVALID_ARG', {
      detail: `${name} has an unknown property ${quoted(unknown)}; it may have: ${known}`,
    });
  }
  const checked: Record<string, unknown> = {};
  for (const [option, check] of Object.entries(schema)) {
    const value = given[option];
    if (value !== undefined) checked[option] = check(value, `${name}.${option}`);
  }
  return checked as Checked<S>;
}

export const boolean: Check<boolean> = (value, name) => {
  if (typeof value !== 'boolean') throw invalidArgument(name, 'a boolean', value);
  return value;
};

export const string: Check<string> = (value, name) => {
  if (typeof value !== 'string') throw invalidArgument(name, 'a string', value);
  return value;
};

/** An integer within bounds, both included. */
export function integer(min: number, max: number): Check<number> {
  return (value, name) => {
    if (!Number.isSafeInteger(value) || (value as number) < min || (value as number) > max) {
      // An option that counts is no secret.
      const received = typeof value === 'number' ? String(value) : kindOf(value);
      throw mustBe(name, `an integer from ${String(min)} to ${String(max)}`, received);
    }
    return value as number;
  };
}

/** Milliseconds that a timer can wait. */
export const milliseconds = integer(1, LONGEST_TIMER_MS);

/** One of some strings. */
export function oneOf<const T extends string>(...allowed: readonly T[]): Check<T> {
  return (value, name) => {
    if (allowed.includes(value as T)) return value as T;
    const expected = allowed.map(quoted).join(' or ');
    if (typeof value === 'string' && value !== '') throw mustBe(name, expected, 'another string');
    throw invalidArgument(name, expected, value);
  };
}

export const abortSignal: Check<AbortSignal> = (value, name) => {
  // By shape, not instanceof: a signal may come from another realm.
  const signal = value as Partial<AbortSignal> | null;
  if (typeof signal !== 'object' || signal === null || typeof signal.aborted !== 'boolean') {
    throw invalidArgument(name, 'an AbortSignal', value);
  }
  return value as AbortSignal;
};

/** UUID in the form 8-4-4-4-12 hexadecimal digits; returned in lower case. */
export const uuid: Check<string> = (value, name) => {
  if (typeof value !== 'string' || !isUuid(value)) {
    throw invalidArgument(name, 'a UUID (8-4-4-4-12 hexadecimal digits)', value);
  }
  return value.toLowerCase();
};

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

function quoted(text: string): string {
  return `'${text}'`;
}

/** What kind of thing a value is, without its content. */
function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'object') {
    const name: unknown = (value as { constructor?: { name?: unknown } }).constructor?.name;
    return typeof name === 'string' && name !== '' ? `an instance of ${name}` : 'an object';
  }
  if (value === '') return 'an empty string';
  return `a ${typeof value}`;
}
