// SPDX-License-Identifier: MIT
/** node-gyp and cmake-js build the same addon, and what they build fits into any Node.js and any board. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '..', '..');
const list = (file: string) =>
  readFileSync(path.join(ROOT, 'src-native', file), 'utf8')
    .trim()
    .split('\n');
const tool = (program: string, ...args: string[]) => execFileSync(program, args, { encoding: 'utf8', cwd: ROOT });

interface Command {
  readonly source: string;
  readonly words: readonly string[];
}

function gypCommands(): Command[] {
  const target = path.join(ROOT, 'build/Release/.deps/Release/obj.target/optee_secure_storage/src-native');
  return list('sources.txt').map((source) => {
    // make keeps the command that made each object, to notice when it changes.
    const kept = readFileSync(path.join(target, `${path.basename(source, '.cc')}.o.d`), 'utf8').split('\n', 1)[0] ?? '';
    return { source, words: kept.split(/\s+/) };
  });
}

function cmakeCommands(): Command[] {
  const text = readFileSync(path.join(ROOT, 'build/cmake/compile_commands.json'), 'utf8');
  const entries = JSON.parse(text) as { file: string; command: string }[];
  return entries.map(({ file, command }) => ({ source: path.relative(ROOT, file), words: command.split(/\s+/) }));
}

const builds = [
  ['gyp', 'build/Release/optee_secure_storage.node', gypCommands],
  ['cmake', 'build/cmake/Release/optee_secure_storage.node', cmakeCommands],
] as const;

describe.each(builds)('built by %s', (kind, file, commands) => {
  beforeAll(() => {
    tool(process.execPath, 'tools/native.mjs', kind);
  }, 300_000);

  test('every source is compiled with every flag of the lists, and optimised', () => {
    expect(commands().map(({ source }) => source)).toEqual(list('sources.txt'));
    for (const { source, words } of commands()) {
      const missing = [...list('flags.txt'), '-O3'].filter((flag) => !words.includes(flag));
      expect({ source, missing }).toEqual({ source, missing: [] });
      expect(words.filter((word) => /^-(std=|frtti|fexceptions)/.test(word))).toEqual(['-std=c++17']);
    }
  });

  test('it shows what Node.js looks up and nothing else', () => {
    const symbols = tool('nm', '-D', '--defined-only', '--format=posix', file).trim().split('\n');
    expect(symbols.map((line) => line.split(' ')[0]).sort()).toEqual([
      'napi_register_module_v1',
      'node_api_module_get_api_version_v1',
    ]);
  });

  test('it needs no libteec and nothing that Electron forbids, and is never unloaded', () => {
    const dynamic = tool('readelf', '-dW', file);
    expect(dynamic).not.toMatch(/NEEDED.*teec/);
    expect(dynamic).toMatch(/FLAGS_1.*NODELETE/);
    expect(dynamic).toMatch(/FLAGS_1.*NOW/);
    expect(tool('nm', '-D', '--undefined-only', file)).not.toMatch(/napi_create_external|_ZN2v8|node_module_register/);
  });

  test('it loads', () => {
    expect(Object.keys(require(path.join(ROOT, file)) as object)).toContain('createSession');
  });
});
