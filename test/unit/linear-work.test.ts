// SPDX-License-Identifier: MIT
/**
 * What reads something that another may have written takes ten times the work for ten times the input, not a hundred
 * times. Both are measured in the same run, as the processor's time, and the bound is far from either.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';

import { importsModule } from '../../src-ts/cli/commands/ta/dev-kit.js';
import { parseEntries } from '../../src-ts/cli/commands/import/entries.js';
import { parseSigned } from '../../src-ts/cli/commands/ta/signed-image.js';
import { readKey } from '../../src-ts/cli/commands/ta/signing-key.js';
import { because } from '../../src-ts/doctor/causes.js';
import { judge } from '../../src-ts/doctor/diagnose.js';
import { mountOf, parseMounts } from '../../src-ts/doctor/mounts.js';
import { findSupplicant } from '../../src-ts/doctor/supplicant.js';
import { parseStat } from '../../src-ts/util/proc-stat.js';
import { isHeaderFirst } from '../../src-ts/util/ta-header.js';
import { harmless, jsonLine, quoted, visible } from '../../src-ts/util/visible.js';
import { boardWith, type Entry } from './support/fake-host.js';

/** Ten times the input takes about ten times the work, and of its square a hundred times. */
const TIMES = 10;
const BOUND = 50;
/** Less is not compared: it would be the clock's steps, and what the first call compiles. */
const LEAST_MS = 2;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'optee-linear-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

type Work = () => unknown;

/** The processor's time of one call, in ms. What is refused has been read, too. */
async function workOf(work: Work): Promise<number> {
  const before = process.cpuUsage();
  try {
    await work();
  } catch {
    // Most of what is read here is no such file.
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** The least of some calls, for other work of this process comes into all of them. */
async function leastWorkOf(work: Work): Promise<number> {
  return Math.min(await workOf(work), await workOf(work), await workOf(work));
}

/** An ELF file of many sections, each with a name that does not end. */
function elfOf(sections: number): Buffer {
  const names = Buffer.alloc(sections * 64, 'x');
  const bytes = Buffer.alloc(64 + names.length + sections * 64);
  bytes.write('\x7fELF\x02\x01\x01', 'latin1');
  bytes.writeBigUInt64LE(BigInt(64 + names.length), 40);
  bytes.writeUInt16LE(64, 58);
  bytes.writeUInt16LE(sections, 60);
  bytes.writeUInt16LE(0, 62);
  names.copy(bytes, 64);
  bytes.writeBigUInt64LE(64n, 64 + names.length + 24);
  return bytes;
}

/** The same as an image that says that it is signed. */
function signedOf(elf: Buffer): Buffer {
  const shdr = Buffer.alloc(20);
  [0x4f545348, 1, elf.length, 0x70414930].forEach((word, index) => shdr.writeUInt32LE(word, 4 * index));
  shdr.writeUInt16LE(32, 16);
  shdr.writeUInt16LE(256, 18);
  const body = Buffer.concat([Buffer.alloc(20), elf]);
  const hash = createHash('sha256').update(shdr).update(body).digest();
  return Buffer.concat([shdr, hash, Buffer.alloc(256), body]);
}

const entries = (text: string, format: 'json' | 'dotenv') => {
  const bytes = Buffer.from(text);
  return () => parseEntries(bytes, { file: undefined, format, prefix: '' });
};
const repeated = (count: number, text: (index: number) => string) => Array.from({ length: count }, (_, n) => text(n));
const onBoard = (files: Readonly<Record<string, Entry | undefined>>) => {
  const host = boardWith(files);
  return () => findSupplicant(host);
};
const evidence = { error: undefined, info: undefined, owners: undefined, supplicant: null, warmMs: 1 };
const diagnosed = (files: Readonly<Record<string, Entry | undefined>>) => {
  const host = boardWith(files);
  return () => judge(evidence, {}, 'optee', host);
};
const keyOf = (text: string) => {
  const file = path.join(folder, `${String(text.length)}.pem`);
  writeFileSync(file, text);
  const io = { stdin: Readable.from([]), note: () => undefined };
  return () => readKey(io, file);
};

/** The input of each, so large, is made before it is measured. */
const readers: readonly [string, number, (size: number) => Work][] = [
  [
    'sections of an ELF file',
    3000,
    (n) =>
      (
        (elf) => () =>
          isHeaderFirst(elf)
      )(elfOf(n)),
  ],
  [
    'beginnings of ELF files',
    30_000,
    (n) =>
      (
        (file) => () =>
          isHeaderFirst(file)
      )(Buffer.from('\x7fEL'.repeat(n))),
  ],
  [
    'a signed TA',
    3000,
    (n) =>
      (
        (file) => () =>
          parseSigned(file)
      )(signedOf(elfOf(n))),
  ],
  ['labels in a key', 10_000, (n) => keyOf('-----BEGIN ENCRYPTED PRIVATE KEY----\n'.repeat(n))],
  ['certificates before a key', 5000, (n) => keyOf(`-----BEGIN X-----\nAAAA\n-----END X-----\n`.repeat(n))],
  ['lines of a key', 10_000, (n) => keyOf(`-----BEGIN PRIVATE KEY-----\n${`${'A'.repeat(64)}\n`.repeat(n)}`)],
  [
    'empty lines of a script',
    30_000,
    (n) =>
      (
        (text) => () =>
          importsModule(text, 'x')
      )('\n'.repeat(n)),
  ],
  [
    'blanks of a script',
    30_000,
    (n) =>
      (
        (text) => () =>
          importsModule(text, 'x')
      )(`from${' '.repeat(n)}`),
  ],
  [
    'a name with parentheses',
    30_000,
    (n) =>
      (
        (text) => () =>
          parseStat(text)
      )(`1 (${') S ('.repeat(n)}`),
  ],
  [
    'mounts',
    2000,
    (n) => {
      const text = repeated(n, (m) => `${String(m)} 1 0:1 / /a/${'\\040'.repeat(9)}${String(m)} rw - x x rw`).join(
        '\n',
      );
      return () => mountOf(parseMounts(text), '/a/b');
    },
  ],
  [
    'one mount',
    30_000,
    (n) =>
      (
        (text) => () =>
          parseMounts(text)
      )(`1 1 0:1 / /${'\\0400 - '.repeat(n)}`),
  ],
  ['arguments of a supplicant', 10_000, (n) => onBoard({ '/proc/812/cmdline': 'tee-supplicant\0-x\0'.repeat(n) })],
  ['folders of TAs', 10_000, (n) => onBoard({ '/proc/812/cmdline': `tee-supplicant\0-l${'tas:'.repeat(n)}\0` })],
  ['groups of a process', 20_000, (n) => onBoard({ '/proc/812/status': `Uid:\t0 0 0 0\nGroups:\t${'1 '.repeat(n)}` })],
  ['lines of a status', 30_000, (n) => onBoard({ '/proc/812/status': 'Uid:\n'.repeat(n) })],
  ['limits', 30_000, (n) => onBoard({ '/proc/812/limits': `Max open files${' '.repeat(n)}` })],
  ['lines of limits', 50_000, (n) => onBoard({ '/proc/812/limits': 'Max open files \n'.repeat(n) })],
  ['a control group', 100_000, (n) => onBoard({ '/proc/812/cgroup': `0::/${'a.service.'.repeat(n)}` })],
  ['control groups', 30_000, (n) => onBoard({ '/proc/812/cgroup': '/a.service/'.repeat(n) })],
  ['texts of a program', 100_000, (n) => onBoard({ '/usr/sbin/tee-supplicant': '\0/a/tee/b'.repeat(n) })],
  ['a text of a program', 100_000, (n) => onBoard({ '/usr/sbin/tee-supplicant': `\0${'/a/tee/b'.repeat(n)}` })],
  ["the kernel's log", 50_000, (n) => diagnosed({ '/dev/kmsg': 'optee: revision 1'.repeat(n) })],
  ['libraries', 5000, (n) => diagnosed({ '/proc/self/maps': '7f r-xp 0 0:0 1 /usr/lib/libteec.so\n'.repeat(n) })],
  ['the names of a machine', 5000, (n) => diagnosed({ '/proc/device-tree/compatible': 'qem\0arm,fv\0'.repeat(n) })],
  [
    'a path in a fix',
    5000,
    (n) =>
      (
        (folder) => () =>
          because('storage-open', { folder })
      )("'; \\'".repeat(n)),
  ],
  [
    'a name that is shown',
    500,
    (n) =>
      (
        (text) => () =>
          [harmless, visible, quoted, jsonLine].map((f) => f(text))
      )('\\u0041 \u009b\u{e0041}'.repeat(n)),
  ],
  ['dotenv: lines', 2000, (n) => entries(repeated(n, (m) => `A${String(m)}=b`).join('\n'), 'dotenv')],
  ['dotenv: values over lines', 2000, (n) => entries(repeated(n, (m) => `A${String(m)}="b\nc"`).join('\n'), 'dotenv')],
  ['dotenv: a quote without end', 30_000, (n) => entries(`A="${'b\n'.repeat(n)}`, 'dotenv')],
  ['dotenv: quotes without end', 5000, (n) => entries(`A="\n`.repeat(n), 'dotenv')],
  ['dotenv: blanks', 100_000, (n) => entries(`A=b${' '.repeat(n)}c`, 'dotenv')],
  ['dotenv: escapes', 30_000, (n) => entries(`A="${'\\n'.repeat(n)}"`, 'dotenv')],
  ['JSON: members', 2000, (n) => entries(`{${repeated(n, (m) => `"a${String(m)}":"b"`).join(',')}}`, 'json')],
  ['JSON: escapes', 50_000, (n) => entries(`{"a":"${'\\u0041'.repeat(n)}"}`, 'json')],
  ['JSON: depth', 50_000, (n) => entries('{"a":'.repeat(n), 'json')],
  ['JSON: blanks', 30_000, (n) => entries(`{${' '.repeat(n)}`, 'json')],
  ['JSON: Base64', 100_000, (n) => entries(`{"a":{"encoding":"base64","value":"${'AAAA'.repeat(n)}"}}`, 'json')],
];

test.each(readers)('%s', async (_name, size, reader) => {
  const [some, many] = [reader(size), reader(TIMES * size)];
  // Compiled before it counts.
  await workOf(some);
  for (let tries = 0; ; tries++) {
    const [little, much] = [await leastWorkOf(some), await leastWorkOf(many)];
    if (much <= BOUND * Math.max(little, LEAST_MS)) return;
    // What this process does besides, such as collecting garbage, comes and goes; the square of an input does not.
    if (tries === 3) expect(much / Math.max(little, LEAST_MS)).toBeLessThanOrEqual(BOUND);
  }
});
