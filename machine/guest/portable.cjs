// SPDX-License-Identifier: MIT
// @ts-check
'use strict';
/*
 * Values as bytes, between the tests' process and a Node.js process in the machine. The structured clone of node:v8
 * does most, but drops what makes errors useful: their class's name, their own properties. So errors travel as plain
 * objects under a mark. Decoding makes every container anew, which gives it the classes of the realm that asked: a test
 * runner's sandbox has its own Object, Map and Error.
 */
const { Buffer } = require('node:buffer');
const { isDate, isMap, isNativeError, isRegExp, isSet } = require('node:util').types;
const { deserialize, serialize } = require('node:v8');

const MARK = '\0error';

/** @typedef {{ name: string, message: string, fields: [string, unknown, boolean][] }} PackedError */

/** @param {unknown} value @returns {value is Error} */
const isError = (value) => isNativeError(value) || value instanceof Error;

/** Those that clone as they are, or that no walk must enter. @param {object} value */
const isLeaf = (value) =>
  ArrayBuffer.isView(value) ||
  Object.prototype.toString.call(value).endsWith('Buffer]') ||
  isDate(value) ||
  isRegExp(value);

/**
 * Copies a value with its containers, each node passed through the mapping of its kind.
 *
 * @param {unknown} value
 * @param {Map<object, unknown>} seen copies by original: shared and circular references stay such.
 * @param {(value: object, seen: Map<object, unknown>) => unknown} special maps a node, or returns undefined.
 * @returns {unknown}
 */
function copy(value, seen, special) {
  if (typeof value !== 'object' || value === null || isLeaf(value)) return value;
  if (seen.has(value)) return seen.get(value);
  const mapped = special(value, seen);
  if (mapped !== undefined) return mapped;
  const inner = (/** @type {unknown} */ item) => copy(item, seen, special);
  if (isMap(value)) return fill(new Map(), value, seen, (to) => value.forEach((v, k) => to.set(inner(k), inner(v))));
  if (isSet(value)) return fill(new Set(), value, seen, (to) => value.forEach((v) => to.add(inner(v))));
  if (Array.isArray(value)) return fill(new Array(value.length), value, seen, (to) => copyFields(value, to, inner));
  return fill(/** @type {object} */ ({}), value, seen, (to) => copyFields(value, to, inner));
}

/**
 * @template {object} T
 * @param {T} to
 * @param {object} from
 * @param {Map<object, unknown>} seen
 * @param {(to: T) => void} action
 */
function fill(to, from, seen, action) {
  seen.set(from, to);
  action(to);
  return to;
}

/** @param {object} from @param {object} to @param {(value: unknown) => unknown} inner */
function copyFields(from, to, inner) {
  for (const [name, value] of Object.entries(from)) define(to, name, inner(value), true);
}

/** @param {object} object @param {string} name @param {unknown} value @param {boolean} enumerable */
function define(object, name, value, enumerable) {
  Object.defineProperty(object, name, { value, enumerable, writable: true, configurable: true });
}

/** @param {object} value @param {Map<object, unknown>} seen */
function packError(value, seen) {
  if (!isError(value)) return undefined;
  const own = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (value));
  const names = new Set([...Object.getOwnPropertyNames(value), 'stack']);
  const packed = { [MARK]: true, name: value.name, message: value.message, fields: /** @type {unknown[]} */ ([]) };
  seen.set(value, packed);
  if ('code' in value) names.add('code');
  for (const name of ['name', 'message']) names.delete(name);
  for (const name of names) {
    const enumerable = Object.prototype.propertyIsEnumerable.call(value, name);
    if (typeof own[name] !== 'function') packed.fields.push([name, copy(own[name], seen, packError), enumerable]);
  }
  return packed;
}

/** @param {object} value @param {Map<object, unknown>} seen */
function unpackError(value, seen) {
  if (!(MARK in value)) return undefined;
  const packed = /** @type {PackedError} */ (/** @type {unknown} */ (value));
  const known = /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (globalThis))[packed.name];
  const standard = typeof known === 'function' && /^(?:Eval|Range|Reference|Syntax|Type|URI)?Error$/.test(packed.name);
  const error = standard ? new /** @type {ErrorConstructor} */ (known)(packed.message) : new Error(packed.message);
  seen.set(value, error);
  if (error.name !== packed.name) define(error, 'name', packed.name, false);
  for (const [name, field, enumerable] of packed.fields) {
    define(error, name, copy(field, seen, unpackError), enumerable);
  }
  return error;
}

/**
 * @param {unknown} value what the structured clone algorithm takes, and errors of any kind anywhere in it.
 * @returns {Buffer}
 * @throws {Error} DataCloneError, for functions, symbols and the like.
 */
exports.encode = (value) => serialize(copy(value, new Map(), packError));

/** @param {Buffer} bytes what encode() made. @returns {unknown} */
exports.decode = (bytes) => copy(deserialize(bytes), new Map(), unpackError);

/** Makes messages of a byte stream: each is preceded by its length in 4 bytes. */
exports.MessageReader = class MessageReader {
  /** @type {Buffer[]} */
  #chunks = [];
  #length = 0;
  #onMessage;

  /** @param {(message: Buffer) => void} onMessage */
  constructor(onMessage) {
    this.#onMessage = onMessage;
  }

  /** @param {Buffer} chunk */
  push(chunk) {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    for (let size = this.#nextSize(); size !== undefined && this.#length >= size; size = this.#nextSize()) {
      const all = Buffer.concat(this.#chunks);
      this.#chunks = [all.subarray(size)];
      this.#length -= size;
      this.#onMessage(all.subarray(4, size));
    }
  }

  /** The size of the next message with its length, once that is here. */
  #nextSize() {
    if (this.#length < 4) return undefined;
    if ((this.#chunks[0]?.length ?? 0) < 4) this.#chunks = [Buffer.concat(this.#chunks)];
    return 4 + /** @type {Buffer} */ (this.#chunks[0]).readUInt32LE(0);
  }
};

/** @param {Buffer} message @returns {Buffer} as MessageReader takes it. */
exports.frame = (message) => {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(message.length);
  return Buffer.concat([length, message]);
};
