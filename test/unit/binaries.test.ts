// SPDX-License-Identifier: MIT
/** Which of the addon's binaries is loaded, and what is said where none is. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { loadFirst, thisHost, type Binary, type Host } from '../../src-ts/native/binaries.js';
import { TeeFailure } from '../../src-ts/tee/seam.js';

const SHIPPED = ['linux-arm64', 'linux-x64'];
const JETSON: Host = { platform: 'linux', arch: 'arm64', glibc: '2.31' };

const works = (file: string): Binary<string> => ({ file, load: () => file });
const fails = (file: string, message: string, code?: string): Binary<string> => ({
  file,
  load: () => {
    throw Object.assign(new Error(message), { code });
  },
});
const missing = (file: string) =>
  fails(file, `Cannot find module '${file}'\nRequire stack:\n- /app`, 'MODULE_NOT_FOUND');

/** What a failed load says. */
function explained(binaries: readonly Binary<string>[], host: Host): string {
  try {
    loadFirst(binaries, SHIPPED, () => host);
  } catch (error) {
    if (error instanceof TeeFailure && error.kind === 'no-addon') return error.detail;
    throw error;
  }
  throw new Error('a binary was loaded');
}

test('the first that loads is taken, whatever became of those before; the machine is not asked', () => {
  const host = () => {
    throw new Error('asked');
  };
  expect(loadFirst([missing('built'), fails('stale', 'wrong ELF class'), works('a'), works('b')], SHIPPED, host)).toBe(
    'a',
  );
});

test('each file that was tried is named with its reason, and the machine', () => {
  const binaries = [missing('built.node'), fails('shipped.node', 'libm.so.6: cannot open\nmore', 'ERR_DLOPEN_FAILED')];
  expect(explained(binaries, JETSON)).toBe(
    'this machine is linux-arm64, glibc 2.31; built.node: there is no such file; shipped.node: libm.so.6: cannot open',
  );
});

test.each<[string, Host, string]>([
  ['another processor', { ...JETSON, arch: 'riscv64' }, 'there are binaries for linux-arm64, linux-x64'],
  ['another system', { platform: 'darwin', arch: 'arm64' }, 'there are binaries for linux-arm64, linux-x64'],
  ['musl', { platform: 'linux', arch: 'arm64' }, 'the binaries need glibc'],
  ['an old glibc', { ...JETSON, glibc: '2.27' }, 'the binaries need glibc 2.28 or later'],
  ['an old glibc of few digits', { ...JETSON, glibc: '2.5' }, 'the binaries need glibc 2.28 or later'],
])('%s is told', (_, host, hint) => {
  expect(explained([missing('x')], host)).toMatch(new RegExp(`; ${hint.replaceAll('.', '\\.')}$`));
});

test('a binary for another processor is told, for the system says that there is no such file', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'binary-'));
  try {
    const file = path.join(folder, 'addon.node');
    const riscv64 = Buffer.alloc(64);
    riscv64.write('\x7fELF\x02\x01', 'latin1');
    riscv64.writeUInt16LE(243, 18);
    writeFileSync(file, riscv64);
    const message = `${file}: cannot open shared object file: No such file or directory`;
    const binary = fails('addon.node', message, 'ERR_DLOPEN_FAILED');
    expect(explained([binary], JETSON)).toContain('; addon.node: it is for another processor (riscv64): ');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a machine that binaries are for gets no hint of the kind', () => {
  expect(explained([missing('x')], { ...JETSON, glibc: '2.28' })).not.toContain('need');
});

test('what this machine is comes from Node.js itself, whose report is left as it was set', () => {
  const { platform, arch } = process;
  const report = process.report as unknown as { excludeNetwork?: boolean };
  const before = report.excludeNetwork;
  const host = thisHost();
  expect(host).toMatchObject({ platform, arch });
  expect(host.glibc).toMatch(/^2\.\d+$/);
  expect(report.excludeNetwork).toBe(before);
});
