// SPDX-License-Identifier: MIT
/** Which backend a store has, and when the simulator may be one. */
import os from 'node:os';
import path from 'node:path';

import { checkOptions } from '../arguments/checks.js';
import { schema, type BackendName, type OpenOptions, type SimulatorOptions } from '../arguments/options.js';
import { SecureStorageError } from '../errors/error.js';
import type { TeeBackend } from '../tee/seam.js';
import { changeableByOthers } from '../util/others-paths.js';
import { harmless } from '../util/visible.js';

let warned = false;

/**
 * The backend that the options name, or the environment. What it consists of is loaded here, so that importing the
 * package loads neither the addon nor the simulator.
 * @throws SecureStorageError ERR_INVALID_ARG, ERR_SIMULATOR_REFUSED
 */
export function chooseBackend({ backend, simulator }: Pick<OpenOptions, 'backend' | 'simulator'>): TeeBackend {
  if (backendName({ backend }) === 'simulator') return chooseSimulator(simulator);
  const { nativeBackend } = require('../native/backend.js') as typeof import('../native/backend.js');
  return nativeBackend();
}

/**
 * The name of the backend that the options name, or the environment.
 * @throws SecureStorageError ERR_INVALID_ARG
 */
export function backendName({ backend }: Pick<OpenOptions, 'backend'>): BackendName {
  return backend ?? fromEnvironment();
}

function fromEnvironment(): BackendName {
  const name = given(process.env.OPTEE_STORAGE_BACKEND);
  if (name === undefined) return 'optee';
  if (name === 'optee' || name === 'simulator') return name;
  throw new SecureStorageError('ERR_INVALID_ARG', {
    detail: "OPTEE_STORAGE_BACKEND in the environment must be 'optee' or 'simulator'",
    remedy: 'Set it to one of these, or unset it.',
  });
}

/** The simulator protects nothing: it is refused in production, and says once where its data is. */
function chooseSimulator(options?: SimulatorOptions): TeeBackend {
  const {
    directory,
    create = true,
    allowInProduction = false,
  } = checkOptions(options, schema.simulator, 'options.simulator');
  if (isProduction(process.env.NODE_ENV) && !allowInProduction) throw new SecureStorageError('ERR_SIMULATOR_REFUSED');
  // A variable that is not set, in most cases; it would be the working directory.
  if (directory === '')
    throw new SecureStorageError('ERR_INVALID_ARG', { detail: 'options.simulator.directory must not be empty' });
  const folder = resolved(directory ?? defaultDirectory());
  const { hasData, simulatorOf } = require('../simulator/backend.js') as typeof import('../simulator/backend.js');
  if (!create && !hasData(folder)) {
    throw new SecureStorageError('ERR_STORAGE', {
      detail: `the simulator has no data in ${harmless(folder)} yet, and may make none there`,
      remedy: 'Store something there first, or open it without simulator.create.',
    });
  }
  if (!warned) {
    const where = harmless(folder);
    // eslint-disable-next-line no-restricted-properties -- said to whoever runs the application, which need not print errors
    process.stderr.write(`optee-secure-storage: the simulator protects nothing; its data is in ${where}\n`);
  }
  warned = true;
  return simulatorOf(folder);
}

/** However it is written: who sets it at all does not mean a machine for development. */
function isProduction(nodeEnv = ''): boolean {
  return ['production', 'prod'].includes(nodeEnv.trim().toLowerCase());
}

/** One that was given may be relative, to the current directory of this moment. */
function resolved(directory: string): string {
  try {
    return path.resolve(directory);
  } catch {
    throw new SecureStorageError('ERR_STORAGE', {
      detail: 'the directory of the simulator is relative, and the current directory of this process was deleted',
      remedy: 'Change to a directory that exists (cd) and start the program there, or give an absolute path.',
    });
  }
}

/** The directory that the environment names, or one where this system keeps the data of a user's programs. */
function defaultDirectory(): string {
  const { OPTEE_STORAGE_SIMULATOR_DIR: named, LOCALAPPDATA, XDG_DATA_HOME } = process.env;
  const usual = () => path.join(dataFolder(LOCALAPPDATA, XDG_DATA_HOME), 'optee-secure-storage', 'simulator');
  return given(named) ?? notOfOthers(usual());
}

/**
 * Root may have the HOME of another user (sudo -E, su -m), who could have put a link there to make root write elsewhere.
 * @throws SecureStorageError ERR_STORAGE
 */
function notOfOthers(folder: string): string {
  const changeable = process.geteuid?.() === 0 ? changeableByOthers(folder, { isMade: true }) : undefined;
  if (changeable === undefined) return folder;
  throw new SecureStorageError('ERR_STORAGE', {
    detail: `root does not keep the simulator's data in ${harmless(folder)}: another user can change ${harmless(changeable)}`,
    remedy:
      'Run it with the HOME of root (sudo -H), or name a directory: OPTEE_STORAGE_SIMULATOR_DIR or --simulator-dir.',
  });
}

/**
 * Relative folders count for nothing, as the XDG Base Directory Specification wants it: secrets would be in the current
 * directory, and in another one the next time.
 */
function dataFolder(localAppData: string | undefined, xdgDataHome: string | undefined): string {
  switch (process.platform) {
    case 'win32':
      return absolute(localAppData) ?? path.join(homeFolder(), 'AppData', 'Local');
    case 'darwin':
      return path.join(homeFolder(), 'Library', 'Application Support');
    default:
      return absolute(xdgDataHome) ?? path.join(homeFolder(), '.local', 'share');
  }
}

/** HOME, or what the system's list of users has if that is empty or relative. */
function homeFolder(): string {
  for (const ask of [os.homedir, () => os.userInfo().homedir]) {
    try {
      const home = absolute(ask());
      if (home !== undefined) return home;
    } catch {
      // The system has no such user, as in a container with a user id of its own.
    }
  }
  throw new SecureStorageError('ERR_STORAGE', {
    detail: 'the simulator has no directory: HOME does not name one, and this user has no home directory',
    remedy: 'Name one: OPTEE_STORAGE_SIMULATOR_DIR in the environment, simulator.directory or --simulator-dir.',
  });
}

function absolute(folder: string | undefined): string | undefined {
  return folder !== undefined && path.isAbsolute(folder) ? folder : undefined;
}

/** Set but empty is how shells unset. */
function given(variable: string | undefined): string | undefined {
  return variable === '' ? undefined : variable;
}
