// SPDX-License-Identifier: MIT
/** The man page says what --help says, of every command. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { commonOptions } from '../../src-ts/cli/command-line.js';
import { loadCommand, summaries } from '../../src-ts/cli/registry.js';
import { buildCommandLine } from './support/cli.js';

const ROOT = path.resolve(__dirname, '../..');

/** Words only, however lines are broken. */
const words = (text: string) => text.replace(/\s+/g, ' ').trim();

/** What a reader sees of a page: without macros, fonts and escapes. */
const seen = (page: string) =>
  words(
    page
      .replace(/^\.\\".*$/gm, '')
      .replace(/^\.[A-Z]{2} ?/gm, '')
      .replace(/^\.(nf|fi|PP|TP|[BI]) ?/gm, '')
      .replace(/\\f[BIR]|\\&/g, '')
      .replace(/\\\[u([0-9A-F]{4})\]/g, (_, code: string) => String.fromCodePoint(parseInt(code, 16)))
      .replaceAll('\\-', '-')
      .replaceAll('\\e', '\\'),
  );

let page: string;
let text: string;
beforeAll(async () => {
  buildCommandLine();
  const { manPage } = await import('../../tools/man/page.mjs');
  page = manPage();
  text = seen(page);
});

test('the file that is packed is what the tables say', () => {
  const { man } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { man: string };
  expect(existsSync(path.join(ROOT, man))).toBe(true);
  expect(readFileSync(path.join(ROOT, man), 'utf8')).toBe(page);
});

describe.each(Object.entries(summaries))('%s', (name, summary) => {
  const command = loadCommand(name);

  test('has its arguments, its summary and all of its help', () => {
    const usage =
      command?.startsProgram === true ? `${name} [OPTIONS] ${command.usage}` : `${name} ${command?.usage ?? ''}`;
    expect(text).toContain(words(usage));
    expect(text.toLowerCase()).toContain(words(summary).toLowerCase());
    expect(text).toContain(words((command?.help ?? ['no help']).join(' ')));
  });

  test('has each of its options', () => {
    for (const [option, { argument = '', help }] of Object.entries(command?.options ?? {})) {
      expect(text).toContain(words(`--${option} ${argument} ${help}`));
    }
  });
});

test('the options of every command, the environment and the exit codes are there once', () => {
  for (const [option, spec] of Object.entries(commonOptions)) {
    const argument = 'argument' in spec ? spec.argument : '';
    expect(text.split(words(`--${option} ${argument} ${spec.help}`))).toHaveLength(2);
  }
  expect(text).toMatch(/ENVIRONMENT OPTEE_STORAGE_BACKEND=simulator .* EXIT STATUS 0 done/);
});

test('no line of text is a request of roff, and every backslash is an escape that is meant', () => {
  const requests = new Set([...page.matchAll(/^[.'](\S+)/gm)].map(([, request]) => request));
  expect([...requests].sort()).toEqual(['B', 'I', 'PP', 'SH', 'SS', 'TH', 'TP', '\\"', 'fi', 'nf']);
  expect(page.replace(/\\(f[BIR]|[-e&"]|\[u[0-9A-F]{4}\])/g, '')).not.toContain('\\');
});
