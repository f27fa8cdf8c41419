// SPDX-License-Identifier: MIT
/// <reference types="node" preserve="true" />
/**
 * Secure storage for Node.js on OP-TEE.
 * @module
 */
export { SecureStorage, type PutResult, type GenerateResult, type ValueEntry } from './store.js';
export { SecureStorageError, isSecureStorageError, type ErrorCode, type OriginName } from './errors.js';
export type { Check, CheckId, CheckStatus, Diagnosis } from './doctor/diagnosis.js';
export type { StoreInfo } from './info.js';
export type { ListEntry } from './replies.js';
export type { ValueOf } from './values.js';
export type {
  BackendName,
  BatchOperation,
  CallOptions,
  ClearOptions,
  ConditionOptions,
  DeleteOptions,
  EntriesOptions,
  GenerateOptions,
  GetOptions,
  KeysOptions,
  ListOptions,
  OpenOptions,
  PutOptions,
  SimulatorOptions,
  ValueEncoding,
} from './options.js';
