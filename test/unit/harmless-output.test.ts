// SPDX-License-Identifier: MIT
/** Whatever comes from outside does nothing to a terminal, whichever way it gets there. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { report } from '../../src-ts/cli/commands/doctor.js';
import { run } from '../../src-ts/cli/run.js';
import { judge } from '../../src-ts/doctor/diagnose.js';
import { SecureStorageError } from '../../src-ts/errors/error.js';
import { harmless, harmlessLines, jsonLine, quoted, visible } from '../../src-ts/util/visible.js';
import { recordingIo } from './support/cli.js';
import { boardWith } from './support/fake-host.js';
import { loadSoftTee, openSoftStore, root } from './support/soft-tee.js';

/** One of each kind that a key may hold, with what is shown. */
const inKeys = {
  'CSI of C1': ['\u009b', '\\u009b'],
  'next line': ['\u0085', '\\u0085'],
  'no-break space': ['\u00a0', '\\u00a0'],
  'ideographic space': ['\u3000', '\\u3000'],
  'soft hyphen': ['\u00ad', '\\u00ad'],
  'combining grapheme joiner': ['\u034f', '\\u034f'],
  'Arabic letter mark': ['\u061c', '\\u061c'],
  'Hangul filler': ['\u3164', '\\u3164'],
  'Hangul choseong filler': ['\u115f', '\\u115f'],
  'halfwidth filler': ['\uffa0', '\\uffa0'],
  'Khmer inherent vowel': ['\u17b4', '\\u17b4'],
  'Mongolian vowel separator': ['\u180e', '\\u180e'],
  'zero width joiner': ['\u200d', '\\u200d'],
  'line separator': ['\u2028', '\\u2028'],
  'paragraph separator': ['\u2029', '\\u2029'],
  'right-to-left override': ['\u202e', '\\u202e'],
  isolate: ['\u2066', '\\u2066'],
  'function application': ['\u2061', '\\u2061'],
  'Braille blank': ['\u2800', '\\u2800'],
  'private use': ['\ue000', '\\ue000'],
  'variation selector': ['\ufe0f', '\\ufe0f'],
  'byte order mark': ['\ufeff', '\\ufeff'],
  'interlinear annotation': ['\ufff9', '\\ufff9'],
  unassigned: ['\u0378', '\\u0378'],
  'not a character': ['\uffff', '\\uffff'],
  'shorthand format': ['\u{1bca0}', '\\ud82f\\udca0'],
  'musical beam': ['\u{1d173}', '\\ud834\\udd73'],
  'null notehead': ['\u{1d159}', '\\ud834\\udd59'],
  tag: ['\u{e0041}', '\\udb40\\udc41'],
  'variation selector beyond U+FFFF': ['\u{e0100}', '\\udb40\\udd00'],
  'private use beyond U+FFFF': ['\u{10fffd}', '\\udbff\\udffd'],
} as const;
const controls = Array.from({ length: 32 }, (_, code) => String.fromCharCode(code));
const hostile = Object.values(inKeys)
  .map(([char]) => char)
  .join('a');
const every = new RegExp(
  `[${controls.join('')}\\u007f]|${Object.values(inKeys)
    .map(([char]) => char)
    .join('|')}`,
  'u',
);
/** What text may have besides what can be seen. */
const linesOnly = (text: string) => text.replaceAll(/[\n\t]/g, '');

describe('one character', () => {
  test.each(Object.entries(inKeys))('%s', (_name, [char, shown]) => {
    expect(harmless(`a${char}b`)).toBe(`a${shown}b`);
    expect(visible(`a${char}b`)).toBe(`a${shown}b`);
    expect(quoted(`a${char}b`)).toBe(`"a${shown}b"`);
    expect(jsonLine({ [char]: char })).toBe(`{"${shown}":"${shown}"}\n`);
    expect(JSON.parse(jsonLine({ [char]: char }))).toEqual({ [char]: char });
  });

  test.each([...controls, '\u007f', '\ud800', '\udfff'])('%j', (char) => {
    expect(harmless(char)).toMatch(/^\\u[\da-f]{4}$/);
    expect(harmlessLines(char)).toBe(char === '\n' || char === '\t' ? char : harmless(char));
    expect(JSON.parse(quoted(char))).toBe(char);
  });

  test.each(['a b', 'Größe', 'пароль', '密码', 'סיסמה', 'كلمة', 'e\u0301', '🔑', 'a\\b', '"', '€'])(
    '%s stays',
    (text) => {
      expect([harmless(text), visible(text)]).toEqual([text, text]);
    },
  );

  test('no two names look the same because of what is escaped', () => {
    const names = ['a\u202e', 'a\\u202e', 'a\\\\u202e', 'a', 'a ', ' a', 'a\u00a0', 'a\\u0020', 'a\\u005cu202e'];
    expect(new Set(names.map(visible)).size).toBe(names.length);
  });
});

describe('what is printed on a terminal', () => {
  beforeAll(loadSoftTee, 120_000);
  let folder: string;
  const key = `k${hostile}`;
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'optee-harmless-'));
    writeFileSync(path.join(folder, 'import.json'), JSON.stringify({ [key]: 'value' }));
    writeFileSync(path.join(folder, `${hostile}\u001b]0;x\u0007\n.json`), '{', { mode: 0o600 });
    expect((await onTerminal(['put', key], 'value')).code).toBe(0);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  async function onTerminal(args: readonly string[], stdin = '') {
    const { io, ran } = recordingIo(stdin);
    const code = await run(args, { ...io, isTerminal: true }, { open: openSoftStore });
    const { stdout, stderr } = ran();
    return { code, text: `${stdout.toString()}${stderr}` };
  }

  const named = (name: string) => path.join(folder, name);
  const strange = `${hostile}\u001b]0;x\u0007\n`;
  const cases: readonly (readonly [what: string, args: () => string[], code: number])[] = [
    ['list', () => ['list'], 0],
    ['list --long', () => ['list', '--long'], 0],
    ['list --json', () => ['list', '--json'], 0],
    ['stat --json', () => ['stat', key, '--json'], 0],
    ['get --json', () => ['get', key, '--json'], 0],
    ['has --json', () => ['has', key, '--json'], 0],
    ['put --json', () => ['put', key, '--json'], 0],
    ['generate --json', () => ['generate', key, '--json'], 0],
    ['import --dry-run', () => ['import', named('import.json'), '--dry-run'], 0],
    ['import --dry-run --json', () => ['import', named('import.json'), '--dry-run', '--json'], 0],
    ['import --json', () => ['import', named('import.json'), '--json'], 0],
    ['import of a key that is there', () => ['import', named('import.json'), '--if-absent'], 4],
    ['import of no such file', () => ['import', named(strange)], 1],
    ['put --file', () => ['put', 'k', '--file', named(strange)], 1],
    ['put --if-absent', () => ['put', key, '--if-absent'], 4],
    ['put --if-absent --json', () => ['put', key, '--if-absent', '--json'], 4],
    ['get', () => ['get', `${key}x`], 3],
    ['get --json of none', () => ['get', `${key}x`, '--json'], 3],
    ['get of no key', () => ['get', strange], 2],
    ['delete --json', () => ['delete', `${key}x`, '--json'], 3],
    ['exec --prefix', () => ['exec', '--prefix', key.slice(0, 1), '--', strange], 127],
    ['exec --prefix --json', () => ['exec', '--json', '--prefix', key.slice(0, 1), '--', strange], 127],
    ['exec', () => ['exec', '--env', `A=${key}x`, '--', strange], 3],
    ['an unknown option', () => ['list', `--a${strange}`], 2],
    ['an unknown option, --json', () => ['list', '--json', `--a${strange}`], 2],
    ['an unknown command', () => [`a${strange}`], 2],
    ['a wrong backend', () => ['list', '--backend', strange], 2],
    ['a group', () => ['list', '--group', strange], 2],
    ['a domain', () => ['list', '--domain', strange], 2],
    ['ta sign, ELF', () => ['ta', 'sign', named(strange), '--key', named('none')], 1],
    ['ta sign --key', () => ['ta', 'sign', named('import.json'), '--key', named(strange)], 1],
    ['ta sign --key --json', () => ['ta', 'sign', named('import.json'), '--key', named(strange), '--json'], 1],
    ['ta install', () => ['ta', 'install', named(strange)], 1],
    ['ta install --root', () => ['ta', 'install', named('none'), '--root', named(strange)], 1],
    ['ta remove', () => ['ta', 'remove', strange], 2],
    ['ta remove --root', () => ['ta', 'remove', '--root', named(strange)], 2],
    ['ta path', () => ['ta', 'path', strange], 2],
    ['ta build', () => ['ta', 'build', '--dev-kit', strange, '--output', named('built')], 1],
    ['ta build, a variable', () => ['ta', 'build', '--dev-kit', 'x', strange], 2],
    ['ta build --sign-key', () => ['ta', 'build', '--dev-kit', 'x', '--sign-key', strange], 2],
    ['ta build --output', () => ['ta', 'build', '--dev-kit', strange, '--output', `${folder}/${strange}`], 2],
    ['completion', () => ['completion', strange], 2],
  ];
  test.each(cases)('%s', async (_what, args, code) => {
    const ran = await onTerminal(args(), 'value');
    expect(linesOnly(ran.text)).not.toMatch(every);
    expect(ran.code).toBe(code);
    if (args().includes('--json')) expect(() => JSON.parse(ran.text) as unknown).not.toThrow();
  });

  test('an error that nobody expects', async () => {
    for (const json of [[], ['--json']]) {
      const { io, ran } = recordingIo('');
      await run(['list', ...json], io, { open: () => Promise.reject(new Error(`a${strange}`)) });
      expect(ran().stderr).toMatch(/\\u001b\]0;x\\u0007(\\u000a|\\n)/);
      expect(ran().stderr.trimEnd()).not.toMatch(every);
    }
  });

  test('an error of this package, wherever its words are from', () => {
    const { message } = new SecureStorageError('ERR_OUTPUT', { detail: strange, remedy: strange, operation: 'put' });
    expect(message).not.toMatch(every);
  });

  test('pipes get what was asked for as it is', async () => {
    const { io, ran } = recordingIo('');
    await run(['list'], io, { open: openSoftStore });
    expect(ran().stdout.toString().split('\n')).toContain(key);
  });
});

describe('the doctor', () => {
  const evidence = { error: undefined, info: undefined, owners: undefined, supplicant: null, warmMs: 1 };
  const evil = `\u001b]0;TITLE\u0007\u009b8m${hostile}`;

  test.each([
    ['the name of the supplicant', { '/proc/812/stat': `812 (${evil}tee-supp) S 1 812 812\n` }],
    ['its storage', { '/proc/812/cmdline': `tee-supplicant\0--fs-parent-path=/tmp/${evil}\0` }],
    ['its folder of TAs', { '/proc/812/cmdline': `tee-supplicant\0--ta-path=/tmp/${evil}\0` }],
    ['the type of a file system', { '/proc/812/mountinfo': `33 1 179:1 / / rw - ${evil} x rw` }],
    ['the manager of a container', { '/run/systemd/container': evil }],
    ['the machine', { '/proc/device-tree/compatible': `qemu${evil}\0` }],
    ['a fuse', { '/sys/devices/platform/tegra-fuse/odm_production_mode': evil }],
    ['a library', { '/proc/self/maps': `7f r-xp 0 0:0 1 /usr/lib/${evil}/libteec.so.2\n` }],
  ])('prints %s without effect', (_what, files) => {
    const diagnosis = judge(evidence, {}, 'optee', boardWith(files));
    expect(linesOnly(report(diagnosis, false))).not.toMatch(every);
  });
});

describe('no output goes round it', () => {
  const sources = readdirSync(path.join(root, 'src-ts'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => ({ name, text: readFileSync(path.join(root, 'src-ts', name), 'utf8') }));

  test('bytes are written as they are by the commands that are asked for them', () => {
    const direct = sources.filter(({ text }) => text.includes('.writeBytes(')).map(({ name }) => name);
    expect(direct.sort()).toEqual([
      'cli/commands/completion.ts',
      'cli/commands/doctor.ts',
      'cli/commands/generate.ts',
      'cli/commands/get.ts',
      'cli/commands/ta/sign.ts',
    ]);
  });

  test('no file turns the rules off that see to the rest, but one with a reason', () => {
    const config = readFileSync(path.join(root, 'eslint.config.mjs'), 'utf8');
    expect(config.match(/no-restricted-properties/g)).toHaveLength(2);
    const off = sources.filter(({ text }) => text.includes('no-restricted-properties')).map(({ name }) => name);
    expect(off).toEqual(['connection/choose-backend.ts']);
    expect(existsSync(path.join(root, 'src-ts/cli/terminal/io.ts'))).toBe(true);
  });
});
