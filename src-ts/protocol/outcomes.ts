// SPDX-License-Identifier: MIT
/** From what the seam reports to the errors of this package. */
import type { Call } from './call.js';
import { accessRemedy, groupRemedy } from '../errors/access.js';
import { errorTable } from '../errors/table.js';
import { isSecureStorageError, type ErrorCode, type ErrorDetails, type SecureStorageError } from '../errors/error.js';
import { MalformedReply } from './packing.js';
import { TaError } from './contract.js';
import { TeeResult } from '../tee/results.js';
import { quoted } from '../util/visible.js';
import { Login, Origin, TeeFailure, type FailureKind, type Outcome, type SessionTarget } from '../tee/seam.js';

/** Results that mean the same whoever reports them and whenever. */
const codes: Readonly<Record<number, ErrorCode>> = {
  [TaError.IDENTITY]: 'ERR_TA_VERSION',
  [TaError.KERNEL]: 'ERR_KERNEL_TOO_OLD',
  [TaError.PROTOCOL]: 'ERR_TA_VERSION',
  [TaError.DOMAIN]: 'ERR_INVALID_ARG',
  [TaError.KEY]: 'ERR_INVALID_KEY',
  [TaError.VALUE_TOO_LARGE]: 'ERR_VALUE_TOO_LARGE',
  [TaError.QUOTA]: 'ERR_QUOTA',
  [TaError.EXISTS]: 'ERR_EXISTS',
  [TaError.CONFLICT]: 'ERR_CONFLICT',
  [TaError.FORMAT]: 'ERR_FORMAT_TOO_NEW',
  [TaError.NO_PLACE]: 'ERR_TOO_MANY_OWNERS',
  [TaError.FULL]: 'ERR_TOO_MANY_OBJECTS',
  [TeeResult.CORRUPT_OBJECT]: 'ERR_CORRUPT',
  [TeeResult.STORAGE_NOT_AVAILABLE]: 'ERR_STORAGE',
  [TeeResult.STORAGE_NO_SPACE]: 'ERR_NO_SPACE',
  [TeeResult.OUT_OF_MEMORY]: 'ERR_NO_MEMORY',
  [TeeResult.BUSY]: 'ERR_BUSY',
  [TeeResult.TARGET_DEAD]: 'ERR_TA_DEAD',
  // The way to storage and to the TA's file is the supplicant; OP-TEE reports a lost one so.
  [TeeResult.COMMUNICATION]: 'ERR_NO_SUPPLICANT',
};

/**
 * Storage errors after which a change may have been made. A full storage is none of them: what it did not take is not
 * there (test/ta/storage_fault_test.c; on OP-TEE, test/faults/sweep.test.ts).
 */
const undecided: ReadonlySet<number> = new Set([
  TeeResult.STORAGE_NOT_AVAILABLE,
  TeeResult.TARGET_DEAD,
  TeeResult.COMMUNICATION,
]);

const failures: Readonly<Record<FailureKind, ErrorCode>> = {
  timeout: 'ERR_TIMEOUT',
  closed: 'ERR_CLOSED',
  'no-library': 'ERR_NO_LIBTEEC',
  'no-addon': 'ERR_NO_ADDON',
  'no-device': 'ERR_NO_DEVICE',
  'no-permission': 'ERR_PERMISSION',
  'no-supplicant': 'ERR_NO_SUPPLICANT',
  'no-storage': 'ERR_STORAGE',
  'no-simulator': 'ERR_NO_SIMULATOR',
  'queue-full': 'ERR_BUSY',
};

/** Failures whose detail says what was looked for or found, not what is wrong. */
const missing: ReadonlySet<FailureKind> = new Set([
  'no-library',
  'no-addon',
  'no-device',
  'no-permission',
  'no-simulator',
]);

/** Results that say that a session is of no use any more, or that a command is to be sent again in any case. */
export const losingResults: readonly number[] = [
  TeeResult.TARGET_DEAD,
  TeeResult.COMMUNICATION,
  TeeResult.STORAGE_NOT_AVAILABLE,
];

/** Whether an outcome says that the session is of no use any more, so that a new one may help. */
export function isSessionLost({ result, origin }: Outcome): boolean {
  // The driver's answer to a session that it does not know.
  if (result === TeeResult.BAD_PARAMETERS) return origin === Origin.COMMS;
  return losingResults.includes(result);
}

/**
 * The error for a command that was refused.
 * @param changes whether the command changes anything
 */
export function commandError(
  call: Call,
  outcome: Outcome,
  changes: boolean,
  { code, ...details }: ErrorDetails & { readonly code?: ErrorCode } = {},
): SecureStorageError {
  const { result, origin } = outcome;
  const lost = result === TeeResult.BAD_PARAMETERS && origin === Origin.COMMS;
  return call.error(code ?? (lost ? 'ERR_TA_DEAD' : (codes[result] ?? 'ERR_TEE')), {
    result,
    origin,
    outcomeUnknown: changes && (lost || undecided.has(result)),
    ...details,
  });
}

/**
 * What a change is rejected with if its first attempt may have been carried out and its repetition found nothing to do:
 * either the first one had done it, or there had been nothing. It is the error of that first attempt.
 */
export function repetitionError(call: Call): SecureStorageError | TeeFailure {
  const lost = call.lostAttempt;
  if (lost !== undefined && 'error' in lost) return lost.error;
  const detail =
    'the session was lost during the request, which was sent again and found nothing: either the first attempt deleted ' +
    'it, or nothing was there';
  return lost === undefined
    ? call.error('ERR_TA_DEAD', { detail })
    : commandError(call, lost.outcome, true, { detail });
}

/** So many names are told in a message; the error has all. */
const MOST_NAMES = 20;

/** The error for keys that must exist and do not. */
export function missingError(call: Call, keys: readonly string[]): SecureStorageError {
  const names = keys.slice(0, MOST_NAMES).map(quoted).join(', ');
  const more = keys.length > MOST_NAMES ? ` and ${String(keys.length - MOST_NAMES)} more` : '';
  const what = keys.length === 1 ? 'one key is missing' : `${String(keys.length)} keys are missing`;
  return call.error('ERR_NOT_FOUND', { detail: `${what} for this user and domain: ${names}${more}`, keys });
}

/** Where the TA has no part in it: OP-TEE reads files of its own in the storage before it starts a TA from a file. */
const ofOptee: ErrorDetails = {
  detail:
    'OP-TEE starts no TA, for its own files in the storage directory (dirf.db and those it names) are not as it left ' +
    'them: damaged, restored only in part, or, if OP-TEE keeps their state in RPMB, also an older copy, or removed',
  remedy:
    'Keep a copy of the directory as it is now. If OP-TEE has no rollback protection (the usual case): stop ' +
    'tee-supplicant, put back all files of the directory from one copy of it, and reboot. Without a copy, and only if all ' +
    'users may lose what is stored, empty the directory instead. If OP-TEE has it (CFG_RPMB_FS=y): it accepts only the ' +
    'newest state, neither an older copy nor an empty directory. If the newest files are lost, all that was stored is ' +
    'lost, and OP-TEE starts no TA from a file until it is built with CFG_REE_FS_ALLOW_RESET=y.',
};

/** A TA in OP-TEE's way of saying so: its loader believes the number that it finds in place of the stack's size. */
const outOfMemoryToLoad: ErrorDetails = {
  detail:
    'the TEE has no memory left to start the Trusted Application, or the Trusted Application was built with the kit of ' +
    'OP-TEE 4.0 or later and this OP-TEE is older',
  remedy:
    'If it never opened on this board, install the one of this package (optee-storage ta install) or build it with ' +
    '"optee-storage ta build": both run on every OP-TEE. Otherwise close sessions that are not needed, and try again.',
};

/** Where the TEE does not say which of the two it is. */
const signatureOrDamage: ErrorDetails = {
  detail:
    "the Trusted Application is not signed with the key that this board's OP-TEE trusts, or OP-TEE's own directory of " +
    'objects (dirf.db) is damaged or was removed',
  remedy:
    'Run "optee-storage doctor": it asks for a Trusted Application that nobody has. If that is refused in the same way, ' +
    `the directory is at fault: see ERR_CORRUPT in docs/errors.md. Otherwise: ${errorTable.ERR_TA_SIGNATURE.remedy}`,
};

/** Whether a refusal to open a session has causes that only another question to the TEE can tell apart. */
export function isAmbiguous({ result, origin }: Outcome): boolean {
  return result === TeeResult.SECURITY && origin !== Origin.TRUSTED_APP;
}

/**
 * OP-TEE looks for every TA in its own storage first. If that is damaged, one that nobody has is refused in the same way;
 * else it is not found.
 */
function securityError(call: Call, known: ErrorDetails, other: Outcome | undefined): SecureStorageError {
  if (other?.result === TeeResult.ITEM_NOT_FOUND) return call.error('ERR_TA_SIGNATURE', known);
  if (other?.result === TeeResult.SECURITY || other?.result === TeeResult.CORRUPT_OBJECT)
    return call.error('ERR_CORRUPT', { ...known, ...ofOptee });
  return call.error('ERR_TA_SIGNATURE', { ...known, ...signatureOrDamage });
}

/**
 * The error for a session that was refused.
 * @param other what the TEE said of a Trusted Application that nobody has, if it was asked
 */
export function openError(call: Call, outcome: Outcome, target: SessionTarget, other?: Outcome): SecureStorageError {
  const { result, origin } = outcome;
  const known = { result, origin };
  if (origin === Origin.TRUSTED_APP) {
    // A TA that does not know this way to open a session is another one, or another version.
    const foreign = result === TeeResult.BAD_PARAMETERS || result === TeeResult.NOT_SUPPORTED;
    return call.error(foreign ? 'ERR_TA_VERSION' : (codes[result] ?? 'ERR_TEE'), known);
  }
  if (result === TeeResult.ITEM_NOT_FOUND) {
    const remedy = errorTable.ERR_TA_NOT_FOUND.remedy.replaceAll('UUID', target.uuid);
    const detail = `Trusted Application ${target.uuid} is not installed`;
    return call.error('ERR_TA_NOT_FOUND', { ...known, detail, remedy });
  }
  if (isAmbiguous(outcome)) return securityError(call, known, other);
  if (result === TeeResult.OUT_OF_MEMORY && origin === Origin.TEE)
    return call.error('ERR_NO_MEMORY', { ...known, ...outOfMemoryToLoad });
  if (result === TeeResult.CORRUPT_OBJECT) return call.error('ERR_CORRUPT', { ...known, ...ofOptee });
  if (origin === Origin.COMMS && result === TeeResult.GENERIC && target.login === Login.GROUP) {
    // The driver refuses a group login with EPERM, which the client library reports as a generic error.
    const detail = `the kernel refused group ${String(target.group)}`;
    const remedy = target.group === undefined ? undefined : groupRemedy(target.group);
    return call.error('ERR_NOT_IN_GROUP', { ...known, detail, remedy });
  }
  return call.error(codes[result] ?? 'ERR_TEE', known);
}

/**
 * Anything thrown below the API as what the API throws: the seam's failures and malformed answers become
 * SecureStorageErrors, everything else (the reason of an abort signal, an error made already) stays as it is, except
 * that an error of opening the session again must still say that the outcome of the first attempt is unknown.
 * @param changes whether the call changes anything
 */
export function callError(call: Call, error: unknown, changes: boolean): unknown {
  if (error instanceof MalformedReply) {
    const detail = `the answer of the Trusted Application ${error.message}`;
    return call.error('ERR_PROTOCOL', { detail, outcomeUnknown: changes, cause: error });
  }
  if (isSecureStorageError(error) && call.undecided && !error.outcomeUnknown) {
    const detail = 'the session was lost and could not be opened again';
    const origin = error.origin && Origin[error.origin];
    return call.error(error.code, { detail, result: error.result, origin, cause: error });
  }
  if (!(error instanceof TeeFailure)) return error;
  const code = failures[error.kind];
  return call.error(code, {
    detail: missing.has(error.kind) ? `${errorTable[code].meaning}: ${error.detail}` : error.detail,
    outcomeUnknown: changes && error.started,
    cause: error,
    ...remedyFor(error),
  });
}

function remedyFor({ kind, detail, remedy }: TeeFailure): ErrorDetails {
  if (remedy !== undefined) return { remedy };
  if (kind === 'no-permission') return { remedy: accessRemedy(detail) };
  if (kind === 'no-storage') return { remedy: directoryRemedy };
  return {};
}

const directoryRemedy =
  'Give the simulator a directory that this user may write to: simulator.directory, or OPTEE_STORAGE_SIMULATOR_DIR in ' +
  'the environment.';
