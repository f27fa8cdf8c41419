// SPDX-License-Identifier: MIT
// @ts-check
/** The faults that the supplicant's library commits to order: guest/supplicant-library/faults.h. */
import { constants } from 'node:os';

/** @typedef {import('./machine.d.mts').Fault} Fault */
/** @typedef {import('./machine.d.mts').FaultReport} FaultReport */

export const FAULTS_FILE = '/run/optee-machine/supplicant-faults';

const PLAN_SIZE = 40;
const TRACE_SIZE = 16_384;
const ERROR = 1;
/** @type {Readonly<Record<string, number>>} */
const KINDS = Object.freeze({ none: 0, short: 2, torn: 3, stop: 4, kill: 5 });

/** @param {Fault['kind'] | 'none'} kind */
function numbersOf(kind) {
  const number = KINDS[kind];
  if (number !== undefined) return { number, errno: 0 };
  const errno = /** @type {Record<string, number>} */ (constants.errno)[kind];
  if (errno === undefined) throw new RangeError(`there is no kind of fault named ${kind}`);
  return { number: ERROR, errno };
}

/**
 * What is written to the file to order a fault; without one, operations are only noted.
 *
 * @param {Fault} [fault]
 */
export function planOf(fault) {
  const { number, errno } = numbersOf(fault?.kind ?? 'none');
  // All of it, so that nothing of an earlier plan is left.
  const plan = Buffer.alloc(PLAN_SIZE + TRACE_SIZE);
  plan.writeUInt32LE(number, 0);
  plan.writeUInt32LE(errno, 4);
  plan.writeBigUInt64LE(BigInt(fault?.at ?? 0), 8);
  plan.writeBigUInt64LE(fault?.times === Infinity ? 2n ** 64n - 1n : BigInt(fault?.times ?? 1), 16);
  return plan;
}

/** @param {Buffer} file @returns {FaultReport} */
export function parsePlan(file) {
  const trace = file.toString('latin1', PLAN_SIZE).replace(/\0.*/s, '');
  return {
    operations: Number(file.readBigUInt64LE(24)),
    struck: Number(file.readBigUInt64LE(32)),
    trace,
  };
}
