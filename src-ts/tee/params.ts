// SPDX-License-Identifier: MIT
/** From the seam's parameters to the addon's, with all checks: what is wrong here is wrong in the caller's code. */
import { ParamType, type Addon, type NativeParam } from '../native/addon.js';
import type { Param, SessionTarget } from './seam.js';

const MAX_PARAMS = 4;

/**
 * @param limits the addon, for the size of its shared memory
 * @throws TypeError, RangeError
 */
export function encodeParams(
  params: readonly Param[],
  limits: Pick<Addon, 'maxSharedBytes' | 'sliceAlignment'>,
): NativeParam[] {
  if (params.length > MAX_PARAMS) throw new RangeError(`a command has at most ${String(MAX_PARAMS)} parameters`);
  const encoded = params.map(encodeParam);
  const shared = encoded.reduce((sum, { size = 0 }) => sum + roundUp(size, limits.sliceAlignment), 0);
  if (shared > limits.maxSharedBytes) {
    throw new RangeError(`the memory references of a command share ${String(limits.maxSharedBytes)} bytes at most`);
  }
  return encoded;
}

function encodeParam(param: Param): NativeParam {
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
  if (!(data instanceof Uint8Array)) throw new TypeError('"data" is not a Uint8Array');
  return data;
}

function room(size: number, data: Uint8Array): number {
  if (uint32(size, 'size') < data.byteLength) throw new RangeError('"size" is smaller than "data"');
  return size;
}

function roundUp(size: number, unit: number): number {
  return Math.ceil(size / unit) * unit;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * The 16 octets of a UUID (RFC 9562).
 * @throws TypeError
 */
export function encodeUuid(uuid: SessionTarget['uuid']): Uint8Array {
  if (!UUID.test(uuid)) throw new TypeError('"uuid" does not have the form 8-4-4-4-12 hexadecimal digits');
  return Uint8Array.from(Buffer.from(uuid.replaceAll('-', ''), 'hex'));
}
