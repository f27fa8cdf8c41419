// SPDX-License-Identifier: MIT
// @ts-check
/** The man page of optee-storage, made of the tables and texts that its --help shows. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { ROOT } from '../lib/paths.mjs';

/** @typedef {{ readonly short?: string, readonly argument?: string, readonly help: string }} OptionSpec */
/** @typedef {{ usage: string, help: readonly string[], startsProgram?: boolean, withoutStore?: boolean, options: Record<string, OptionSpec> }} Command */

export const MAN_PAGE = 'dist/man/optee-storage.1';

/** Writes it; dist/cli must have been compiled. */
export function writeManPage() {
  mkdirSync(path.join(ROOT, path.dirname(MAN_PAGE)), { recursive: true });
  writeFileSync(path.join(ROOT, MAN_PAGE), manPage());
}

/** The command line as it was compiled. */
function commandLine() {
  const load = createRequire(path.join(ROOT, 'dist', 'cli', 'main.js'));
  /** @type {{ summaries: Record<string, string>, loadCommand: (name: string) => Command }} */
  const { summaries, loadCommand } = load('./registry.js');
  /** @type {{ commonOptions: Record<string, OptionSpec> }} */
  const { commonOptions } = load('./command-line.js');
  /** @type {{ overview: () => string }} */
  const { overview } = load('./help.js');
  return { summaries, loadCommand, commonOptions, overview: overview() };
}

/** @returns {string} in roff, with the macros of man(7) */
export function manPage() {
  const { summaries, loadCommand, commonOptions, overview } = commandLine();
  const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  // The first paragraph of the overview is its usage line, the second says what the program is for.
  const [, purpose = ''] = overview.split('\n\n');
  return [
    '.\\" Made by tools/man/page.mjs from the tables of the command line; not to be edited.',
    `.TH OPTEE\\-STORAGE 1 "" "optee\\-secure\\-storage ${escaped(version)}" "User Commands"`,
    '.SH NAME',
    'optee\\-storage \\- keep secrets in OP\\-TEE secure storage',
    '.SH SYNOPSIS',
    '.B optee\\-storage',
    '.I COMMAND',
    '[\\fIARGUMENTS\\fR] [\\fIOPTIONS\\fR]',
    '.SH DESCRIPTION',
    ...flowing(purpose.split('\n')),
    '.SH COMMANDS',
    ...Object.entries(summaries).flatMap(([name, summary]) => command(name, summary, loadCommand(name))),
    '.SH OPTIONS OF EVERY COMMAND',
    ...flowing(['Commands that open no store have --json and --help only.']),
    ...options(commonOptions),
    '.SH ENVIRONMENT',
    ...flowing(paragraph(overview, 'In the environment: ')),
    '.SH EXIT STATUS',
    ...flowing(paragraph(overview, 'Exit codes: ')),
    '.SH FILES',
    ...flowing(["The package's folder docs has all documents; errors.md explains each error code."]),
    '',
  ].join('\n');
}

/** A paragraph of the overview, without what it begins with. @param {string} overview @param {string} beginning */
function paragraph(overview, beginning) {
  const found = overview.split('\n\n').find((text) => text.startsWith(beginning));
  if (found === undefined) throw new Error(`the overview of the command line has no "${beginning}"`);
  return found.slice(beginning.length).trimEnd().split('\n');
}

/** @param {string} name @param {string} summary @param {Command} command */
function command(name, summary, { usage, help, startsProgram, options: own }) {
  const words = startsProgram ? ['[OPTIONS]', usage] : [usage, '[OPTIONS]'];
  return [
    `.SS ${escaped([name, ...words].filter((word) => word !== '').join(' '))}`,
    // What the overview says of it.
    ...flowing([`${summary[0]?.toUpperCase() ?? ''}${summary.slice(1)}.`]),
    '.PP',
    ...flowing(help),
    ...options(own),
  ];
}

/** @param {Record<string, OptionSpec>} specs */
function options(specs) {
  return Object.entries(specs).flatMap(([name, { short, argument, help }]) => {
    const letter = short === undefined ? '' : `\\fB\\-${short}\\fR, `;
    const value = argument === undefined ? '' : ` \\fI${escaped(argument)}\\fR`;
    return ['.TP', `${letter}\\fB\\-\\-${escaped(name)}\\fR${value}`, ...flowing([help])];
  });
}

/** Lines of help: those that are indented stay as they are, an empty one ends a paragraph. @param {readonly string[]} lines */
function flowing(lines) {
  let within = false;
  const out = lines.flatMap((line) => {
    const literal = line.startsWith(' ');
    const switched = literal === within ? [] : [literal ? '.nf' : '.fi'];
    within = literal;
    return [...switched, line === '' ? '.PP' : escaped(line)];
  });
  return within ? [...out, '.fi'] : out;
}

/** Text that roff shows as it is: a dot or apostrophe at the beginning would be a request. @param {string} text */
function escaped(text) {
  const ascii = text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/[^\x20-\x7e]/gu, named);
  return ascii.replace(/^(?=\s*[.'])/, '\\&');
}

/** A character by its number, for versions of roff that read no UTF-8. @param {string} character */
function named(character) {
  return `\\[u${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`;
}
