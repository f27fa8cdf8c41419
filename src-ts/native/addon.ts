// SPDX-License-Identifier: MIT
/** The native addon: its functions as they are, and where it is found. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { belongsTogether, ownPackage } from '../util/own-package.js';
import { loadFirst, thisHost, type Binary } from './binaries.js';
import type { EncodedParam } from '../tee/params.js';

/** An opaque object: a session of the addon. It is closed when it is garbage. */
export interface NativeSession {
  readonly __nativeSession: never;
}

/** How a request ended, as the addon reports it. */
export type NativeOutcome =
  | { readonly libraryNotFound: string }
  | {
      readonly libraryNotFound?: never;
      readonly result: number;
      readonly origin: number;
      /** True if there is not even a context. */
      readonly noContext: boolean;
      readonly params: readonly unknown[];
    };

/** Of a request before which the session has stopped: it is not carried out. */
export interface NotBegun {
  readonly notBegun: true;
}

/** What became of a request given to the addon. */
export const Submitted = {
  ACCEPTED: 0,
  /** The session is closed. */
  CLOSED: 1,
  /** Of a close, which is queued: the session's thread is in a call that was abandoned, so it may never come to it. */
  PARKED: 2,
  /** Too many requests, or too many bytes, are waiting. */
  FULL: 3,
} as const;

/** What a request was when it was abandoned. */
export const Abandoned = {
  /** It has ended: its outcome is on the way, or has been delivered. */
  FINISHED: 0,
  /** It had not begun and will not. */
  QUEUED: 1,
  /** It is in the TEE; the thread counts as parked until it returns, and the outcome is wiped then. */
  RUNNING: 2,
} as const;

/** What Linux can do for a program that starts another one, and Node.js cannot. */
export interface ProcessControl {
  /**
   * Makes a file in memory that has no name, and that nobody can change.
   * @returns a descriptor for reading, or an error number of the system's below 0
   */
  sealedFile(content: Uint8Array): number;
  /**
   * Makes this process another program, as execve(2); no code here is run any more, `finally` and exit handlers included.
   * Texts are bytes with a zero byte at the end. Returns only where that fails, with the error number; all is as before
   * then.
   * @param kept descriptors that the program gets, under their numbers
   */
  replaceProcess(
    file: Uint8Array,
    args: readonly Uint8Array[],
    environment: readonly Uint8Array[],
    kept: readonly number[],
  ): number;
  /** Lets no child of this process that has ended stay as a zombie, but for one that somebody else waits for. */
  reapChildren(except: number): void;
}

/**
 * The functions of the addon. They do not block. Requests have ids, chosen by the caller and unique within the session,
 * from 1 to 2^32-1. Arguments of another form are a TypeError.
 */
export interface Addon extends ProcessControl {
  /**
   * Makes a session that is not open yet; `settle` is called for each request that ended and was
   * neither withdrawn nor abandoned. It must not throw.
   * @param stopAt results of commands after which the session begins nothing more, see SessionTarget; 16 at most
   */
  createSession(
    settle: (request: number, outcome: NativeOutcome | NotBegun) => void,
    stopAt: readonly number[],
  ): NativeSession;
  /**
   * Loads libteec, makes a context and opens the session; the first request of every session.
   * @param uuid 16 octets
   * @param group id of a group for the logins that name one, else anything
   * @returns one of {@link Submitted}, like invoke and close
   */
  open(
    session: NativeSession,
    request: number,
    uuid: Uint8Array,
    login: number,
    group: number,
    params: readonly EncodedParam[],
  ): number;
  invoke(session: NativeSession, request: number, command: number, params: readonly EncodedParam[]): number;
  /** Closes session and context after everything that is queued. Its outcome says nothing. */
  close(session: NativeSession, request: number): number;
  /** Takes a request out of the queue; false if it is not there any more. A close stays. */
  withdraw(session: NativeSession, request: number): boolean;
  /** Gives up waiting for a request, wherever it is; returns one of {@link Abandoned}. */
  abandon(session: NativeSession, request: number): number;
  /** The kernel's id of the session's thread if it is just carrying out this request, else 0. */
  runningThread(session: NativeSession, request: number): number;
  /** How many threads of this environment are in calls that were abandoned. */
  parkedThreads(): number;
  /** From now on, C code that prints to `stdout` prints to `stderr`. False where that is impossible. */
  redirectStdioToStderr(): boolean;
  /**
   * From now on the kernel writes no core dump of this process, and no other process of its user may trace it or read
   * its memory. Programs that it starts are not affected. False if the kernel refuses.
   */
  forbidDumps(): boolean;
  /** Bytes of all memory references of one call, each rounded up to a multiple of `sliceAlignment`. */
  readonly maxSharedBytes: number;
  readonly sliceAlignment: number;
}

/**
 * The addon as it was built in this checkout, or by a user in the installed package (docs/from-source.md). Bundlers must
 * not look for it, for a published package has none; nor may a bundle, whose files are elsewhere, load another's build.
 */
const BUILT = 'build/Release/optee_secure_storage.node';

function builtIn(checkout: string): Binary<Addon> {
  return { file: BUILT, load: () => createRequire(__filename)(path.join(checkout, BUILT)) as Addon };
}

/**
 * The addons in the package, relative to this file in dist/native/. The paths are literal, so that bundlers and packers see
 * them; nothing in the environment can change them.
 */
const shipped: Readonly<Record<string, Binary<Addon>>> = {
  'linux-arm64': {
    file: 'prebuilds/linux-arm64/optee-secure-storage.glibc.node',
    load: () => require('../../prebuilds/linux-arm64/optee-secure-storage.glibc.node') as Addon,
  },
  'linux-x64': {
    file: 'prebuilds/linux-x64/optee-secure-storage.glibc.node',
    load: () => require('../../prebuilds/linux-x64/optee-secure-storage.glibc.node') as Addon,
  },
  'linux-arm': {
    file: 'prebuilds/linux-arm/optee-secure-storage.glibc.node',
    load: () => require('../../prebuilds/linux-arm/optee-secure-storage.glibc.node') as Addon,
  },
};

let loaded: Addon | undefined;

/**
 * The addon, loaded at the first call. That succeeds on machines without libteec.
 * @throws TeeFailure 'no-addon'
 */
export function loadAddon(): Addon {
  if (loaded) return loaded;
  const home = ownPackage(__filename, 'native');
  const built = home !== undefined && mayBeBuilt(home) ? builtIn(home) : undefined;
  const fitting = shipped[`${process.platform}-${process.arch}`];
  const binaries = [built, home === undefined ? inBundle(fitting) : fitting].filter((binary) => binary !== undefined);
  return (loaded = loadFirst(binaries, Object.keys(shipped), thisHost));
}

function mayBeBuilt(checkout: string): boolean {
  const file = path.join(checkout, BUILT);
  if (existsSync(file) && !belongsTogether(__filename, file, path.dirname(file))) return false;
  const has = (...names: string[]) => existsSync(path.join(checkout, ...names));
  return has('src-ts', 'native', 'addon.ts') || (has('src-native', 'addon.cc') && has(BUILT));
}

/** A bundler that left the path as it is has it lead out of the bundle, where others may have put what they like. */
function inBundle(binary: Binary<Addon> | undefined): Binary<Addon> | undefined {
  if (binary === undefined) return undefined;
  const outside = path.resolve(__dirname, '..', '..', binary.file);
  const isForeign = existsSync(outside) && !belongsTogether(__filename, outside, path.dirname(outside));
  if (!isForeign) return binary;
  const refuse = (): never => {
    throw new Error(`${outside} belongs to another user, and is not loaded`);
  };
  return { file: binary.file, load: refuse };
}
