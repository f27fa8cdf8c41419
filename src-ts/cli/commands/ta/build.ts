// SPDX-License-Identifier: MIT
/** `optee-storage ta build`: the Trusted Application from source, with the development kit of the board's OP-TEE. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';

import { isSecureStorageError, SecureStorageError } from '../../../errors/error.js';
import { Exit } from '../../../errors/table.js';
import { makeFolder, writeWhole } from '../../../util/files.js';
import { changeableByOthers, changeableWithin } from '../../../util/others-paths.js';
import { quoted } from '../../../util/visible.js';
import { TA_UUID } from '../../../protocol/contract.js';
import { text, usageError } from '../../command-line.js';
import type { Command, OptionValues } from '../../command.js';
import type { Io } from '../../terminal/io.js';
import { fileError, isWithin, packagedTa, packageFolder } from './packaged.js';
import { checkPrerequisites, defaultPrefix, findDevKit } from './dev-kit.js';

/** Lines of make's output that are shown when it fails. */
const TAIL = 40;

export const command: Command = {
  usage: '[VARIABLE=VALUE…]',
  help: [
    'Builds the Trusted Application for the OP-TEE that a development kit (the folder export-ta_arm64 of its build)',
    'belongs to. Variables go to make: CFG_SECSTOR_QUOTA_KEYS and CFG_SECSTOR_QUOTA_BYTES set the quota of an owner,',
    'CFG_TA_VERSION the version for rollback protection. Nothing is written outside of the output folder.',
  ],
  positionals: [0, Infinity],
  withoutStore: true,
  options: {
    'dev-kit': { type: 'string', argument: 'DIR', help: 'the TA development kit' },
    'cross-compile': {
      type: 'string',
      argument: 'PREFIX',
      help: 'of the compiler (default: CROSS_COMPILE, or aarch64-linux-gnu-)',
    },
    'sign-key': {
      type: 'string',
      argument: 'PEM',
      help: "the key that the board's OP-TEE trusts (default: the kit's own)",
    },
    unsigned: { type: 'boolean', help: 'make the ELF file only, for "ta sign"' },
    uuid: { type: 'string', argument: 'UUID', help: 'build it under another UUID, with storage of its own' },
    output: { type: 'string', argument: 'DIR', help: 'the folder to build in (default: optee-secure-storage-ta)' },
    verbose: { type: 'boolean', help: "pass make's output on to standard error as it comes" },
  },
  async run({ io, json, options, positionals }) {
    const plan = planOf(options, positionals);
    const { output, uuid } = plan;
    makeOutput(output);
    await runMake(plan, io, { verbose: options.verbose === true, json });
    const file = (suffix: string) => path.join(output, `${uuid}${suffix}`);
    const built = { uuid, signed: plan.unsigned ? null : file('.ta'), unsigned: file('.stripped.elf') };
    await (json ? io.writeJson(built) : io.write(`${built.signed ?? built.unsigned}\n`));
    return Exit.OK;
  },
};

interface Plan {
  readonly uuid: string;
  readonly unsigned: boolean;
  readonly output: string;
  /** The arguments of make. */
  readonly args: readonly string[];
}

/** Turns the command line into make's, once everything is there that make needs. */
function planOf(options: OptionValues, variables: readonly string[]): Plan {
  const kitFolder = text(options, 'dev-kit');
  if (kitFolder === undefined)
    throw usageError('--dev-kit is missing: the folder export-ta_arm64 of a build of OP-TEE');
  const [uuid, unsigned] = [uuidOf(options), options.unsigned === true];
  const output = outputOf(options);
  checkVariables(variables);
  const key = signKey(options, unsigned);
  const kit = findDevKit(kitFolder);
  const prefix = text(options, 'cross-compile') ?? process.env.CROSS_COMPILE ?? defaultPrefix(kit.bits);
  const python = process.env.PYTHON3 ?? 'python3';
  checkPrerequisites({ kit, prefix, python, signs: !unsigned });
  const settings = {
    O: output,
    TA_DEV_KIT_DIR: kit.folder,
    CROSS_COMPILE: prefix,
    PYTHON3: python,
    ...(uuid === TA_UUID ? {} : { TA_UUID: uuid }),
    ...(key === undefined ? {} : { TA_SIGN_KEY: key }),
  };
  const assignments = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  const goals = unsigned ? [path.join(output, `${uuid}.stripped.elf`)] : [];
  const jobs = `-j${String(availableParallelism())}`;
  return { uuid, unsigned, output, args: ['-C', packagedTa().source, jobs, ...assignments, ...variables, ...goals] };
}

function uuidOf(options: OptionValues): string {
  const uuid = (text(options, 'uuid') ?? TA_UUID).toLowerCase();
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(uuid)) return uuid;
  throw usageError(`--uuid must be of the form ${TA_UUID}`);
}

/** The package is replaced as a whole by npm, and may be read only. */
function outputOf(options: OptionValues): string {
  const output = path.resolve(text(options, 'output') ?? 'optee-secure-storage-ta');
  if (/\s/.test(output)) throw usageError('--output must not have blanks in its path: make cannot handle them');
  if (isWithin(packageFolder(), output)) throw usageError('--output must lead out of the folder of this package');
  return output;
}

function checkVariables(variables: readonly string[]): void {
  const wrong = variables.find((variable) => !/^[A-Za-z_][A-Za-z0-9_]*=/.test(variable));
  if (wrong !== undefined) throw usageError(`${quoted(wrong)} is not of the form VARIABLE=VALUE`);
}

function signKey(options: OptionValues, unsigned: boolean): string | undefined {
  const key = text(options, 'sign-key');
  if (key === undefined) return undefined;
  if (unsigned) throw usageError('--sign-key and --unsigned exclude each other');
  if (!existsSync(key)) throw usageError(`--sign-key names a file that does not exist: ${key}`);
  return path.resolve(key);
}

/**
 * The folder to build in. make reads and runs what it finds there, so nobody else may have put it there or may do so yet.
 * @throws SecureStorageError ERR_OUTPUT
 */
function makeOutput(folder: string): void {
  try {
    refuseOthers(folder, changeableByOthers(folder, { isMade: true }));
    makeFolder(folder, 0o755);
    // Another user may have been quicker.
    refuseOthers(folder, changeableByOthers(folder) ?? changeableWithin(folder));
  } catch (error) {
    if (isSecureStorageError(error)) throw error;
    throw fileError('ERR_OUTPUT', `the folder ${folder} cannot be made`, error);
  }
}

function refuseOthers(folder: string, changeable: string | undefined): void {
  if (changeable === undefined) return;
  throw new SecureStorageError('ERR_OUTPUT', {
    detail: `${folder} is not used, because another user can change ${changeable}, and what make finds there is run`,
    remedy: 'Give a folder with --output that you alone can write to, in one of your own.',
  });
}

/** Runs make; its output is kept in build.log and shown only if it fails. */
async function runMake({ args, output }: Plan, io: Io, { verbose, json }: { verbose: boolean; json: boolean }) {
  const { code, log } = await outputOfMake(args, verbose ? io.note : () => undefined);
  const file = path.join(output, 'build.log');
  writeWhole(file, [log], 0o644);
  if (code === 0) return;
  if (!verbose && !json) io.note(`${log.trimEnd().split('\n').slice(-TAIL).join('\n')}\n`);
  throw new SecureStorageError('ERR_TA_BUILD', { detail: `make failed; all of its output is in ${file}` });
}

function outputOfMake(
  args: readonly string[],
  note: (text: string) => void,
): Promise<{ code: number | null; log: string }> {
  // Settings of a make around this one (an npm script in a Makefile) are not meant for it.
  const env = { ...process.env, MAKEFLAGS: undefined, MAKELEVEL: undefined };
  return new Promise((resolve, reject) => {
    // Nobody else may write to what it makes.
    const umask = process.umask(0o022);
    const child = spawn('make', args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    process.umask(umask);
    let log = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (part: string) => {
        log += part;
        note(part);
      });
    }
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ code, log });
    });
  });
}
