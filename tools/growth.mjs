#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/**
 * Counts what each kind of access reads and writes as a store grows, on the software TEE.
 *
 *   npm run growth               prints what each kind of access costs as a store grows
 *   npm run growth -- --write    and puts them into docs/storage-format.md
 *
 * The TA's tests hold two of the stores to limits.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { STORES, buildGrowth, measure } from './ta/growth.mjs';
import { ensureAptGroups } from './lib/apt.mjs';
import { ROOT } from './lib/paths.mjs';
import { step } from './lib/progress.mjs';
import { SetupError } from './lib/run.mjs';
import { runTool } from './lib/tool.mjs';
import { readArguments } from './lib/usage.mjs';

/** @typedef {import('./ta/growth.mjs').Row} Row */
/** @typedef {import('./ta/growth.mjs').Cost} Cost */

const FILE = path.join(ROOT, 'docs', 'storage-format.md');
const BEGIN = '<!-- npm run growth -- --write -->\n';
const END = '<!-- end -->\n';
const JOBS = Math.max(1, Number(process.env.JOBS) || os.availableParallelism());
const KIB = 1024;

/** Few digits of a small number, none of a large one. @param {number} number */
function short(number) {
  const text = number >= 100 ? number.toFixed(0) : number >= 10 ? number.toFixed(1) : number.toFixed(2);
  const plain = text.includes('.') ? text.replace(/\.?0+$/, '') : text;
  return plain.replace(/\B(?=(?:\d{3})+$)/g, ' ');
}

/** @param {Cost} cost */
const read = ({ reads, readKiB }) => `${short(reads)} / ${short(readKiB)}`;
/** @param {Cost} cost */
const written = ({ writes, writtenKiB }) => `${short(writes)} / ${short(writtenKiB)}`;

/** One access after the other. @type {Readonly<Record<string, (row: Row) => string>>} */
const SINGLE = {
  keys: (row) => short(row.keys),
  objects: (row) => short(row.objects),
  'root, KiB': (row) => short(row.root / KIB),
  'put: written': (row) => written(row.put),
  'update: written': (row) => written(row.update),
  'update: read': (row) => read(row.update),
  'get, cold': (row) => read(row.getCold),
  'get, warm': (row) => read(row.getWarm),
  'list, cold': (row) => read(row.listCold),
};

/** Many at once. @type {Readonly<Record<string, (row: Row) => string>>} */
const MANY = {
  keys: (row) => short(row.keys),
  'batch: operations': (row) => short(row.batchCount),
  'batch: read': (row) => read(row.batch),
  'batch: written': (row) => written(row.batch),
  'getMany: keys': (row) => short(row.getManyCount),
  'getMany: read': (row) => read(row.getMany),
  'clear: read': (row) => read(row.clear),
  'clear: written, removed': (row) => `${short(row.clear.writes)}, ${short(row.clear.removes)}`,
  'heap at most, KiB': (row) => short(row.heapPeak / KIB),
};

/**
 * @param {Readonly<Record<string, (row: Row) => string>>} columns
 * @param {readonly { name: string, rows: readonly Row[] }[]} stores
 */
function table(columns, stores) {
  const titles = Object.keys(columns);
  const lines = [`| store | ${titles.join(' | ')} |`, `|---|${titles.map(() => '--:|').join('')}`];
  for (const { name, rows } of stores) {
    rows.forEach((row, n) => {
      const cells = Object.values(columns).map((cell) => cell(row));
      lines.push(`| ${n === 0 ? name : ''} | ${cells.join(' | ')} |`);
    });
  }
  return `${lines.join('\n')}\n`;
}

/** @param {readonly { name: string, rows: readonly Row[] }[]} stores */
function page(stores) {
  const memory = stores[0]?.rows[0]?.secureMemory ?? 0;
  return (
    `Objects / KiB of one call, both copies counted:\n\n${table(SINGLE, stores)}\n` +
    `The largest batch and \`getMany\` of random keys, and \`clear\` of all in one call:\n\n${table(MANY, stores)}\n` +
    `The Trusted Application has ${short(memory / KIB)} KiB of secure memory for its heap, stack and variables.\n`
  );
}

/** @param {string} text */
function write(text) {
  const document = readFileSync(FILE, 'utf8');
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END, begin);
  if (begin < 0 || end < 0) throw new SetupError(`${path.basename(FILE)} has no place for the tables.`);
  writeFileSync(FILE, `${document.slice(0, begin + BEGIN.length)}\n${text}\n${document.slice(end)}`);
}

async function main() {
  const { values } = readArguments(import.meta.url, { options: { write: { type: 'boolean' } } });
  await ensureAptGroups('native', 'ta-tests');
  await step('Building', () => buildGrowth(JOBS));
  const stores = [];
  for (const store of STORES) stores.push({ name: store.name, rows: await measure(store) });
  const text = page(stores);
  process.stdout.write(text);
  if (values.write) write(text);
}

runTool(main);
