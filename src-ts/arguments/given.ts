// SPDX-License-Identifier: MIT
/**
 * The one way in for objects with options: what a caller may mean by them is read here, once, and nothing else is.
 *
 * Options count wherever the object has them: own, inherited, behind getters, on an object without a prototype or of
 * another realm. What Object.prototype has is no option: whoever put it there did not mean this call.
 */
import { types } from 'node:util';

import { isSecureStorageError, SecureStorageError } from '../errors/error.js';
import { visible } from '../util/visible.js';

/** Options by their names; it has no prototype. */
export type Given = Readonly<Record<string, unknown>>;

/**
 * Reads the options that an object has.
 * @param known the options that there are
 * @throws SecureStorageError ERR_INVALID_ARG if it has others, or if reading it throws
 */
export function optionsGiven(options: object, known: readonly string[], name: string): Given {
  return reading(name, () => {
    const names = namesOf(options);
    const unknown = names.find((option) => !known.includes(option));
    if (unknown !== undefined) throw unknownOption(unknown, known, name);
    const given = Object.create(null) as Record<string, unknown>;
    for (const option of known) {
      const value = Reflect.get(options, option) as unknown;
      if (names.includes(option) || !isPollution(options, option, value)) given[option] = value;
    }
    return given;
  });
}

export function unknownOption(option: string, known: readonly string[], name: string): SecureStorageError {
  const detail = `${name} has an unknown property '${visible(option)}'; it may have: ${known.join(', ')}`;
  return new SecureStorageError('ERR_INVALID_ARG', { detail });
}

/**
 * Does something with what a caller has given, whose getters and traps may throw anything.
 * @throws SecureStorageError ERR_INVALID_ARG
 */
export function reading<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (isSecureStorageError(error)) throw error;
    throw new SecureStorageError('ERR_INVALID_ARG', { detail: `${name} cannot be read`, cause: error });
  }
}

/** Whether a value may hold options: an object that is nothing else, such as an array, a Map or a promise. */
export function mayHoldOptions(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !isSomethingElse(value);
}

const somethingElse: readonly ((value: object) => boolean)[] = [
  Array.isArray,
  (value) => ArrayBuffer.isView(value),
  types.isAnyArrayBuffer,
  types.isBoxedPrimitive,
  types.isDate,
  types.isGeneratorObject,
  types.isMap,
  types.isMapIterator,
  types.isNativeError,
  types.isPromise,
  types.isRegExp,
  types.isSet,
  types.isSetIterator,
  types.isWeakMap,
  types.isWeakSet,
];

function isSomethingElse(value: object): boolean {
  return somethingElse.some((is) => is(value));
}

/** The names of what an object has or inherits, but for methods of its class. */
function namesOf(options: object): string[] {
  const names = new Set<string>();
  for (let object: object | null = options; object !== null && !isRoot(object); object = prototypeOf(object)) {
    for (const name of Object.getOwnPropertyNames(object)) {
      if (object === options || !isMethod(object, name)) names.add(name);
    }
  }
  return [...names];
}

const prototypeOf = Object.getPrototypeOf as (object: object) => object | null;

/** Object.prototype of whatever realm. */
function isRoot(object: object): boolean {
  return prototypeOf(object) === null && Object.hasOwn(object, 'isPrototypeOf');
}

function isMethod(object: object, name: string): boolean {
  return typeof Object.getOwnPropertyDescriptor(object, name)?.value === 'function';
}

/** A proxy may have what it does not list. Everybody else has from Object.prototype what is not found on the way there. */
function isPollution(options: object, option: string, value: unknown): boolean {
  if (value === undefined || !types.isProxy(options)) return true;
  let root: object = options;
  for (let next: object | null = options; next !== null; next = prototypeOf(next)) root = next;
  return root !== options && Reflect.get(root, option) === value;
}
