// SPDX-License-Identifier: MIT
/** Checks of arguments and option objects. Messages name the argument and the kind of what was received, never its content. */
import { SecureStorageError } from '../errors/error.js';
import { LONGEST_TIMER_MS } from '../util/timers.js';
import { isUuid } from '../util/uuid.js';
import { visible } from '../util/visible.js';
import { mayHoldOptions, optionsGiven, reading, unknownOption, type Given } from './given.js';

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
 * @returns every option of the schema, undefined if it is not given: nothing that is inherited takes its place
 * @throws SecureStorageError ERR_INVALID_ARG
 */
export function checkOptions<S extends Schema>(options: unknown, schema: S, name = 'options'): Checked<S> {
  return checkGiven(readOptions(options, schema, name), schema, name);
}

/** The first half of checkOptions(), for what has to be looked at before it is known which options there are. */
export function readOptions(options: unknown, schema: Schema, name = 'options'): Given {
  if (options === undefined) return {};
  if (!reading(name, () => mayHoldOptions(options))) throw invalidArgument(name, 'an object', options);
  return optionsGiven(options as object, Object.keys(schema), name);
}

/** The second half; what is given in vain is unknown. */
export function checkGiven<S extends Schema>(given: Given, schema: S, name: string): Checked<S> {
  const unknown = Object.keys(given).find((option) => given[option] !== undefined && !Object.hasOwn(schema, option));
  if (unknown !== undefined) throw unknownOption(unknown, Object.keys(schema), name);
  const checked = Object.entries(schema).map(([option, check]) => {
    const value = Object.hasOwn(given, option) ? given[option] : undefined;
    return [option, value === undefined ? undefined : check(value, `${name}.${option}`)];
  });
  return Object.fromEntries(checked) as Checked<S>;
}

/**
 * What an array holds, read once. A hole is undefined.
 * @throws SecureStorageError ERR_INVALID_ARG
 */
export function listOf(value: unknown, name: string, expected: string): unknown[] {
  const list = reading(name, () =>
    Array.isArray(value) ? Array.from({ length: value.length }, (_, index) => value[index] as unknown) : undefined,
  );
  if (list === undefined) throw invalidArgument(name, expected, value);
  return list;
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

/** UUID in the form 8-4-4-4-12 hexadecimal digits; returned in lower case. */
export const uuid: Check<string> = (value, name) => {
  if (typeof value !== 'string' || !isUuid(value)) {
    throw invalidArgument(name, 'a UUID (8-4-4-4-12 hexadecimal digits)', value);
  }
  return value.toLowerCase();
};

function quoted(text: string): string {
  return `'${text}'`;
}

/** What kind of thing a value is, without its content. */
function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'object') return classOf(value) ?? 'an object';
  if (value === '') return 'an empty string';
  return `a ${typeof value}`;
}

function classOf(value: object): string | undefined {
  try {
    const { name } = (value as { constructor: { name: unknown } }).constructor;
    return typeof name === 'string' && name !== '' ? `an instance of ${visible(name)}` : undefined;
  } catch {
    return undefined;
  }
}
