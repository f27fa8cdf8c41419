// SPDX-License-Identifier: MIT
/** The gate for binaries to ship finds what is wrong with one: each property, and a load that fails. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '..', '..');
const GOOD = path.join(ROOT, 'prebuilds/linux-x64/optee-secure-storage.glibc.node');
const HOST_BUILD = path.join(ROOT, 'build/Release/optee_secure_storage.node');

const tool = (...args: string[]) =>
  execFileSync(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });

/** The titles of the properties that a file lacks, as one for an x64 machine. */
async function lacks(bytes: Buffer): Promise<string[]> {
  const { checkProperties } = await import('../../tools/prebuild/properties.mjs');
  const { TARGETS } = await import('../../tools/prebuild/targets.mjs');
  const results = checkProperties(bytes, TARGETS['linux-x64-glibc']);
  return results.filter(({ faults }) => faults.length > 0).map(({ title }) => title);
}

/** A good file with a name in its tables replaced by another of the same length. */
function renamed(from: string, to: string): Buffer {
  expect(to).toHaveLength(from.length);
  const bytes = readFileSync(GOOD);
  const at = bytes.indexOf(`\0${from}\0`, 0, 'latin1') + 1;
  expect(at).toBeGreaterThan(0);
  bytes.write(to, at, 'latin1');
  return bytes;
}

/** A good file with something done to the entry of its dynamic section that has a tag. */
function withDynamic(tag: number, change: (bytes: Buffer, at: number) => void): Buffer {
  const bytes = readFileSync(GOOD);
  const [, offset = 0] = segments(bytes).find(([type]) => type === 2) ?? [];
  let at = offset;
  while (Number(bytes.readBigUInt64LE(at)) !== tag) at += 16;
  change(bytes, at);
  return bytes;
}

/** Type, offset in the file and place of each program header. */
function segments(bytes: Buffer): [number, number, number][] {
  const table = Number(bytes.readBigUInt64LE(32));
  return Array.from({ length: bytes.readUInt16LE(56) }, (_, i) => {
    const at = table + i * 56;
    return [bytes.readUInt32LE(at), Number(bytes.readBigUInt64LE(at + 8)), at];
  });
}

/** A good file with something done to one of its program headers. */
function withSegment(type: number, change: (bytes: Buffer, at: number) => void): Buffer {
  const bytes = readFileSync(GOOD);
  const found = segments(bytes).find(([each]) => each === type);
  if (!found) throw new Error(`no segment of type ${String(type)}`);
  change(bytes, found[2]);
  return bytes;
}

/** A good file whose symbols name no version. */
function withoutVersions(): Buffer {
  const bytes = readFileSync(GOOD);
  const table = Number(bytes.readBigUInt64LE(40));
  const headers = Array.from({ length: bytes.readUInt16LE(60) }, (_, i) => table + i * 64);
  const versions = headers.find((at) => bytes.readUInt32LE(at + 4) === GNU_VERSYM) ?? 0;
  const offset = Number(bytes.readBigUInt64LE(versions + 24));
  const end = offset + Number(bytes.readBigUInt64LE(versions + 32));
  for (let at = offset; at < end; at += 2) bytes.writeUInt16LE(Math.min(1, bytes.readUInt16LE(at)), at);
  return bytes;
}

const GNU_VERSYM = 0x6fffffff;
const FLAGS_1 = 0x6ffffffb;
const GNU_STACK = 0x6474e551;
const GNU_RELRO = 0x6474e552;

beforeAll(() => {
  tool('tools/prebuild.mjs', 'linux-x64-glibc');
  tool('tools/native.mjs', 'gyp');
}, 300_000);

test('the binary to ship lacks nothing', async () => {
  expect(await lacks(readFileSync(GOOD))).toEqual([]);
});

test.each<[string, () => Buffer]>([
  ['a library for its processor', () => Buffer.from(readFileSync(GOOD)).fill(0xb7, 18, 19)],
  ['glibc 2.28 is enough', () => renamed('GLIBC_2.28', 'GLIBC_2.29')],
  ["no C++ library's or compiler's functions needed", () => renamed('GLIBC_2.14', 'GCC_3.3333')],
  ['needs only libraries that every machine has', () => renamed('libm.so.6', 'libteec.2')],
  [
    'exports the two functions of an addon, no more',
    () => renamed('napi_register_module_v1', 'napi_register_module_v2'),
  ],
  ['nothing of Node-API after version 8', () => renamed('napi_create_double', 'node_api_symbolfor')],
  [
    'no buffers outside of V8, which Electron forbids',
    () => renamed('napi_release_threadsafe_function', 'napi_create_external_arraybuffer'),
  ],
  ['every function needed is of Node-API or has a version', withoutVersions],
  [
    'read-only after loading (full RELRO), bound at once',
    () => withSegment(GNU_RELRO, (bytes, at) => bytes.writeUInt32LE(0, at)),
  ],
  [
    'read-only after loading (full RELRO), bound at once',
    () => withDynamic(30, (bytes, at) => bytes.writeUInt32LE(0, at + 8)),
  ],
  [
    'no memory that is writable and executable, no executable stack',
    () => withSegment(GNU_STACK, (bytes, at) => bytes.writeUInt32LE(7, at + 4)),
  ],
  [
    'no memory that is writable and executable, no executable stack',
    () => withSegment(GNU_STACK, (bytes, at) => bytes.writeUInt32LE(0, at)),
  ],
  ['never unloaded', () => withDynamic(FLAGS_1, (bytes, at) => bytes.writeUInt32LE(1, at + 8))],
  [
    'no path of the machine that built it',
    () => Buffer.concat([readFileSync(GOOD), Buffer.from('/home/somebody/src-native/addon.cc\0')]),
  ],
])('found to be missing, and alone: %s', async (title, broken) => {
  expect(await lacks(broken())).toEqual([title]);
});

test('a plain build of this machine lacks much', async () => {
  const missing = await lacks(readFileSync(HOST_BUILD));
  expect(missing).toContain("no C++ library's or compiler's functions needed");
  expect(missing).toContain('needs only libraries that every machine has');
  expect(missing).toContain('stripped');
});

test('what is no ELF file, or half of one, is no table of properties', async () => {
  await expect(lacks(Buffer.from('#!/bin/sh\n'))).rejects.toThrow('not an ELF file');
  const bigEndian = readFileSync(GOOD);
  bigEndian[5] = 2;
  await expect(lacks(bigEndian)).rejects.toThrow('not a little-endian ELF file');
  await expect(lacks(readFileSync(GOOD).subarray(0, 1000))).rejects.toThrow('an ELF file that is cut short');
});

test('the command fails, counts and says so for a file that does not load', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'prebuild-'));
  try {
    const file = path.join(folder, 'bad.node');
    writeFileSync(file, renamed('GLIBC_2.28', 'GLIBC_2.99'));
    const { status, stdout } = spawnSync(
      process.execPath,
      ['tools/check-prebuilds.mjs', '--file', file, 'linux-x64-glibc'],
      { cwd: ROOT, encoding: 'utf8' },
    );
    expect(status).toBe(1);
    expect(stdout).toMatch(/FAILED glibc 2\.28 is enough: fcntl64@GLIBC_2\.99/);
    expect(stdout).toMatch(/FAILED loads: Node\.js 20\S*, older glibc: .*GLIBC_2\.99/);
    expect(stdout).toMatch(/\n13 passed, 9 failed\n$/);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 300_000);
