#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/**
 * Measures the layout of src-ts/ by its imports, and fails if it breaks a rule of tools/layout/floors.mjs.
 *
 *   npm run layout               what there is and what is wrong
 *   npm run layout -- --arrows   each arrow between two rooms too, with the files that it consists of
 *   npm run layout -- --folder F  the same of another folder, for tests
 */
import path from 'node:path';
import { ROOT } from './lib/paths.mjs';
import { isProgram, runTool } from './lib/tool.mjs';
import { readArguments } from './lib/usage.mjs';
import { FLOORS, LAZY, roomOf } from './layout/floors.mjs';
import { filesBelow, importsBelow } from './layout/imports.mjs';

/** Limits of what may grow; everything else must be nothing. */
const MOST = Object.freeze({ arrows: 75, looseFiles: 8 });
/** Names that may occur more than once: entry points, and the two sides of the seam. */
const SHARED_NAMES = ['index.ts', 'backend.ts'];

/** @typedef {import('./layout/imports.mjs').Import} Import */

/** Files that import each other in a circle, one circle for each pair found. @param {readonly Import[]} imports */
function circlesIn(imports) {
  /** @type {Map<string, string[]>} */
  const targets = new Map();
  for (const { from, to } of imports) targets.set(from, [...(targets.get(from) ?? []), to]);
  /** @type {string[]} */
  const circles = [];
  const done = new Set();
  const walk = (/** @type {string} */ file, /** @type {readonly string[]} */ way) => {
    const at = way.indexOf(file);
    if (at >= 0) circles.push([...way.slice(at), file].join(' -> '));
    if (at >= 0 || done.has(file)) return;
    for (const target of targets.get(file) ?? []) walk(target, [...way, file]);
    done.add(file);
  };
  for (const file of targets.keys()) walk(file, []);
  return circles;
}

/** How many files stand on one another. @param {readonly Import[]} imports without circles */
function heightOf(imports) {
  /** @type {Map<string, number>} */
  const heights = new Map();
  /** @type {(file: string) => number} */
  const height = (file) => {
    const known = heights.get(file);
    if (known !== undefined) return known;
    const below = imports.filter(({ from }) => from === file).map(({ to }) => height(to));
    const own = 1 + Math.max(0, ...below);
    heights.set(file, own);
    return own;
  };
  return Math.max(0, ...imports.map(({ from }) => height(from)));
}

/** @param {Import} entry */
function mayBeLazy({ from, to }) {
  const allowed = /** @type {Record<string, readonly string[]>} */ (LAZY)[from] ?? [];
  return allowed.some((target) => to === target || (target.endsWith('/') && to.startsWith(target)));
}

/**
 * The layout of a folder.
 * @param {string} folder
 */
export function measure(folder) {
  const files = filesBelow(folder);
  const all = importsBelow(folder);
  const imports = all.filter(({ lazy }) => !lazy);
  const between = all.filter(({ from, to }) => roomOf(from) !== roomOf(to));
  const arrows = new Map();
  for (const { from, to } of between) {
    const arrow = `${roomOf(from)} -> ${roomOf(to)}`;
    arrows.set(arrow, [...(arrows.get(arrow) ?? []), `${from} -> ${to}`]);
  }
  const names = files.map((file) => path.posix.basename(file));
  const twice = names.filter((name, index) => names.indexOf(name) < index && !SHARED_NAMES.includes(name));
  const circles = circlesIn(imports);
  return {
    rooms: [...new Set(files.map(roomOf))],
    arrows,
    height: circles.length === 0 ? heightOf(imports) : NaN,
    looseFiles: files.filter((file) => !file.includes('/')),
    circles,
    unknownRooms: [...new Set(files.map(roomOf))].filter((room) => !(room in FLOORS)),
    upward: imports
      .filter(({ from, to }) => roomOf(from) !== roomOf(to) && !FLOORS[roomOf(from)]?.includes(roomOf(to)))
      .map(({ from, to }) => `${from} -> ${to}`),
    lazy: all.filter((entry) => entry.lazy && !mayBeLazy(entry)).map(({ from, to }) => `${from} requires ${to}`),
    namesTwice: [...new Set(twice)],
  };
}

/** What is wrong with a layout, a line each. @param {ReturnType<typeof measure>} layout */
export function faultsOf({ arrows, looseFiles, circles, unknownRooms, upward, lazy, namesTwice }) {
  const list = (/** @type {string} */ what, /** @type {readonly string[]} */ found) =>
    found.map((entry) => `${what}: ${entry}`);
  return [
    ...list('a circle', circles),
    ...list('an import that its room may not have', upward),
    ...list('a module required where only an import may be', lazy),
    ...list('a room that tools/layout/floors.mjs does not know', unknownRooms),
    ...list('a name that two files have', namesTwice),
    ...(arrows.size > MOST.arrows ? [`${arrows.size} arrows between rooms, of ${MOST.arrows} at most`] : []),
    ...(looseFiles.length > MOST.looseFiles
      ? [`${looseFiles.length} files beside the rooms, of ${MOST.looseFiles} at most`]
      : []),
  ];
}

async function main() {
  const { values } = readArguments(import.meta.url, {
    options: { arrows: { type: 'boolean' }, folder: { type: 'string' } },
  });
  const layout = measure(values.folder ?? path.join(ROOT, 'src-ts'));
  const { rooms, arrows, looseFiles, height } = layout;
  console.log(`${rooms.length} rooms, ${arrows.size} arrows between them, ${height} floors of files`);
  console.log(`${looseFiles.length} files beside the rooms: ${looseFiles.join(', ')}`);
  for (const [arrow, files] of values.arrows ? [...arrows].sort() : []) {
    console.log(`${arrow}\n  ${files.join('\n  ')}`);
  }
  const faults = faultsOf(layout);
  for (const fault of faults) console.log(fault);
  console.log(faults.length === 0 ? 'no circle, no import upward' : `${faults.length} faults`);
  if (faults.length > 0) process.exitCode = 1;
}

if (isProgram(import.meta.url)) runTool(main);
