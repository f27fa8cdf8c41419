// SPDX-License-Identifier: MIT
import { SecureStorageError, type ErrorCode, type ErrorDetails } from '../errors/error.js';
import type { CallOptions, Outcome, TeeFailure } from '../tee/seam.js';

/** How a request ended whose session was lost. */
export type LostAnswer = { readonly outcome: Outcome } | { readonly error: TeeFailure };

/** One call of the API on its way through the layers: what it is about, and until when it may take. */
export class Call {
  readonly #signal: AbortSignal | undefined;
  readonly #timeoutMs: number;
  readonly #deadline: number;
  #undecided = false;
  #lostAttempt: LostAnswer | undefined;

  /**
   * @param operation the method, for errors
   * @param key the key it is about, if it is about one valid key
   */
  constructor(
    readonly operation: string,
    readonly key: string | undefined,
    options: CallOptions,
  ) {
    this.#signal = options.signal;
    this.#timeoutMs = options.timeoutMs;
    this.#deadline = performance.now() + options.timeoutMs;
  }

  /**
   * Notes that a change may have been made although no answer says so. From then on the call is no longer cancelled, and
   * its errors say that the outcome is unknown.
   * @param lost what there was in place of the answer
   */
  markUndecided(lost?: LostAnswer): void {
    this.#undecided = true;
    this.#lostAttempt ??= lost;
  }

  /** What there was in place of the answer of a first attempt that may have been carried out. */
  get lostAttempt(): LostAnswer | undefined {
    return this.#lostAttempt;
  }

  get undecided(): boolean {
    return this.#undecided;
  }

  /** The signal that may still cancel the call. */
  get signal(): AbortSignal | undefined {
    return this.#undecided ? undefined : this.#signal;
  }

  /**
   * Milliseconds that are left, at least 1.
   * @throws SecureStorageError ERR_TIMEOUT, or the signal's reason: the next step shall not begin
   */
  remaining(): number {
    this.signal?.throwIfAborted();
    const left = Math.ceil(this.#deadline - performance.now());
    if (left <= 0) throw this.timeout();
    return left;
  }

  timeout(): SecureStorageError {
    return this.error('ERR_TIMEOUT', { detail: `no answer within ${String(this.#timeoutMs)} ms` });
  }

  /** An error about this call. */
  error(code: ErrorCode, details: ErrorDetails = {}): SecureStorageError {
    const outcomeUnknown = this.#undecided || details.outcomeUnknown;
    return new SecureStorageError(code, { operation: this.operation, key: this.key, ...details, outcomeUnknown });
  }
}
