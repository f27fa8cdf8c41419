#!/usr/bin/env node
// SPDX-License-Identifier: MIT
// @ts-check
/**
 * Looks for what is dead in the Markdown files: links to files and headings of this repository that are not there, and
 * commands (`npm run …`, `node tools/…`) that do not exist. Addresses elsewhere are not looked at. And in all files for
 * commands that could fetch and run a package that is not ours.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { trackedFiles } from '../lib/git.mjs';
import { ROOT } from '../lib/paths.mjs';
import { isProgram, runTool } from '../lib/tool.mjs';
import { readArguments } from '../lib/usage.mjs';
import { anchors, withoutCode } from './markdown.mjs';
import { strangersIn } from './strangers.mjs';

const LINK = /\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)|<a\s[^>]*href="([^"]+)"/gm;
const COMMAND = /\bnpm run (?:-[\w-]+ )*([a-z][\w:-]*)|\bnode ((?:tools|test)\/[\w/.-]+\.\w+)/g;

/** Where wrong commands are on purpose, and lists that programs write. */
const WRONG = /^(?:tools\/docs\/strangers\.mjs|test\/unit\/docs-tool\.test\.ts|test\/fuzz\/.*|.*package-lock\.json)$/;

/**
 * What is dead in one file.
 * @param {string} file by which links in it are resolved @param {string} text
 * @param {{ root?: string, scripts: readonly string[] }} known the top of the repository, and npm's scripts
 * @returns {string[]} each as "line: what"
 */
export function deadIn(file, text, { root = ROOT, scripts }) {
  const prose = withoutCode(text);
  const links = [...prose.matchAll(LINK)].flatMap((match) => {
    const fault = linkFault(file, match[1] ?? match[2] ?? match[3] ?? '', root);
    return fault === undefined ? [] : [`${lineOf(prose, match.index)}: ${fault}`];
  });
  const commands = [...text.matchAll(COMMAND)].flatMap((match) => {
    const [whole, script, program] = match;
    if (script === undefined ? existsSync(path.join(root, program ?? '')) : scripts.includes(script)) return [];
    return [`${lineOf(text, match.index)}: there is no "${whole}"`];
  });
  return [...links, ...commands];
}

/** @param {string} file @param {string} target @param {string} root */
function linkFault(file, target, root) {
  if (/^[a-z][a-z+.-]*:/i.test(target)) return undefined;
  const [place = '', heading] = target.split('#');
  const to = place === '' ? file : path.resolve(path.dirname(file), decodeURIComponent(place));
  if (path.relative(root, to).startsWith('..')) return `${target} leads out of the repository`;
  if (!existsSync(to)) return `${target} is not there`;
  if (heading === undefined || !to.endsWith('.md')) return undefined;
  return anchorsOf(readFileSync(to, 'utf8')).has(heading) ? undefined : `${target}: there is no such heading`;
}

/** The anchors of a document's headings, and those that it sets itself. @param {string} text */
function anchorsOf(text) {
  const anchor = anchors();
  const headings = [...withoutCode(text, { keepSpans: true }).matchAll(/^ {0,3}#{1,6} +(.*?)(?: +#+)? *$/gm)];
  const own = [...text.matchAll(/<a\s[^>]*(?:id|name)="([^"]+)"/g)];
  return new Set([...headings.map((match) => anchor(match[1] ?? '')), ...own.map((match) => match[1])]);
}

/** @param {string} text @param {number} index */
function lineOf(text, index) {
  return text.slice(0, index).split('\n').length;
}

async function main() {
  readArguments(import.meta.url, { options: {} });
  const { name: own, bin, scripts } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  const dead = trackedFiles('*.md').flatMap((name) => {
    const file = path.join(ROOT, name);
    const found = deadIn(file, readFileSync(file, 'utf8'), { scripts: Object.keys(scripts) });
    return found.map((fault) => `${name}:${fault}`);
  });
  for (const name of trackedFiles().filter((each) => !WRONG.test(each))) {
    const file = path.join(ROOT, name);
    // A link to a folder is a file to git.
    if (!statSync(file).isFile()) continue;
    const found = strangersIn(readFileSync(file, 'utf8'), own, Object.keys(bin));
    dead.push(...found.map((fault) => `${name}:${fault}`));
  }
  for (const fault of dead) process.stdout.write(`${fault}\n`);
  process.exitCode = dead.length === 0 ? 0 : 1;
}

if (isProgram(import.meta.url)) runTool(main);
