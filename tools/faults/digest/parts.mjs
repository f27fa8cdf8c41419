// SPDX-License-Identifier: MIT
// @ts-check
/**
 * What decides about the outcomes of faults, in four parts, each digested by what is built and not by what it is built from.
 * Beside them are the machine and OP-TEE themselves, which come from Debian, and the tests; the command line, the simulator,
 * the doctor and the words of errors decide nothing.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT } from '../../lib/paths.mjs';
import { run } from '../../lib/run.mjs';
import { compileLibrary } from '../../../machine/guest-tools.mjs';
import { ensureTaDevKit } from '../../../machine/kits.mjs';
import { ensureDist, makeTa, TA_UUID } from '../../../machine/product.mjs';
import { ensurePrebuildObjects } from '../../prebuild.mjs';
import { digestOfProgram } from './javascript.mjs';
import { digestOfCode } from './machine-code.mjs';

/** @typedef {'ta' | 'addon' | 'library' | 'javascript'} PartName */
/** @typedef {Record<PartName, string>} Parts */

/** What each part is, for people. @type {Readonly<Parts>} */
export const PARTS = Object.freeze({
  ta: 'Trusted Application',
  addon: 'addon',
  library: "supplicant's fault library",
  javascript: 'JavaScript from the API to the TEE',
});

/** What OP-TEE reads of a TA before it runs, and where it begins to run. */
const TA_ROOTS = ['ta_head', '__ta_entry'];
/** What Node.js looks up in an addon: src-native/exports.map. */
const ADDON_ROOTS = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];
/** Where the way leaves the API for the addon. It is required where it is needed, as the simulator is. */
const NATIVE_SIDE = 'nativeBackend';

/** @param {readonly string[]} files */
const read = (files) => files.map((file) => readFileSync(file));

/** All files below a folder. @param {string} folder @param {string} ending */
function filesBelow(folder, ending) {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith(ending));
  return names.sort().map((name) => path.join(folder, name));
}

/** @template T @param {(folder: string) => Promise<T>} use @returns {Promise<T>} */
async function inScratch(use) {
  await ensureDist(); // it has the reader of object files
  const folder = mkdtempSync(path.join(tmpdir(), 'optee-digest-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * The TA with what it takes from OP-TEE's development kit, as in its image.
 *
 * @param {string} [source] its folder
 */
export function digestOfTa(source = path.join(ROOT, 'ta')) {
  // A folder of its own: in one that was used before there are objects of files that are gone.
  return inScratch(async (folder) => {
    await makeTa(source, folder, {}, [`${TA_UUID}.elf`]);
    const archives = filesBelow(path.join(await ensureTaDevKit(), 'lib'), '.a');
    return digestOfCode({ objects: read(filesBelow(folder, '.o')), archives: read(archives), roots: TA_ROOTS });
  });
}

/** @param {readonly string[]} objects files */
export const digestOfAddon = (objects) => digestOfCode({ objects: read(objects), roots: ADDON_ROOTS });

/** @param {readonly string[]} [sources] files */
export function digestOfLibrary(sources) {
  return inScratch(async (folder) => digestOfCode({ objects: read(await compileLibrary(folder, sources)) }));
}

/** @param {string} [folder] with the sources of the API */
export function digestOfJavaScript(folder = path.join(ROOT, 'src-ts')) {
  const exporting = new RegExp(`^export .*\\b${NATIVE_SIDE}\\b`, 'm');
  const files = filesBelow(folder, '.ts').filter((file) => exporting.test(readFileSync(file, 'utf8')));
  const [native = '', ...others] = files.map((file) => JSON.stringify(`./${path.relative(folder, file)}`));
  if (native === '' || others.length > 0) throw new RangeError(`not one module exports ${NATIVE_SIDE}`);
  return digestOfProgram(folder, `export * from './index.js'; export { ${NATIVE_SIDE} } from ${native};`);
}

/** @param {string} text */
const short = (text) => text.slice(0, 12);

/** @returns {Promise<Parts>} the digest of each part, of what the sources here are built to */
export async function digestParts() {
  return {
    ta: short(await digestOfTa()),
    addon: short(digestOfAddon(await ensurePrebuildObjects('linux-arm64-glibc'))),
    library: short(await digestOfLibrary()),
    javascript: short(await digestOfJavaScript()),
  };
}

/** The digest of all parts. @param {Parts} parts */
export function totalOf(parts) {
  const names = /** @type {PartName[]} */ (Object.keys(PARTS));
  return short(
    createHash('sha256')
      .update(names.map((name) => `${name} ${parts[name]}\n`).join(''))
      .digest('hex'),
  );
}

/** What the parts are built with: it explains a part that changed although no source did. */
export async function compilers() {
  const firstLine = async (/** @type {string} */ program) =>
    (await run(program, ['--version'])).split('\n', 1)[0] ?? '';
  const { version } = JSON.parse(readFileSync(path.join(ROOT, 'node_modules/esbuild/package.json'), 'utf8'));
  return {
    ta: await firstLine('aarch64-linux-gnu-gcc'),
    addon: await firstLine('clang++'),
    library: await firstLine('aarch64-linux-gnu-gcc'),
    javascript: `esbuild ${version}`,
  };
}
