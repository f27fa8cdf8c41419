#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/** Lists npm's scripts, each with what the comment at its tool's head says of it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './lib/paths.mjs';
import { isProgram, runTool } from './lib/tool.mjs';
import { readArguments, usageOf } from './lib/usage.mjs';

/** The tool that a script runs. */
const TOOL = /^node (?:--\S+ )*(tools\/\S+\.mjs)(?: |$)/;

/**
 * What a script does. A line "npm run NAME   …" in the usage of its tool says it, for a tool of several scripts; else the
 * first sentence there does.
 * @param {string} name @param {string} command
 * @returns {string | undefined} undefined if it is not a tool's
 */
export function sentenceOf(name, command) {
  const [, tool] = TOOL.exec(command) ?? [];
  if (tool === undefined) return undefined;
  const usage = usageOf(path.join(ROOT, tool));
  const called = ['test', 'start'].includes(name) ? `npm ${name}` : `npm run ${name}`;
  const line = usage.split('\n').find((text) => text.trimStart().startsWith(`${called}  `));
  const sentence = line?.trim().slice(called.length) ?? /^.+?(?=[.:](?:\s|$)|$)/s.exec(usage)?.[0] ?? '';
  return sentence
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/^./, (first) => first.toUpperCase());
}

/** Npm's scripts. @returns {Record<string, string>} */
export function scripts() {
  return JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')).scripts;
}

async function main() {
  readArguments(import.meta.url, { options: {} });
  const all = Object.entries(scripts());
  const width = Math.max(...all.map(([name]) => name.length));
  for (const [name, command] of all) {
    process.stdout.write(`npm run ${name.padEnd(width)}  ${sentenceOf(name, command) ?? command}\n`);
  }
}

if (isProgram(import.meta.url)) runTool(main);
