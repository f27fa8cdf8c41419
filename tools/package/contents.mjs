// SPDX-License-Identifier: MIT
// @ts-check
/** What belongs into the package, derived from the sources: a file more or less is a mistake. */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT } from '../lib/paths.mjs';
import { run } from '../lib/run.mjs';
import { prebuildFile, TARGET_NAMES } from '../prebuild/targets.mjs';
import { COMPLETION_FILES } from '../completions/files.mjs';
import { MAN_PAGE } from '../man/page.mjs';
import { TA_FILES } from './ta.mjs';

export const SBOM = 'dist/sbom.cdx.json';

/** The files below a folder, hidden ones left out. @param {string} folder relative to the checkout, as the results */
function filesBelow(folder) {
  const at = path.join(ROOT, folder);
  return readdirSync(at, { recursive: true, encoding: 'utf8' })
    .filter((name) => !path.basename(name).startsWith('.') && statSync(path.join(at, name)).isFile())
    .map((name) => path.posix.join(folder, name));
}

/** What the compiler makes of the sources. */
function compiledFiles() {
  const sources = filesBelow('src-ts').filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'));
  return sources.flatMap((file) => {
    const name = file.replace(/^src-ts/, 'dist').replace(/\.ts$/, '');
    return [`${name}.js`, `${name}.d.ts`];
  });
}

/**
 * All files of the complete package, in order. Not binding.gyp: where yarn finds one it runs node-gyp, whatever
 * `gypfile` says, and pnpm asks for a permission. Users build with CMakeLists.txt.
 */
export function wantedFiles() {
  return [
    ...['package.json', 'README.md', 'CHANGELOG.md', 'SECURITY.md', 'LICENSE', 'CMakeLists.txt'],
    ...filesBelow('docs').filter((file) => !file.startsWith('docs/decisions/')),
    ...filesBelow('examples').filter((file) => !file.includes('/node_modules/')),
    ...filesBelow('src-native'),
    ...filesBelow('ta'),
    ...compiledFiles(),
    ...COMPLETION_FILES,
    MAN_PAGE,
    'dist/simulator/secstor.wasm',
    ...TA_FILES,
    SBOM,
    ...filesBelow('prebuilds').filter((file) => file.endsWith('.md')),
    ...TARGET_NAMES.map((name) => path.relative(ROOT, prebuildFile(name))),
  ].sort();
}

/**
 * What npm packs just now. That is seen in a tarball: in npm's own lists UUIDs, as in the TA's names, are hidden.
 *
 * @returns {Promise<string[]>} names relative to the checkout, in order.
 */
export async function packedFiles() {
  const folder = mkdtempSync(path.join(tmpdir(), 'optee-pack-'));
  try {
    await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: ROOT });
    const [tarball = ''] = readdirSync(folder);
    const names = await run('tar', ['-tzf', path.join(folder, tarball)]);
    return names
      .trim()
      .split('\n')
      .map((name) => name.replace(/^package\//, ''))
      .sort();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Removes what was compiled from sources that are no more; npm would pack it. */
export function removeLeftovers() {
  const wanted = new Set(wantedFiles());
  for (const file of filesBelow('dist')) {
    if (!wanted.has(file)) rmSync(path.join(ROOT, file));
  }
}
