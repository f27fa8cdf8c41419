// SPDX-License-Identifier: MIT
/** From the seam's parameters to encoded ones, with all checks: what is wrong here is wrong in the caller's code. */
import { types } from 'node:util';

import type { Param } from './seam.js';

/** Types of a parameter by the numbers of the TEE Client API; the memory references are the temporary ones. */
export const ParamType = {
  NONE: 0,
  VALUE_INPUT: 1,
  VALUE_OUTPUT: 2,
  VALUE_INOUT: 3,
  MEMREF_INPUT: 5,
  MEMREF_OUTPUT: 6,
  MEMREF_INOUT: 7,
} as const;

/** One parameter as the addon and the simulator take it. */
export interface EncodedParam {
  readonly type: number;
  /** Of values. */
  readonly a?: number;
  readonly b?: number;
  /** Of input memory references: copied during the call, at most `size` bytes. */
  readonly data?: Uint8Array;
  /** Of memory references: bytes of shared memory. */
  readonly size?: number;
}

const MAX_PARAMS = 4;

/**
 * @param limits the size of shared memory: all memory references together, each rounded up to a multiple of the alignment
 * @throws TypeError, RangeError
 */
export function encodeParams(
  params: readonly Param[],
  limits: { readonly maxSharedBytes: number; readonly sliceAlignment: number },
): EncodedParam[] {
  if (params.length > MAX_PARAMS) throw new RangeError(`a command has at most ${String(MAX_PARAMS)} parameters`);
  const encoded = params.map(encodeParam);
  const shared = encoded.reduce((sum, { size = 0 }) => sum + roundUp(size, limits.sliceAlignment), 0);
  if (shared > limits.maxSharedBytes) {
    throw new RangeError(`the memory references of a command share ${String(limits.maxSharedBytes)} bytes at most`);
  }
  return encoded;
}

function encodeParam(param: Param): EncodedParam {
  switch (param.type) {
    case 'none':
      return { type: ParamType.NONE };
    case 'value-in':
      return { type: ParamType.VALUE_INPUT, a: uint32(param.a, 'a'), b: uint32(param.b, 'b') };
    case 'value-out':
      return { type: ParamType.VALUE_OUTPUT, a: 0, b: 0 };
    case 'value-inout':
      return { type: ParamType.VALUE_INOUT, a: uint32(param.a, 'a'), b: uint32(param.b, 'b') };
    case 'memref-in':
      return { type: ParamType.MEMREF_INPUT, data: bytes(param.data), size: param.data.byteLength };
    case 'memref-out':
      return { type: ParamType.MEMREF_OUTPUT, size: uint32(param.size, 'size') };
    case 'memref-inout':
      return { type: ParamType.MEMREF_INOUT, data: bytes(param.data), size: room(param.size, param.data) };
    default:
      throw new TypeError(`a parameter cannot have the type ${(param as Param).type}`);
  }
}

/** @throws RangeError */
export function uint32(value: number, name: string): number {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
    throw new RangeError(`"${name}" is not an unsigned 32-bit number`);
  }
  return value;
}

function bytes(data: Uint8Array): Uint8Array {
  // By brand: in jsdom, a Buffer is of another realm than Uint8Array.
  if (!types.isUint8Array(data)) throw new TypeError('"data" is not a Uint8Array');
  return data;
}

function room(size: number, data: Uint8Array): number {
  if (uint32(size, 'size') < data.byteLength) throw new RangeError('"size" is smaller than "data"');
  return size;
}

function roundUp(size: number, unit: number): number {
  return Math.ceil(size / unit) * unit;
}
