// SPDX-License-Identifier: MIT
/** What is meant for people fits their terminal: help, explanations, the report of doctor. And what explain says. */
import { stripVTControlCharacters } from 'node:util';

import { report } from '../../src-ts/cli/commands/doctor.js';
import { command as explain } from '../../src-ts/cli/commands/explain.js';
import { commandHelp, overview } from '../../src-ts/cli/help.js';
import { loadCommand, summaries } from '../../src-ts/cli/registry.js';
import { wrapped } from '../../src-ts/cli/terminal/wrap.js';
import { errorTable } from '../../src-ts/errors/table.js';
import { optee } from './support/cli.js';
import { loadSoftTee } from './support/soft-tee.js';

beforeAll(loadSoftTee, 120_000);

const widest = (lines: readonly string[]): number => Math.max(...lines.map((line) => line.length));
const helpOf = (name: string, columns?: number): string[] => {
  const command = loadCommand(name);
  if (command === undefined) throw new Error(name);
  return commandHelp(name, command, columns).split('\n');
};
const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

describe('lines are broken at blanks', () => {
  test.each<[string, string, number, string[]]>([
    ['', 'one two', 80, ['one two']],
    ['', 'one two', 3, ['one', 'two']],
    ['* ', 'one two three', 9, ['* one two', '  three']],
    ['* ', 'a-word-that-is-longer than', 10, ['* a-word-that-is-longer', '  than']],
    ['x', '', 10, ['x']],
  ])('%p %p at %d', (before, text, width, lines) => {
    expect(wrapped(before, text, width)).toEqual(lines);
  });
});

describe.each([
  ['80 columns', 80, 80],
  ['an unknown width', undefined, 80],
  ['50 columns', 50, 50],
  ['a very wide terminal', 300, 100],
])('for %s', (_what, columns, most) => {
  test.each(Object.keys(summaries))('the help of %s', (name) => {
    const lines = helpOf(name, columns);
    // What has no blank may stick out: a usage line is for copying.
    const broken = lines.slice(1).filter((line) => line.length > most && line.trim().includes(' '));
    expect(most < 80 ? [] : broken).toEqual([]);
    expect(words(lines.join(' '))).toEqual(words(helpOf(name, 100).join(' ')));
  });

  test('the overview', () => {
    expect(widest(overview(columns).split('\n'))).toBeLessThanOrEqual(Math.max(most, 80));
  });
});

describe('explain', () => {
  test.each(Object.keys(errorTable))('%s, within 80 columns', async (code) => {
    const { code: exit, stdout } = await optee(['explain', code]);
    const text = stdout.toString();
    expect([exit, widest(text.split('\n')) <= 80]).toEqual([0, true]);
    const { meaning, causes, remedy } = errorTable[code as keyof typeof errorTable];
    const shown = words(text).join(' ');
    for (const part of [meaning, ...causes, remedy]) expect(shown).toContain(words(part).join(' '));
  });

  test.each(['err_corrupt', 'CORRUPT', 'corrupt'])('%s is found as people type it', async (given) => {
    expect((await optee(['explain', given])).stdout.toString()).toMatch(/^ERR_CORRUPT: /);
  });

  test('lists all without a code, and has them as JSON', async () => {
    const { stdout } = await optee(['explain']);
    for (const code of Object.keys(errorTable)) expect(stdout.toString()).toContain(code);
    const all = JSON.parse((await optee(['explain', '--json'])).stdout.toString()) as { code: string }[];
    expect(all.map(({ code }) => code)).toEqual(Object.keys(errorTable));
    const one = JSON.parse((await optee(['explain', 'ERR_QUOTA', '--json'])).stdout.toString()) as object;
    expect(one).toMatchObject({ code: 'ERR_QUOTA', meaning: errorTable.ERR_QUOTA.meaning });
  });

  test('refuses what is no code, and does not repeat it', async () => {
    const { code, stderr } = await optee(['explain', 's3cret']);
    expect([code, stderr.includes('s3cret')]).toEqual([2, false]);
  });

  test('needs no store, so that it works where nothing else does', () => {
    expect(explain.withoutStore).toBe(true);
  });
});

test('doctor breaks lines for a terminal, and none for a program that reads them', () => {
  const found = 'a finding of many words '.repeat(12).trim();
  const check = { id: 'dirf', status: 'warning', found, fix: found } as const;
  const diagnosis = { ok: false, checks: [check] } as unknown as Parameters<typeof report>[0];
  const forTerminal = stripVTControlCharacters(report(diagnosis, true, 80));
  expect(widest(forTerminal.split('\n'))).toBeLessThanOrEqual(80);
  expect(words(forTerminal)).toEqual(words(report(diagnosis, false)));
  expect(report(diagnosis, false)).toContain(`warn  dirf            ${found}\n`);
});
