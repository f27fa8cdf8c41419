/**
 * The seam between what this package knows (keys, values, rules) and a Trusted Execution Environment:
 * GlobalPlatform's sessions and commands with four parameters. Every backend implements these interfaces;
 * nothing below them knows of keys and values.
 *
 * Terms and numbers are those of the GlobalPlatform TEE Client API Specification 1.0.
 */

/** How the session's client identifies itself; the kernel attests it. */
export const Login = {
  PUBLIC: 0,
  USER: 1,
  GROUP: 2,
  APPLICATION: 4,
  USER_APPLICATION: 5,
  GROUP_APPLICATION: 6,
} as const;

/** The component that produced a result. */
export const Origin = { API: 1, COMMS: 2, TEE: 3, TRUSTED_APP: 4 } as const;

/** One of the four parameters of a command, as the caller gives it. Numbers are unsigned 32-bit. */
export type Param =
  | { readonly type: 'none' }
  | { readonly type: 'value-in'; readonly a: number; readonly b: number }
  | { readonly type: 'value-out' }
  | { readonly type: 'value-inout'; readonly a: number; readonly b: number }
  /** The bytes are copied before the call returns; the caller may wipe or change them at once. */
  | { readonly type: 'memref-in'; readonly data: Uint8Array }
  /** Room of `size` bytes for the answer. */
  | { readonly type: 'memref-out'; readonly size: number }
  /** `data` is sent; room for the answer is `size` bytes, at least `data.length`. */
  | { readonly type: 'memref-inout'; readonly data: Uint8Array; readonly size: number };

/** What came back in one parameter. */
export type ParamResult =
  | undefined
  | { readonly a: number; readonly b: number }
  /**
   * `size` is what the TEE reported; with TEE_ERROR_SHORT_BUFFER it is the size that would do and `data` is empty.
   * `data` is the caller's own Buffer: freshly allocated, never pooled, never shared.
   */
  | { readonly size: number; readonly data: Buffer };

/** The plain outcome of opening a session or invoking a command: errors are made from it elsewhere. */
export interface Outcome {
  /** A TEEC_Result or TEE_Result, unsigned 32-bit; 0 is success. */
  readonly result: number;
  /** Which component produced it, see {@link Origin}. */
  readonly origin: number;
  readonly params: readonly [ParamResult, ParamResult, ParamResult, ParamResult];
}

/** The outcome of a request that brought nothing back but its result. */
export function bareOutcome(result: number, origin: number): Outcome {
  return { result, origin, params: [undefined, undefined, undefined, undefined] };
}

export interface CallOptions {
  /** Milliseconds until the promise rejects with a {@link TeeFailure} of kind 'timeout'; counted from the call, time in the queue included. */
  readonly timeoutMs: number;
  /** Takes the request out of the queue if it has not begun; a running call cannot be cancelled. */
  readonly signal?: AbortSignal | undefined;
}

export interface SessionTarget {
  /** UUID of the Trusted Application, 8-4-4-4-12 hexadecimal digits. */
  readonly uuid: string;
  /** One of {@link Login}. */
  readonly login: number;
  /** Group id for {@link Login.GROUP}. */
  readonly group?: number | undefined;
  /** Up to four parameters for TA_OpenSessionEntryPoint. */
  readonly params: readonly Param[];
  /**
   * Results of commands after which the session carries nothing more out: a request behind such a command is rejected
   * with a {@link TeeFailure} of kind 'closed' that has not started. So no request overtakes one that its caller sends
   * again in another session.
   */
  readonly stopAt?: readonly number[] | undefined;
}

/** Why there is no {@link Outcome}: what went wrong on this side of the TEE. Carried by rejections of the seam. */
export type FailureKind =
  /** The call did not end within its deadline; `started` tells whether the TEE had begun with it. */
  | 'timeout'
  /** The session was closed, or the process's environment is going down. */
  | 'closed'
  /** libteec could not be loaded; `detail` names what was tried. */
  | 'no-library'
  /** The native addon could not be loaded. */
  | 'no-addon'
  /** There is no TEE device (/dev/teeN). */
  | 'no-device'
  /** The device exists and may not be opened by this process; `detail` names it. */
  | 'no-permission'
  /** No tee-supplicant serves the TEE. */
  | 'no-supplicant'
  /** The simulator cannot use its directory; `detail` says why. */
  | 'no-storage'
  /** The simulator cannot be started, or has failed; `detail` says why. */
  | 'no-simulator'
  /** Too many requests are waiting. */
  | 'queue-full';

export class TeeFailure extends Error {
  override readonly name = 'TeeFailure';
  constructor(
    readonly kind: FailureKind,
    readonly detail: string,
    /** True if the TEE may have carried the command out. */
    readonly started = false,
    /** What to do about it, where whoever found it knows better than the table of errors. */
    readonly remedy?: string,
  ) {
    super(`${kind}: ${detail}`);
  }
}

/** A session with a Trusted Application. Requests are carried out one at a time, in the order of the calls. */
export interface TeeSession {
  /**
   * Invokes a command.
   * @param command 32-bit command id
   * @param params up to four parameters; missing ones are none
   * @returns the outcome, also when the TEE or the TA refused
   * @throws TeeFailure, or the signal's reason if the request was aborted before it began
   */
  invoke(command: number, params: readonly Param[], options: CallOptions): Promise<Outcome>;
  /** Closes the session after the requests already made; never rejects, may be called twice. Does not wait for a call that missed its deadline. */
  close(): Promise<void>;
}

export interface TeeBackend {
  /** What it is, for info(): 'optee' or 'simulator'. */
  readonly name: string;
  /** Whether secrets are protected by hardware. */
  readonly secure: boolean;
  /**
   * Opens a session.
   * @returns the session, or the outcome with which the TEE refused it (result is not 0)
   * @throws TeeFailure
   */
  open(target: SessionTarget, options: CallOptions): Promise<{ session: TeeSession } | { refused: Outcome }>;
}
