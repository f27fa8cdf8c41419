// SPDX-License-Identifier: MIT
// @ts-check
/**
 * A record of what the package was built from and of every file in it, by which a later `npm pack` or `npm publish` sees
 * that nothing is missing and nothing has changed.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../lib/paths.mjs';
import { SetupError } from '../lib/run.mjs';
import { packedFiles, wantedFiles } from './contents.mjs';

const RECORD = path.join(ROOT, 'build', 'package', 'record.json');
/** What the package is built from, beyond what it contains. */
const SOURCES = [
  'src-ts',
  'soft-tee',
  'tsconfig.json',
  'tools/completions',
  'tools/man',
  'tools/package',
  'tools/prebuild',
  'tools/simulator.mjs',
];

/** @param {string} file relative to the checkout */
export function sha256(file) {
  return createHash('sha256')
    .update(readFileSync(path.join(ROOT, file)))
    .digest('hex');
}

/** @param {string} file a file, or a folder with all in it @returns {string[]} */
function filesOf(file) {
  if (!statSync(path.join(ROOT, file)).isDirectory()) return [file];
  const names = readdirSync(path.join(ROOT, file), { recursive: true, encoding: 'utf8' }).sort();
  return names.map((name) => path.join(file, name)).filter((name) => statSync(path.join(ROOT, name)).isFile());
}

/** @param {string[]} files @returns {Record<string, string>} */
const digests = (files) => Object.fromEntries(files.map((file) => [file, sha256(file)]));

const current = (/** @type {string[]} */ packed) => ({
  packed: digests(packed),
  sources: digests(SOURCES.flatMap(filesOf)),
});

/** @param {string[]} packed @param {string[]} wanted */
function compareNames(packed, wanted) {
  const missing = wanted.filter((file) => !packed.includes(file));
  const surplus = packed.filter((file) => !wanted.includes(file));
  if (missing.length + surplus.length === 0) return;
  const told = [
    missing.length > 0 && `not there: ${missing.join(' ')}`,
    surplus.length > 0 && `not expected by tools/package/contents.mjs: ${surplus.join(' ')}`,
  ];
  throw new SetupError(
    `The package would not be what it should be; ${told.filter(Boolean).join('; ')}\nRun: npm run package`,
  );
}

/** Names whose digests differ, or that only one has. @param {Record<string, string>} a @param {Record<string, string>} b */
const differences = (a, b) => Object.keys({ ...a, ...b }).filter((name) => a[name] !== b[name]);

/** Notes down what has just been built. @throws {SetupError} where a file is missing, or none of the package's. */
export async function recordPackage() {
  const packed = await packedFiles();
  compareNames(packed, wantedFiles());
  mkdirSync(path.dirname(RECORD), { recursive: true });
  writeFileSync(RECORD, JSON.stringify(current(packed)));
}

/** @throws {SetupError} where npm would pack anything else than what was built of what is here. */
export async function verifyPackage() {
  const packed = await packedFiles();
  compareNames(packed, wantedFiles());
  if (!existsSync(RECORD)) throw new SetupError('The package has not been built here. Run: npm run package');
  const then = JSON.parse(readFileSync(RECORD, 'utf8'));
  const now = current(packed);
  const changed = [...differences(then.packed, now.packed), ...differences(then.sources, now.sources)];
  if (changed.length > 0)
    throw new SetupError(`Changed since the package was built: ${changed.join(' ')}\nRun: npm run package`);
}
