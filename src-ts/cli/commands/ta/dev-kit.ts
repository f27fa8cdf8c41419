// SPDX-License-Identifier: MIT
/** What building a Trusted Application needs on this machine, looked at before make fails for want of it. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import path from 'node:path';

import { SecureStorageError } from '../../../errors/error.js';
import { readRegularFile } from '../../../util/files.js';
import { fileError } from './packaged.js';

/** A TA development kit: what a build of OP-TEE OS leaves in its export-ta_arm64 (export-ta_arm32) folder. */
export interface DevKit {
  readonly folder: string;
  /** The width of TAs that it builds. */
  readonly bits: 32 | 64;
}

/**
 * Looks whether a folder is a kit.
 * @throws SecureStorageError ERR_TA_BUILD
 */
export function findDevKit(folder: string): DevKit {
  const conf = path.join(folder, 'mk', 'conf.mk');
  if (existsSync(path.join(folder, 'mk', 'ta_dev_kit.mk')) && existsSync(conf)) {
    const bits = /^sm[ \t]*:=[ \t]*ta_arm32[ \t\r]*$/m.test(textOf(conf)) ? 32 : 64;
    return { folder: path.resolve(folder), bits };
  }
  const inside = ['export-ta_arm64', 'export-ta_arm32'].find((name) => existsSync(path.join(folder, name, 'mk')));
  throw new SecureStorageError('ERR_TA_BUILD', {
    detail: `${folder} is no TA development kit: it has no mk/ta_dev_kit.mk`,
    remedy:
      inside === undefined
        ? 'Give the folder export-ta_arm64 of the build of the OP-TEE OS that the board runs; see docs/jetson.md.'
        : `Give ${path.join(folder, inside)}.`,
  });
}

/** The compiler's prefix where none is given: that of Debian's cross compilers, none on the processor itself. */
export function defaultPrefix(bits: 32 | 64, architecture: string = process.arch): string {
  if (bits === 64) return architecture === 'arm64' ? '' : 'aarch64-linux-gnu-';
  return architecture === 'arm' ? '' : 'arm-linux-gnueabihf-';
}

interface Wanted {
  readonly kit: DevKit;
  readonly prefix: string;
  readonly python: string;
  /** Whether the kit's script signs; without that no Python is needed. */
  readonly signs: boolean;
}

/**
 * Looks for everything that the build calls.
 * @throws SecureStorageError ERR_TA_BUILD, naming all that is missing
 */
export function checkPrerequisites({ kit, prefix, python, signs }: Wanted): void {
  const missing = [
    ...(isProgram('make') ? [] : ['make']),
    ...(isProgram(`${prefix}gcc`) ? [] : [`the compiler ${prefix}gcc (--cross-compile gives its prefix)`]),
    ...(signs ? missingForSigning(kit, python) : []),
  ];
  if (missing.length === 0) return;
  throw new SecureStorageError('ERR_TA_BUILD', {
    detail: `what the build needs is not on this machine: ${missing.join('; ')}`,
    remedy: remedyFor(kit),
  });
}

function remedyFor({ bits }: DevKit): string {
  const packages = ['make', bits === 64 ? 'gcc-aarch64-linux-gnu' : 'gcc-arm-linux-gnueabihf', 'python3-cryptography'];
  return `Install it; on Debian and Ubuntu: apt install ${packages.join(' ')}. With --unsigned no Python is needed.`;
}

/** Modules of Python outside its own library that signing scripts of OP-TEE's releases import, and their packages. */
const pythonModules = { cryptography: 'cryptography', Cryptodome: 'pycryptodomex', elftools: 'pyelftools' } as const;

function missingForSigning({ folder }: DevKit, python: string): string[] {
  if (!isProgram(python)) return [`${python} (the environment variable PYTHON3 names another)`];
  const script = path.join(folder, 'scripts', 'sign_encrypt.py');
  const source = existsSync(script) ? textOf(script) : '';
  const names = Object.keys(pythonModules) as (keyof typeof pythonModules)[];
  return names
    .filter((name) => importsModule(source, name))
    .filter((name) => spawnSync(python, ['-c', `import ${name}`], { stdio: 'ignore' }).status !== 0)
    .map((name) => `the Python module ${name} (package ${pythonModules[name]}) for ${python}`);
}

/** A blank is a blank here and no line's end: across lines, each of many empty ones would be gone through for each. */
export function importsModule(source: string, name: string): boolean {
  return new RegExp(`^[ \\t]*(from|import)[ \\t]+${name}\\b`, 'm').test(source);
}

function textOf(file: string): string {
  try {
    return readRegularFile(file).toString();
  } catch (error) {
    throw fileError('ERR_TA_BUILD', `${file} of the development kit cannot be read`, error);
  }
}

/** Whether a shell would find the program. */
export function isProgram(name: string): boolean {
  const places = name.includes('/') ? [''] : (process.env.PATH ?? '').split(path.delimiter);
  return places.some((place) => isExecutable(path.join(place, name)));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
