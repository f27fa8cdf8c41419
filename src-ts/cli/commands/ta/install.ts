// SPDX-License-Identifier: MIT
/** `optee-storage ta install`: puts a signed Trusted Application where tee-supplicant loads it from. */
import path from 'node:path';

import { thisHost, type Host } from '../../../doctor/host.js';
import {
  formatRelease,
  HEADER_ANYWHERE,
  isBefore,
  opteeRelease,
  parseRelease,
  type OpteeRelease,
} from '../../../doctor/optee-release.js';
import { SecureStorageError } from '../../../errors/error.js';
import { Exit } from '../../../errors/table.js';
import { makeFolder, readRegularFile, writeWhole } from '../../../util/files.js';
import { isHeaderFirst } from '../../../util/ta-header.js';
import { text, usageError } from '../../command-line.js';
import type { Command, Context, OptionValues } from '../../command.js';
import { packagedTa, readInput } from './packaged.js';
import { keyOfRelease } from './published-keys.js';
import { parseSigned, type SignedTa } from './signed-image.js';
import { isSignature, readKey } from './signing-key.js';
import { folderOf, placeError, rootOption } from './place.js';

export const command: Command = {
  usage: '[FILE]',
  help: [
    'Copies a signed Trusted Application (default: the one in this package, signed for development) into the directory',
    "from which tee-supplicant loads them, as UUID.ta: the one on the supplicant's command line, or that of the usual",
    'ones that exists. The file is checked first; the old one or the new one is there at every moment.',
    'The one in this package is there twice, for the development keys of OP-TEE up to 4.6 and of 4.7 and later: the',
    'release is read from the kernel (its log, which root may read), or given with --optee.',
    'A Trusted Application that has been loaded stays until the board is started again.',
  ],
  positionals: [0, 1],
  withoutStore: true,
  readsSecret: true,
  options: {
    dir: { type: 'string', argument: 'DIR', help: 'the directory to copy it to; it is made where it is missing' },
    root: rootOption,
    key: {
      type: 'string',
      argument: 'PEM',
      help: "the key that the board's OP-TEE trusts, to check the signature with",
    },
    optee: {
      type: 'string',
      argument: 'RELEASE',
      help: "the release of the board's OP-TEE, such as 4.2 (default: what this machine's kernel says)",
    },
    force: { type: 'boolean', help: 'replace a newer version, too' },
  },
  async run(context) {
    const { options, positionals } = context;
    const release = releaseOf(options);
    const source = positionals[0] ?? packaged(release);
    const { bytes, ta } = readSigned(source);
    await checkSignature(context, ta);
    const warning = headerWarning(source, bytes, release);
    const file = path.join(folderOf(options), `${ta.uuid}.ta`);
    const old = readOld(file);
    if (options.force !== true) refuseOlder(file, ta, old);
    const changed = old?.equals(bytes) !== true;
    if (changed) place(file, bytes);
    if (!context.json) {
      if (positionals[0] === undefined) context.io.note(`${choice(release)}\n`);
      if (warning !== undefined) context.io.note(`warning: ${warning}\n`);
    }
    const optee = release === undefined ? null : formatRelease(release);
    return report(context, { file, uuid: ta.uuid, taVersion: ta.version, source, optee, changed });
  },
};

/**
 * The OP-TEE that the TA is for; undefined if nothing tells.
 * @throws SecureStorageError ERR_USAGE
 */
export function releaseOf(options: OptionValues, host: Host = thisHost()): OpteeRelease | undefined {
  const given = text(options, 'optee');
  if (given !== undefined) {
    const release = parseRelease(given);
    if (release === undefined) throw usageError('--optee must be a release of OP-TEE, such as 4.2');
    return release;
  }
  // Of an image, the OP-TEE of this machine says nothing.
  return path.resolve(text(options, 'root') ?? '/') === '/' ? opteeRelease(host) : undefined;
}

function packaged(release: OpteeRelease | undefined): string {
  const { releases, part } = keyOfRelease(release);
  const file = packagedTa()[part];
  if (file !== null) return file;
  throw usageError(`FILE is missing: this package was not built with a Trusted Application for ${releases}`);
}

/** Which of the two was taken, and why. */
function choice(release: OpteeRelease | undefined): string {
  const { releases } = keyOfRelease(release);
  const taken = `Installed: the one signed with the published development key of ${releases}`;
  if (release !== undefined) return `${taken}, for OP-TEE ${formatRelease(release)}.`;
  return `${taken}. Nothing here tells which release the board runs: if it is 4.7 or later, give --optee 4.7.`;
}

/**
 * @returns what to warn of, if anything
 * @throws SecureStorageError ERR_TA_INSTALL if this OP-TEE cannot load it
 */
function headerWarning(file: string, bytes: Buffer, release: OpteeRelease | undefined): string | undefined {
  if (isHeaderFirst(bytes) !== false) return undefined;
  const why = `${file} does not begin with its header, as TAs of development kits of OP-TEE 4.0 and later do not`;
  const remedy =
    'Build it with "optee-storage ta build", with whatever kit: that puts the header first, for every OP-TEE. ' +
    'The Trusted Application in this package has it there.';
  if (release === undefined) return `${why}: OP-TEE before 4.0 cannot load it. ${remedy}`;
  if (!isBefore(release, HEADER_ANYWHERE)) return undefined;
  throw new SecureStorageError('ERR_TA_INSTALL', {
    detail: `${why}, and OP-TEE ${formatRelease(release)} cannot load it`,
    remedy,
  });
}

function readSigned(file: string): { bytes: Buffer; ta: SignedTa } {
  const bytes = readInput(file, 'the Trusted Application');
  return { bytes, ta: parseSigned(bytes) };
}

/** @throws SecureStorageError ERR_TA_SIGNATURE if a key was given and it has not signed the TA */
async function checkSignature({ io, options }: Context, ta: SignedTa): Promise<void> {
  const file = text(options, 'key');
  if (file === undefined) return;
  if (ta.message === null) throw usageError('--key cannot check an encrypted Trusted Application');
  if (ta.subkeys > 0) throw usageError('--key cannot check a Trusted Application signed with a subkey');
  const key = await readKey(io, file);
  if (isSignature(ta.message, ta.signature, key, ta.algorithm)) return;
  throw new SecureStorageError('ERR_TA_SIGNATURE', {
    detail: `the Trusted Application is not signed with the key ${file}`,
    remedy: 'Sign it with that key (optee-storage ta sign) and install the result.',
  });
}

/** The file that is to be replaced; undefined if there is none. */
function readOld(file: string): Buffer | undefined {
  try {
    return readRegularFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw placeError('install', file, error);
  }
}

function refuseOlder(file: string, ta: SignedTa, old: Buffer | undefined): void {
  const version = old === undefined ? 0 : versionOf(old);
  if (version <= ta.version) return;
  throw new SecureStorageError('ERR_TA_INSTALL', {
    detail: `${file} has TA version ${String(version)}, newer than ${String(ta.version)}`,
    remedy: 'Install the newer one; or use --force, but an OP-TEE that has loaded the newer one refuses the older.',
  });
}

/** A damaged file is none that must be kept. */
function versionOf(file: Buffer): number {
  try {
    return parseSigned(file).version;
  } catch {
    return 0;
  }
}

function place(file: string, bytes: Buffer): void {
  try {
    makeFolder(path.dirname(file), 0o755);
    writeWhole(file, [bytes], 0o644);
  } catch (error) {
    throw placeError('install', file, error);
  }
}

interface Done {
  readonly file: string;
  readonly uuid: string;
  readonly taVersion: number;
  /** The file that was copied. */
  readonly source: string;
  /** The release of OP-TEE that it was chosen for. */
  readonly optee: string | null;
  readonly changed: boolean;
}

async function report({ io, json }: Context, done: Done): Promise<number> {
  if (json) {
    await io.writeJson(done);
    return Exit.OK;
  }
  await io.write(`${done.file}\n`);
  io.note(
    done.changed
      ? 'If it has been loaded before, the one in memory stays until the board is started again.\n'
      : 'This Trusted Application was there already; nothing was changed.\n',
  );
  return Exit.OK;
}
