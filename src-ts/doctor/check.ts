// SPDX-License-Identifier: MIT
import { errorTable } from '../errors/table.js';
import { harmless } from '../util/visible.js';
import { detailsOf, type SecureStorageError } from '../errors/error.js';
import type { Check, CheckId } from './diagnosis.js';
import type { Evidence } from './evidence.js';
import type { Host } from './host.js';
import type { Supplicant } from './supplicant.js';

/** What a check goes by. */
export interface Subject {
  readonly host: Host;
  readonly evidence: Evidence;
  readonly taUuid: string;
  readonly group: number | undefined;
  /** Undefined if none is seen. */
  readonly supplicant: Supplicant | undefined;
}

/** A check: it looks and judges, changes nothing, and does not throw. */
export type CheckFunction = (subject: Subject) => Check;

export function ok(id: CheckId, found: string): Check {
  return { id, status: 'ok', found };
}

export function unknown(id: CheckId, found: string): Check {
  return { id, status: 'unknown', found };
}

/** The chain is broken before this link. */
export function notReached(id: CheckId): Check {
  return unknown(id, 'not reached');
}

/** What an error says, apart: what happened, without the method that met it, and what to do. */
export function told(error: SecureStorageError): { readonly error: string; readonly remedy: string } {
  const remedy = detailsOf(error)?.remedy ?? errorTable[error.code].remedy;
  const text = error.message.replace(/^\w+: /, '').replace(harmless(remedy), '');
  return { error: text.replace(/\.\s*$/, ''), remedy };
}
