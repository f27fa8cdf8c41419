// SPDX-License-Identifier: MIT
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

/** The text of an error without its method, its remedy and the full stop between. */
export function saying(message: string, remedy: string): string {
  const text = message.replace(/^\w+: /, '').replace(remedy, '');
  return text.replace(/\.\s*$/, '');
}

/** The permission bits of a file, as ls shows them in numbers. */
export function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}
