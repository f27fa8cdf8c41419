// SPDX-License-Identifier: MIT
/**
 * For the tests of applications: `import { MemoryTee } from 'optee-secure-storage/testing'`.
 * @module
 */
export { MemoryTee, type MemoryOpenOptions } from './memory-tee.js';
export type { Fault } from './faults.js';
