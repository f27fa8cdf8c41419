// SPDX-License-Identifier: MIT
/// <reference types="node" preserve="true" />
/**
 * Secure storage for Node.js on OP-TEE.
 * @module
 */
export {
  SecureStorage,
  type GenerateResult,
  type MissingOf,
  type PutResult,
  type ValueEntry,
  type VerifyResult,
} from './store.js';
export { SecureStorageError, isSecureStorageError, type ErrorCode, type OriginName } from './errors/error.js';
export type { Check, CheckId, CheckStatus, Diagnosis } from './doctor/diagnosis.js';
export type { StoreInfo } from './connection/store-info.js';
export type { OwnerInfo, OwnersInfo } from './connection/store-owners.js';
export type { ListEntry } from './protocol/decode.js';
export type { ValueOf } from './arguments/encoding.js';
export type {
  BackendName,
  BatchOperation,
  CallOptions,
  ClearOptions,
  ConditionOptions,
  DeleteOptions,
  EntriesOptions,
  GenerateOptions,
  GetManyOptions,
  GetOptions,
  KeysOptions,
  ListOptions,
  LoginName,
  OpenOptions,
  PutOptions,
  RemoveOwnerOptions,
  SimulatorOptions,
  ValueEncoding,
  VerifyOptions,
} from './arguments/options.js';
