#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/**
 * Sees to it that one file of the Trusted Application alone calls the TEE's storage: handles that are kept too long, or
 * used again after an error, cost data, so the rules for them are kept in one place.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { trackedFiles } from './lib/git.mjs';
import { ROOT } from './lib/paths.mjs';
import { isProgram, runTool } from './lib/tool.mjs';
import { readArguments } from './lib/usage.mjs';

const ONLY_IN = 'ta/src/persistent.c';
const CALL =
  /\b(?:TEE_\w*PersistentObject\w*|TEE_\w+ObjectData\w*|TEE_CloseObject|TEE_GetObjectInfo\w*|_utee_storage_\w+)\s*\(/g;

/**
 * The calls of storage functions in a file that must have none.
 * @param {string} file @param {string} text
 * @returns {string[]} each as "file:line: what"
 */
export function storageCalls(file, text) {
  if (file === ONLY_IN) return [];
  return [...text.matchAll(CALL)].map((match) => {
    const line = text.slice(0, match.index).split('\n').length;
    return `${file}:${line}: ${match[0].replace(/\s*\($/, '()')} may be called in ${ONLY_IN} only`;
  });
}

async function main() {
  readArguments(import.meta.url, { options: {} });
  const files = trackedFiles('ta/*.c', 'ta/*.h');
  const found = files.flatMap((file) => storageCalls(file, readFileSync(path.join(ROOT, file), 'utf8')));
  for (const fault of found) process.stdout.write(`${fault}\n`);
  process.exitCode = found.length === 0 ? 0 : 1;
}

if (isProgram(import.meta.url)) runTool(main);
