// SPDX-License-Identifier: MIT
/**
 * How much of what takes long is run: `npm test` runs the quick part. OPTEE_TEST_LONG=1 makes it the whole, as it is for
 * `npm run test:faults` (tools/faults/attacks.mjs).
 */

/** @returns the first value for the quick part, the second one for the whole */
export const effort = <T>(quick: T, whole: T): T => (process.env.OPTEE_TEST_LONG === '1' ? whole : quick);
