// SPDX-License-Identifier: MIT
/** By what the records of test/faults are kept: by what is built, and not by how its sources are named or explained. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { Recorded } from '../../tools/faults/digest/built.mjs';

const ROOT = path.join(__dirname, '..', '..');
/** On a new machine compilers are installed and the addon is built first. */
const FIRST_MS = 20 * 60_000;

const parts = () => import('../../tools/faults/digest/parts.mjs');

/** A copy of a folder, to be changed. */
class Copy {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'digest-'));

  constructor(folder: string) {
    cpSync(path.join(ROOT, folder), this.folder, { recursive: true });
  }

  [Symbol.dispose]() {
    rmSync(this.folder, { recursive: true });
  }

  /** The files with an ending, the smallest first. */
  files(ending: string): string[] {
    const names = readdirSync(this.folder, { recursive: true, encoding: 'utf8' });
    const files = names.filter((name) => name.endsWith(ending) && !name.endsWith(`.d${ending}`));
    return files.sort((a, b) => this.read(a).length - this.read(b).length || a.localeCompare(b));
  }

  at = (file: string): string => path.join(this.folder, file);
  read = (file: string): string => readFileSync(this.at(file), 'utf8');

  edit(file: string, change: (text: string) => string): void {
    const before = this.read(file);
    const after = change(before);
    expect(after).not.toBe(before);
    writeFileSync(this.at(file), after);
  }

  move(from: string, to: string): void {
    mkdirSync(path.dirname(this.at(to)), { recursive: true });
    renameSync(this.at(from), this.at(to));
  }

  /** Turns the first comparison in one of the files around. @returns the file */
  misbehave(ending: string): string {
    const comparison = / ([=!])(==?) /;
    const file = this.files(ending).find((name) => comparison.test(this.read(name))) ?? '';
    this.edit(file, (text) =>
      text.replace(comparison, (_, first: string, rest: string) => ` ${first === '=' ? '!' : '='}${rest} `),
    );
    return file;
  }

  /** A comment in one file, another one in a folder of its own, a third one renamed. @returns new names by old ones */
  rearrangeC(ending: string): Map<string, string> {
    const [commented = '', moved = '', renamed = ''] = this.files(ending);
    this.edit(commented, (text) => text.replace('\n', '\n/*\n * A remark\n */\n'));
    const names = new Map([
      [moved, path.join(path.dirname(moved), 'folder', path.basename(moved))],
      [renamed, path.join(path.dirname(renamed), `a_new_name${ending}`)],
    ]);
    for (const [from, to] of names) this.move(from, to);
    this.edit(names.get(moved) ?? '', (text) => text.replace(/#include "/g, '#include "../'));
    return names.set(commented, commented);
  }
}

describe('the Trusted Application', () => {
  test(
    'comments, files that move, their order and the folder of the checkout do not count, behaviour does',
    async () => {
      const { digestOfTa } = await parts();
      using copy = new Copy('ta');
      const names = copy.rearrangeC('.c');
      copy.edit('sub.mk', (text) => {
        const list = text.split('\n').filter((line) => line.startsWith('srcs-y'));
        const moved = list.map((line) => `srcs-y += ${names.get(line.slice(10)) ?? line.slice(10)}`);
        return text.replace(list.join('\n'), moved.reverse().join('\n'));
      });
      const digest = await digestOfTa();
      expect(await digestOfTa(copy.folder)).toBe(digest);
      copy.misbehave('.c');
      expect(await digestOfTa(copy.folder)).not.toBe(digest);
    },
    FIRST_MS,
  );
});

test(
  'the Trusted Application is built where it was before a header was renamed',
  async () => {
    const { makeTa } = await import('../../machine/product.mjs');
    using copy = new Copy('ta');
    const build = () => makeTa(copy.folder, copy.at('out'), {}, ['src/mem.o']);
    await build();
    copy.move('src/mem.h', 'src/memory.h');
    for (const file of [...copy.files('.c'), ...copy.files('.h')].filter((each) => copy.read(each).includes('"mem.h"')))
      copy.edit(file, (text) => text.replace('"mem.h"', '"memory.h"'));
    await build();
    expect(copy.files('mem.o')).toHaveLength(1);
  },
  FIRST_MS,
);

describe('the addon', () => {
  /** Compiles a file as the object was that is shipped. */
  function recompile(object: string, source: string, output: string): void {
    const stage = path.join(object.slice(0, object.indexOf('/Release/obj.target/')), 'Release');
    const target = path.relative(path.dirname(stage), object);
    const [line = ''] = readFileSync(path.join(stage, '.deps', `${target}.d`), 'utf8').split('\n');
    const command = line.slice(line.indexOf(' := ') + 4).replace(/ -o \S+ \S+/, ` -o ${output} ${source}`);
    execFileSync('sh', ['-c', command.replace(/ -MMD -MF \S+/, '')], { cwd: path.dirname(stage) });
  }

  test(
    'comments, files that move and their order do not count, behaviour does',
    async () => {
      const { digestOfAddon } = await parts();
      const { ensurePrebuildObjects } = await import('../../tools/prebuild.mjs');
      const objects = await ensurePrebuildObjects('linux-arm64-glibc');
      using copy = new Copy('src-native');
      const objectOf = (file: string) => objects.find((each) => each.endsWith(`/${file.replace('.cc', '.o')}`)) ?? '';
      const digest = digestOfAddon(objects);

      const names = copy.rearrangeC('.cc');
      const replaced = new Map<string, string>();
      for (const [from, to] of names) {
        replaced.set(objectOf(from), copy.at(`${from}.o`));
        recompile(objectOf(from), copy.at(to), copy.at(`${from}.o`));
      }
      expect(digestOfAddon(objects.map((each) => replaced.get(each) ?? each).reverse())).toBe(digest);

      using other = new Copy('src-native');
      const changed = other.misbehave('.cc');
      recompile(objectOf(changed), other.at(changed), other.at('changed.o'));
      const others = objects.filter((each) => each !== objectOf(changed));
      expect(digestOfAddon([...others, other.at('changed.o')])).not.toBe(digest);
    },
    FIRST_MS,
  );
});

describe('the library that commits the faults', () => {
  test(
    'comments, files that move and their order do not count, behaviour does',
    async () => {
      const { digestOfLibrary } = await parts();
      using copy = new Copy('machine/guest/supplicant-library');
      copy.rearrangeC('.c');
      const digest = await digestOfLibrary();
      const sources = () => copy.files('.c').map(copy.at);
      expect(await digestOfLibrary(sources())).toBe(digest);
      copy.misbehave('.c');
      expect(await digestOfLibrary(sources())).not.toBe(digest);
    },
    FIRST_MS,
  );
});

describe('the JavaScript from the API to the TEE', () => {
  const SPECIFIER = /'(\.\.?\/[^']+)\.js'/g;

  /** Moves a module, and adapts all imports. */
  function moveModule(copy: Copy, from: string, to: string): void {
    for (const file of copy.files('.ts')) {
      const home = path.dirname(file);
      const newHome = file === from ? path.dirname(to) : home;
      const adapted = copy.read(file).replace(SPECIFIER, (_, specifier: string) => {
        const target = path.join(home, `${specifier}.ts`) === from ? to : path.join(home, `${specifier}.ts`);
        const relative = path.relative(newHome, target).replace(/\.ts$/, '.js');
        return `'${relative.startsWith('.') ? relative : `./${relative}`}'`;
      });
      writeFileSync(copy.at(file), adapted);
    }
    copy.move(from, to);
  }

  /** The modules that are imported by a file, but for types. */
  const importsOf = (copy: Copy, file: string): string[] =>
    [...copy.read(file).matchAll(/^import \{[^}]*\} from '(\..*)\.js';$/gm)].map(([, specifier]) =>
      path.join(path.dirname(file), `${specifier ?? ''}.ts`),
    );

  test('comments, files that move, imports in another order and words of errors do not count', async () => {
    const { digestOfJavaScript } = await parts();
    using copy = new Copy('src-ts');
    const digest = await digestOfJavaScript();
    expect(await digestOfJavaScript(copy.folder)).toBe(digest);

    copy.edit('store.ts', (text) => text.replace('\n', '\n// A remark.\n'));
    const [moved = '', renamed = ''] = importsOf(copy, 'store.ts');
    moveModule(copy, moved, 'a/new/folder/module.ts');
    moveModule(copy, renamed, path.join(path.dirname(renamed), 'a-new-name.ts'));
    copy.edit('store.ts', (text) => {
      const imports = [...text.matchAll(/^import .* from .*;$/gm)].map(([line]) => line);
      return [...imports.reverse(), imports.reduce((rest, line) => rest.replace(line, ''), text)].join('\n');
    });
    expect(await digestOfJavaScript(copy.folder)).toBe(digest);

    const table = copy.files('.ts').find((file) => copy.read(file).includes('ERR_CORRUPT: {')) ?? '';
    copy.edit(table, (text) => text.replace(/(remedy:\s*)'[^']*'/, "$1'Ask somebody who knows.'"));
    expect(await digestOfJavaScript(copy.folder)).toBe(digest);
  });

  test.each([
    ['on the side of the API', /timeoutMs = 10_000/, 'timeoutMs = 10_001'],
    ['on the side of the addon', /MAX_PARKED_THREADS = 32/, 'MAX_PARKED_THREADS = 33'],
    ['a code that a result stands for', /CORRUPT_OBJECT\]: 'ERR_CORRUPT'/, "CORRUPT_OBJECT]: 'ERR_STORAGE'"],
  ])('behaviour counts: %s', async (_, what, instead) => {
    const { digestOfJavaScript } = await parts();
    using copy = new Copy('src-ts');
    const file = copy.files('.ts').find((each) => what.test(copy.read(each))) ?? '';
    copy.edit(file, (text) => text.replace(what, instead));
    expect(await digestOfJavaScript(copy.folder)).not.toBe(await digestOfJavaScript());
  });
});

describe('what --digest says', () => {
  const compilers = { ta: 'gcc 12', addon: 'clang 14', library: 'gcc 12', javascript: 'esbuild 1' };
  const of = { ta: 'a', addon: 'b', library: 'c', javascript: 'd' };
  const recorded: Recorded = {
    ...{ name: 'old', folder: path.join(ROOT, 'test/faults/records/old') },
    ...{ parts: of, compilers, commit: '123', date: '2026-01-02', whole: '2026-01-03' },
  };

  test('names the parts in which records differ, and a compiler that is another one', async () => {
    const { digestText } = await import('../../tools/faults/digest/built.mjs');
    const here = { name: 'new', folder: '', parts: { ...of, ta: 'x', javascript: 'y' } };
    const text = digestText(here, { ...compilers, ta: 'gcc 13' }, [recorded]);
    expect(text).toMatch(/^total {6}new\nta {9}x {2}/);
    expect(text).toMatch(
      'records/old (2026-01-02) differ in: ta (built with gcc 13 here, with gcc 12 there), javascript.',
    );
  });

  test('finds the records of what is built', async () => {
    const { digestText } = await import('../../tools/faults/digest/built.mjs');
    const text = digestText({ name: 'old', folder: '', parts: of }, compilers, [recorded]);
    expect(text).toMatch(/records\/old, whole\.$/);
  });
});
