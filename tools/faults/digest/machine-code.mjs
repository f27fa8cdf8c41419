// SPDX-License-Identifier: MIT
// @ts-check
/**
 * The digest of compiled code by what it does: a link in an order of its own. It begins with what is called from outside,
 * follows each reference, and numbers sections as they are met. So neither the names of files and functions count nor the
 * order in which objects are linked, nor what nothing refers to; each instruction, constant and reference does.
 */
import { createHash } from 'node:crypto';
import { readObjects } from './objects.mjs';

/** @typedef {import('./objects.mjs').ObjectFile} ObjectFile */
/** @typedef {import('./objects.mjs').Part} Part */
/** @typedef {import('./objects.mjs').Sym} Sym */
/** @typedef {Map<string, Sym>} Globals */

/** @param {ObjectFile} a @param {ObjectFile} b */
const byDigest = (a, b) => (a.digest < b.digest ? -1 : Number(a.digest > b.digest));

/** The symbols that objects offer one another. Of equal ones the first counts, as for a linker. @param {readonly ObjectFile[]} objects */
function globalsOf(objects) {
  /** @type {Globals} */
  const globals = new Map();
  for (const symbol of objects.flatMap(({ symbols }) => symbols)) {
    const known = globals.get(symbol.name);
    if (symbol.isLocal || !symbol.isDefined) continue;
    if (!known || (known.isWeak && !symbol.isWeak)) globals.set(symbol.name, symbol);
  }
  return globals;
}

/** Writes down all that is reached, from one beginning after the other. */
class Walk {
  #globals;
  /** @type {Map<Part, number>} */
  #numbers = new Map();
  /** @type {Part[]} */
  #waiting = [];
  #hash = createHash('sha256');

  /** @param {Globals} globals */
  constructor(globals) {
    this.#globals = globals;
  }

  /** @param {Part} part */
  #numberOf(part) {
    const known = this.#numbers.get(part);
    if (known !== undefined) return known;
    this.#waiting.push(part);
    this.#numbers.set(part, this.#numbers.size);
    return this.#numbers.size - 1;
  }

  /** @param {Sym} symbol @param {number} addend */
  #target(symbol, addend) {
    const found = symbol.isLocal ? symbol : (this.#globals.get(symbol.name) ?? symbol);
    const { part } = found;
    if (!part) return found.isDefined ? `${found.value + addend}` : `${found.name} + ${addend}`;
    const place = found.value + addend;
    // Texts are merged by the linker: which one it is counts, not where it stood.
    if (part.isText) return JSON.stringify(part.bytes.toString('latin1', place, part.bytes.indexOf(0, place)));
    return `#${this.#numberOf(part)} + ${place}`;
  }

  #work() {
    for (let part = this.#waiting.shift(); part; part = this.#waiting.shift()) {
      this.#hash.update(`${part.shape}\n`).update(part.bytes);
      for (const { at, type, symbol, addend } of part.references) {
        this.#hash.update(`${at} ${type} ${this.#target(symbol, addend)}\n`);
      }
    }
  }

  /** @param {Sym} symbol a beginning by its name */
  fromSymbol(symbol) {
    this.#hash.update(`${symbol.name}: ${this.#target(symbol, 0)}\n`);
    this.#work();
  }

  /** @param {Part} part a beginning without a name */
  fromPart(part) {
    this.#hash.update(`#${this.#numberOf(part)}\n`);
    this.#work();
  }

  end = () => this.#hash.digest('hex');
}

/** Functions that are called at the start, in an order that depends on what they do. @param {readonly ObjectFile[]} objects @param {Globals} globals */
function initialisersOf(objects, globals) {
  const alone = (/** @type {Part} */ part) => {
    const walk = new Walk(globals);
    walk.fromPart(part);
    return walk.end();
  };
  const parts = objects.flatMap(({ parts }) => parts.filter(({ isInitialiser }) => isInitialiser));
  const keyed = parts.map((part) => ({ part, key: alone(part) }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key))).map(({ part }) => part);
}

/** What others call: the functions that the objects offer and do not use. @param {readonly ObjectFile[]} objects */
function offeredOf(objects) {
  const references = objects.flatMap(({ parts }) => parts.flatMap((part) => part.references));
  const used = new Set(references.map(({ symbol }) => symbol.name));
  return [...globalsOf(objects).keys()].filter((name) => !used.has(name));
}

/**
 * @param {object} code
 * @param {readonly Buffer[]} code.objects the object files
 * @param {readonly Buffer[]} [code.archives] where what the objects lack is taken from
 * @param {readonly string[]} [code.roots] what is called from outside; otherwise all that they offer and do not use
 * @returns {string}
 */
export function digestOfCode({ objects, archives = [], roots }) {
  const own = objects.flatMap(readObjects).sort(byDigest);
  const globals = globalsOf([...own, ...archives.flatMap(readObjects).sort(byDigest)]);
  const walk = new Walk(globals);
  for (const name of [...(roots ?? offeredOf(own))].sort()) {
    const symbol = globals.get(name);
    if (!symbol) throw new RangeError(`no object has ${name}`);
    walk.fromSymbol(symbol);
  }
  for (const part of initialisersOf(own, globals)) walk.fromPart(part);
  return walk.end();
}
