// SPDX-License-Identifier: MIT
/** What fake_libteec.c understands, see fake_libteec.h. */
import type { SessionTarget } from '../../../src-ts/tee/seam.js';

export const Command = {
  INCREMENT: 0,
  COPY: 1,
  RESIZE: 2,
  RESIDUE: 3,
  SLEEP: 4,
  HANG: 5,
  TYPES: 6,
  RESULT: 7,
  PRINT: 8,
  COUNTER: 9,
  THREAD_NAME: 10,
  LATE_WRITE: 11,
  LOCATE: 12,
  WAIT: 13,
  RELEASE: 14,
} as const;

export const Counter = {
  CONTEXTS: 0,
  SESSIONS: 1,
  BLOCKS: 2,
  ALLOCATIONS: 3,
  NAPS: 4,
  HANGS: 5,
  LATE_WRITES: 6,
} as const;

export const REFUSAL = 0x80001234;

const opening = { plain: 0, hangs: 1, slow: 2, refused: 3, echo: 4 } as const;

/** A target whose opening goes this way. */
export function target(way: keyof typeof opening = 'plain', rest: Partial<SessionTarget> = {}): SessionTarget {
  return {
    uuid: `${opening[way].toString(16).padStart(8, '0')}-89ab-4cde-8f01-23456789abcd`,
    login: 1,
    params: [],
    ...rest,
  };
}
