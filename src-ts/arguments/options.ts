// SPDX-License-Identifier: MIT
/** The options of every method: their types, and the checks that belong to them. */
import { boolean, checkOptions, integer, milliseconds, oneOf, string, uuid, type Check } from './checks.js';
import { SecureStorageError } from '../errors/error.js';
import { domain } from './keys.js';
import { abortSignal } from './signal.js';
import { Limit, REVISION_ABSENT } from '../protocol/contract.js';
import { LONGEST_TIMER_MS } from '../util/timers.js';

/** How a value becomes a string. UTF-8 is strict: a value that is not well-formed is refused, never changed. */
export type ValueEncoding = 'utf8' | 'base64' | 'hex';

/** Options that every method takes, beside its own. */
export interface CallOptions {
  /**
   * Drops the request if the TEE has not begun with it; the promise then rejects with the signal's reason. What the TEE
   * has begun with cannot be cancelled, and its outcome is reported as it is.
   */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until the call is given up with ERR_TIMEOUT. @default the store's */
  readonly timeoutMs?: number | undefined;
}

/** Where secrets are kept: in OP-TEE, or in the simulator, which protects nothing. */
export type BackendName = 'optee' | 'simulator';

/** Options of the simulator, in those of {@link SecureStorage.open}. */
export interface SimulatorOptions {
  /**
   * The directory for its data, made if it is not there. Processes of one user may share it.
   * @default OPTEE_STORAGE_SIMULATOR_DIR of the environment, else one of the user's own where the system keeps such data
   */
  readonly directory?: string | undefined;
  /** Make the directory if the simulator has no data there yet; without it, opening then fails with ERR_STORAGE. @default true */
  readonly create?: boolean | undefined;
  /** Allow the simulator although NODE_ENV is 'production', else ERR_SIMULATOR_REFUSED. @default false */
  readonly allowInProduction?: boolean | undefined;
}

/** Options of SecureStorage.open(), isAvailable() and diagnose(). */
export interface OpenOptions extends CallOptions {
  /**
   * Where secrets are kept. The simulator is the Trusted Application in a thread of this process, with its data in a
   * directory; it protects nothing. @default OPTEE_STORAGE_BACKEND of the environment, else 'optee'
   */
  readonly backend?: BackendName | undefined;
  /** For the simulator; without effect otherwise. */
  readonly simulator?: SimulatorOptions | undefined;
  /** Separates uses of one user's storage from each other: 1 to 64 bytes by the rules of a key. @default 'default' */
  readonly domain?: string | undefined;
  /**
   * The id of a group that owns the storage in place of the user (TEEC_LOGIN_GROUP): every member may read and change
   * it. The process must belong to the group.
   */
  readonly group?: number | undefined;
  /** UUID of the Trusted Application, for one built under another UUID. @default the package's own */
  readonly taUuid?: string | undefined;
  /** Milliseconds until opening is given up with ERR_TIMEOUT. @default 10000 */
  readonly timeoutMs?: number | undefined;
  /** The default of `timeoutMs` for every method of the store. @default timeoutMs */
  readonly callTimeoutMs?: number | undefined;
  /**
   * Milliseconds for which opening is tried again while it fails with an error that is `retryable`. Examples are that no
   * tee-supplicant runs yet (ERR_NO_SUPPLICANT) and that its storage is not mounted (ERR_STORAGE). `timeoutMs` is for each
   * attempt: opening takes both together at most. diagnose() does not wait. @default 0
   */
  readonly waitMs?: number | undefined;
}

/** A condition on the key, checked by the TA in one step with the change. At most one of them. */
export interface ConditionOptions {
  /** Only if the key does not exist, else ERR_EXISTS. @default false */
  readonly ifAbsent?: boolean | undefined;
  /** Only if the key has this revision, else ERR_CONFLICT; 0 means that it does not exist (else ERR_EXISTS). */
  readonly ifRevision?: number | undefined;
}

export interface GetOptions extends CallOptions {
  /** Return values as strings; without it they are Buffers. @default none */
  readonly encoding?: ValueEncoding | undefined;
}

export interface GetManyOptions extends GetOptions {
  /**
   * Fail with ERR_NOT_FOUND if a key does not exist; `keys` of the error has all that are missing.
   * @default false: they have the value null
   */
  readonly required?: boolean | undefined;
}

export interface PutOptions extends CallOptions, ConditionOptions {
  /** Return the value that was there before as a Buffer, read in one step with the change. @default false */
  readonly returnPrevious?: boolean | undefined;
}

export interface DeleteOptions extends CallOptions {
  /** Only if the key has this revision (1 or higher), else ERR_CONFLICT. */
  readonly ifRevision?: number | undefined;
}

export interface KeysOptions extends CallOptions {
  /** Only keys that begin with this. @default all keys */
  readonly prefix?: string | undefined;
}

export interface ListOptions extends KeysOptions {
  /** Only keys that come after this one in byte order. */
  readonly after?: string | undefined;
  /** At most so many, 1 or more. @default all */
  readonly limit?: number | undefined;
}

export interface EntriesOptions extends KeysOptions, GetOptions {}

export interface GenerateOptions extends CallOptions, ConditionOptions {
  /** Size in bytes, 1 to 1 048 576. @default 32 */
  readonly size?: number | undefined;
  /** Return the value too; else it stays in the TEE until it is read. @default false */
  readonly return?: boolean | undefined;
  /** Return it as a string; without it, it is a Buffer. @default none */
  readonly encoding?: Exclude<ValueEncoding, 'utf8'> | undefined;
}

export interface ClearOptions extends KeysOptions {
  /** Must be true: deleting cannot be undone. */
  readonly confirm: true;
}

export interface VerifyOptions extends CallOptions {
  /** Make copies that are lost again from the other ones. @default false */
  readonly repair?: boolean | undefined;
}

/** Whether an owner is a user or a group. */
export type LoginName = 'user' | 'group';

/** Options of {@link SecureStorage.removeOwner}: whose store it is, said in one of three ways, and the confirmation. */
export interface RemoveOwnerOptions extends CallOptions {
  /** The store of the user with this id, as it is outside of all user namespaces. */
  readonly uid?: number | undefined;
  /** The store of the group with this id, as it is outside of all user namespaces. */
  readonly gid?: number | undefined;
  /** The store of the owner with this UUID, as {@link SecureStorage.owners} lists it; with `login`. */
  readonly owner?: string | undefined;
  /** With `owner`: whether that is a user or a group. */
  readonly login?: LoginName | undefined;
  /** Must be true: removing cannot be undone. */
  readonly confirm: true;
}

/** One operation of {@link SecureStorage.batch}, with the conditions of {@link SecureStorage.put}. */
export type BatchOperation =
  | ({ readonly type: 'put'; readonly key: string; readonly value: string | Uint8Array } & ConditionOptions)
  | { readonly type: 'delete'; readonly key: string; readonly ifRevision?: number | undefined };

const revision = (min: number) => integer(min, Number.MAX_SAFE_INTEGER);
const anything: Check<unknown> = (value) => value;

const call = { signal: abortSignal, timeoutMs: milliseconds };
const encoding = oneOf('utf8', 'base64', 'hex');
/** Of a user or group; the highest number stands for none. */
const id = integer(0, 0xffff_fffe);
const condition = { ifAbsent: boolean, ifRevision: revision(REVISION_ABSENT) };

const simulatorSchema = { directory: string, create: boolean, allowInProduction: boolean };
const simulator: Check<SimulatorOptions> = (value, name) => checkOptions(value, simulatorSchema, name);

/** For checkOptions(): which options each method has. Keys are checked by the method itself. */
export const schema = {
  call,
  simulator: simulatorSchema,
  open: {
    ...call,
    callTimeoutMs: milliseconds,
    waitMs: integer(0, LONGEST_TIMER_MS),
    backend: oneOf('optee', 'simulator'),
    simulator,
    domain,
    group: id,
    taUuid: uuid,
  },
  get: { ...call, encoding },
  getMany: { ...call, encoding, required: boolean },
  put: { ...call, ...condition, returnPrevious: boolean },
  delete: { ...call, ifRevision: revision(1) },
  keys: { ...call, prefix: string },
  list: { ...call, prefix: string, after: string, limit: integer(1, 0xffff_ffff) },
  entries: { ...call, prefix: string, encoding },
  generate: {
    ...call,
    ...condition,
    encoding: oneOf('base64', 'hex'),
    size: integer(1, Limit.VALUE_MAX),
    return: boolean,
  },
  clear: { ...call, prefix: string, confirm: oneOfTrue },
  verify: { ...call, repair: boolean },
  removeOwner: { ...call, uid: id, gid: id, owner: uuid, login: oneOf('user', 'group'), confirm: oneOfTrue },
  batchPut: { type: oneOf('put', 'delete'), key: anything, value: anything, ...condition },
  batchDelete: { type: oneOf('put', 'delete'), key: anything, ifRevision: revision(1) },
} as const;

/**
 * The expected revision that a condition stands for.
 * @returns undefined: no condition; 0: absent
 * @throws SecureStorageError ERR_INVALID_ARG if both conditions are given
 */
export function expectedRevision(options: ConditionOptions, name = 'options'): number | undefined {
  if (options.ifAbsent !== true) return options.ifRevision;
  if (options.ifRevision === undefined) return REVISION_ABSENT;
  throw new SecureStorageError('ERR_INVALID_ARG', { detail: `${name} has both ifAbsent and ifRevision` });
}

function oneOfTrue(value: unknown, name: string): true {
  if (value === true) return value;
  throw new SecureStorageError('ERR_INVALID_ARG', {
    detail: `${name} must be true, because keys are deleted for good`,
  });
}
