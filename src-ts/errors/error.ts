// SPDX-License-Identifier: MIT
import { entryOf, errorTable, Retry, type ErrorCode } from './table.js';
import { Origin } from '../tee/seam.js';
import { harmless, quoted } from '../util/visible.js';

export { type ErrorCode } from './table.js';

const brand = Symbol.for('optee-secure-storage.error');
const allDetails = new WeakMap<SecureStorageError, ErrorDetails>();

/** The component that produced a TEE result: the client library, the way to the TEE, the TEE, the TA. */
export type OriginName = keyof typeof Origin;

export interface ErrorDetails {
  /** What happened in this case, in place of the table's general sentence; never contains a value. */
  readonly detail?: string | undefined;
  /** What to do next in this case, in place of the table's. */
  readonly remedy?: string | undefined;
  readonly operation?: string | undefined;
  readonly key?: string | undefined;
  /** The keys it is about, if they are several. */
  readonly keys?: readonly string[] | undefined;
  readonly result?: number | undefined;
  /** The number of the seam, see {@link Origin}. */
  readonly origin?: number | undefined;
  readonly outcomeUnknown?: boolean | undefined;
  readonly cause?: unknown;
}

/**
 * Every error that this package makes. Tell them apart by `code`, which is stable; the text is not. No error contains
 * a value.
 */
export class SecureStorageError extends Error {
  /** Always `SecureStorageError`. */
  override readonly name: string = 'SecureStorageError';
  /** What went wrong, for example `ERR_PERMISSION`. */
  readonly code: ErrorCode;
  /** The method that failed, for example `put`; left out where an argument was refused. */
  readonly operation: string | undefined;
  /** The key it was about; left out where it is not a valid key, since it may be something else by mistake. */
  readonly key: string | undefined;
  /** All keys that are missing, from getMany() with `required`. */
  readonly keys: readonly string[] | undefined;
  /** The result code of the TEE (TEEC_Result or TEE_Result), unsigned 32-bit, where there is one. */
  readonly result: number | undefined;
  /** The component that produced `result`. */
  readonly origin: OriginName | undefined;
  /**
   * True if a change may or may not have been carried out, for example because the TEE did not answer in time: if it
   * was, then wholly. Read the key to find out.
   */
  readonly outcomeUnknown: boolean;
  /**
   * True if the same call may succeed a little later as it is, without anybody doing anything, and is known to have
   * changed nothing. Never true with `outcomeUnknown`. docs/errors.md has it for each code.
   */
  readonly retryable: boolean;

  /** @internal */
  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    super(messageOf(code, details), 'cause' in details ? { cause: details.cause } : undefined);
    allDetails.set(this, details);
    this.code = code;
    this.operation = details.operation;
    this.key = details.key;
    this.keys = details.keys;
    this.result = details.result;
    this.origin = originName(details.origin);
    this.outcomeUnknown = details.outcomeUnknown ?? false;
    this.retryable = !this.outcomeUnknown && entryOf(code).retry === Retry.LATER;
    Object.defineProperty(this, brand, { value: true });
    this.#hideAbsent();
  }

  /** Keeps printed errors short: what is not known here is not shown. */
  #hideAbsent(): void {
    for (const [property, value] of Object.entries(this)) {
      if (property === 'name' || value === undefined || value === false) {
        Object.defineProperty(this, property, { enumerable: false });
      }
    }
  }

  /** What the command line prints with `--json`; for structured logs too. */
  toJSON(): Record<string, unknown> {
    const { code, message, operation, key, keys, origin } = this;
    const result = this.result === undefined ? undefined : hex(this.result);
    const outcomeUnknown = this.outcomeUnknown || undefined;
    const retryable = this.retryable || undefined;
    return { code, message, operation, key, keys, result, origin, outcomeUnknown, retryable };
  }
}

/**
 * Whether something thrown is a {@link SecureStorageError}, also when it comes from another copy of this package or
 * another realm, where `instanceof` says no.
 */
export function isSecureStorageError(error: unknown): error is SecureStorageError {
  return typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[brand] === true;
}

/** What an error was made of, so that the command line can say the same in its own words; none for a foreign error. */
export function detailsOf(error: SecureStorageError): ErrorDetails | undefined {
  return allDetails.get(error);
}

function messageOf(code: ErrorCode, { operation, key, detail, remedy, result, origin, outcomeUnknown }: ErrorDetails) {
  const subject = [operation, key === undefined ? undefined : quoted(key)].filter(Boolean).join(' ');
  const what = detail ?? errorTable[code].meaning;
  const text = [
    `${subject && `${subject}: `}${what}${source(result, origin)}.`,
    outcomeUnknown ? 'The change was either made wholly or not at all; read the key to find out.' : '',
    remedy ?? errorTable[code].remedy,
  ]
    .filter(Boolean)
    .join(' ');
  // Names of files, texts of libraries and what a caller wrote are in it.
  return harmless(text);
}

/** The TEE's own words, for those who look them up; the TA's results say no more than the code does. */
function source(result: number | undefined, origin: number | undefined): string {
  if (result === undefined || isOfTa(result)) return '';
  return ` (result ${hex(result)}${origin === undefined ? '' : `, origin ${originName(origin) ?? String(origin)}`})`;
}

/** GlobalPlatform leaves these to implementations (TEE Internal Core API Specification 1.3, 3.3.1); the TA has some. */
function isOfTa(result: number): boolean {
  return result >= 0x8000_0000 && result <= 0x8fff_ffff;
}

function originName(origin: number | undefined): OriginName | undefined {
  return (Object.keys(Origin) as OriginName[]).find((name) => Origin[name] === origin);
}

function hex(result: number): string {
  return `0x${result.toString(16).padStart(8, '0')}`;
}
