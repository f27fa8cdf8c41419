// SPDX-License-Identifier: MIT
import type { ErrorCode } from '../errors/error.js';
import type { StoreInfo } from '../connection/store-info.js';

/** The links of the chain from the process to its secrets, in their order; of the simulator there are few. */
export const checkIds = [
  'platform',
  'node',
  'simulator',
  'container',
  'addon',
  'libteec',
  'driver',
  'device',
  'permission',
  'supplicant',
  'ta',
  'ta-load',
  'ta-signature',
  'ta-version',
  'kernel',
  'identity',
  'user-namespace',
  'storage',
  'dirf',
  'space',
  'store',
  'quota',
  'shared',
  'rollback',
  'root-key',
  'latency',
] as const;

export type CheckId = (typeof checkIds)[number];

/**
 * How a check came out. `note`: as it should be or must be, but good to know. `warning`: works, and should be changed
 * before secrets depend on it. `unknown`: this process may not look, or the chain is broken before this link.
 */
export type CheckStatus = 'ok' | 'note' | 'warning' | 'failed' | 'unknown';

/** What SecureStorage.diagnose() found out about one link of the chain. Tells no key and no value. */
export interface Check {
  readonly id: CheckId;
  readonly status: CheckStatus;
  /** What was found, in one line. */
  readonly found: string;
  /** What to do about it, in one line, where there is something to do. */
  readonly fix?: string;
  /** A file that the fix asks for. */
  readonly file?: { readonly path: string; readonly content: string };
}

/** What SecureStorage.diagnose() found out. */
export type Diagnosis<Info = StoreInfo> =
  | {
      /** A store can be opened, its keys can be read, and no check failed. No value is tried. */
      readonly ok: true;
      readonly checks: readonly Check[];
      readonly info: Info;
    }
  | {
      readonly ok: false;
      readonly checks: readonly Check[];
      /** If the store can be opened all the same. */
      readonly info?: Info;
      /** The error that open() or the store gives now, if it does. */
      readonly code?: ErrorCode;
      /** What is wrong and what to do about it: the first check that failed. */
      readonly message: string;
    };
