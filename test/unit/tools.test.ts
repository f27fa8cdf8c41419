// SPDX-License-Identifier: MIT
/** What is the same for all programs in tools/: they refuse what they do not know, and npm's scripts are explained. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '..', '..');

/** Node's permission model, by the name that this version has for it. */
const PERMISSION = ['--permission', '--experimental-permission'].find((flag) =>
  process.allowedNodeEnvironmentFlags.has(flag),
);

const programs = readdirSync(path.join(ROOT, 'tools'), { recursive: true, encoding: 'utf8' })
  .map((name) => path.join('tools', name))
  .filter((name) => statSync(path.join(ROOT, name)).isFile())
  .filter((name) => readFileSync(path.join(ROOT, name), 'utf8').startsWith('#!/usr/bin/env node'))
  .sort();

/** It hands its arguments to jest. */
const JEST = 'tools/jest.mjs';
const own = programs.filter((name) => name !== JEST);

/** Words that are too many or mean nothing to a tool. Those left out take any number of words, for other programs. */
const SURPLUS: Readonly<Record<string, readonly string[] | undefined>> = {
  ...Object.fromEntries(own.map((name) => [name, ['no-such-word']])),
  'tools/ta-tests.mjs': ['one', 'two'],
  'tools/native.mjs': ['gyp', 'gyp'],
  'tools/soft-tee.mjs': ['thread', 'thread'],
  'tools/optee.mjs': undefined,
  'tools/faults.mjs': undefined,
  'tools/sanitizers.mjs': undefined,
};

/** Runs a tool that may read files and do nothing else: it can write none, and start no program. */
function runReading(name: string, ...args: string[]) {
  const flags = ['--no-warnings', PERMISSION ?? '', '--allow-fs-read=*'];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, name, ...args], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

async function refusal(name: string, fault: string) {
  const { usageOf } = await import('../../tools/lib/usage.mjs');
  return { status: 2, stdout: '', stderr: `${fault}\n\n${usageOf(path.join(ROOT, name))}\n` };
}

test('a tool that does something more than read would be seen', () => {
  expect(runReading('tools/soft-tee.mjs').stderr).toContain('ERR_ACCESS_DENIED');
});

test.each(own)('%s refuses an unknown option before it does anything', async (name) => {
  expect(runReading(name, '--fixx')).toEqual(await refusal(name, "Unknown option '--fixx'."));
});

test.each(own.filter((name) => SURPLUS[name]))('%s refuses a surplus argument', async (name) => {
  const { status, stdout, stderr } = runReading(name, ...(SURPLUS[name] ?? []));
  const [fault = ''] = stderr.split('\n');
  expect(fault).toMatch(/^("\S+" is none of: .+|There is an argument too many: "\S+")\.$/);
  expect({ status, stdout, stderr }).toEqual(await refusal(name, fault));
});

test.each(own)('%s shows its usage', async (name) => {
  const { usageOf } = await import('../../tools/lib/usage.mjs');
  expect(runReading(name, '--help')).toEqual({
    status: 0,
    stdout: `${usageOf(path.join(ROOT, name))}\n`,
    stderr: '',
  });
});

test('what jest does not know, jest refuses', () => {
  const { status, stderr } = spawnSync('npm', ['run', '--silent', 'jest', '--', '--fixx'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  expect(status).toBe(1);
  expect(stderr).toContain('Unrecognized option "fixx"');
});

test('every script of npm is a tool and has a sentence of its own in npm run help', async () => {
  const { scripts, sentenceOf } = await import('../../tools/help.mjs');
  const all = Object.entries(scripts());
  const sentences = all.map(([name, command]) => sentenceOf(name, command));
  for (const [index, sentence] of sentences.entries()) {
    expect([all[index]?.[0], sentence]).toEqual([all[index]?.[0], expect.stringMatching(/^[A-Z].{20,119}$/)]);
  }
  expect(new Set(sentences).size).toBe(all.length);
  const lines = runReading('tools/help.mjs').stdout.trimEnd().split('\n');
  expect(lines.map((line) => line.replace(/ {2,}/, ': '))).toEqual(
    all.map(([name], index) => `npm run ${name}: ${sentences[index] ?? ''}`),
  );
});
