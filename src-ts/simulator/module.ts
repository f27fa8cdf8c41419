// SPDX-License-Identifier: MIT
/**
 * One life of the Trusted Application: an instance of the WebAssembly module that soft-tee/wasm/ makes of the TA and the
 * software TEE core. Offsets are those of `struct request` in soft-tee/wasm/tee.c.
 */
import { webcrypto } from 'node:crypto';

import { TeeResult } from '../tee/results.js';
import { type EncodedParam, ParamType } from '../tee/params.js';
import { bareOutcome, Origin, type Outcome, type ParamResult } from '../tee/seam.js';
import { swapUuid } from '../util/uuid.js';
import { BlobError, type BlobStore } from './blobs.js';

/** Who a client is, as the kernel would attest it. */
export interface Client {
  readonly login: number;
  /** 16 octets. */
  readonly uuid: Uint8Array;
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  boot(): void;
  request(): number;
  taUuid(): number;
  allocate(size: number): number;
  free(address: number): void;
  open(): number;
  invoke(): number;
  close(session: number): void;
}

const Request = { LOGIN: 0, UUID: 4, SESSION: 20, COMMAND: 24, PARAM_TYPES: 28, PARAMS: 32, ORIGIN: 64 } as const;
const PARAM_SIZE = 8;
const UUID_SIZE = 16;

/** Thrown through the module by the TA's panic. */
class Abandoned extends Error {}

/** A memory reference in the module's memory. */
interface Shared {
  readonly address: number;
  readonly size: number;
}

export class TeeModule {
  readonly #exports: Exports;
  readonly #blobs: BlobStore;
  #dead = false;

  constructor(module: WebAssembly.Module, blobs: BlobStore) {
    this.#blobs = blobs;
    const instance = new WebAssembly.Instance(module, { host: this.#host() });
    this.#exports = instance.exports as Exports;
    this.#exports.boot();
  }

  /** Whether the TA has panicked; nothing may be called any more. */
  get dead(): boolean {
    return this.#dead;
  }

  /** The 16 octets of the TA's UUID. */
  uuid(): Uint8Array {
    return swapUuid(this.#bytes(this.#exports.taUuid(), UUID_SIZE));
  }

  /** Opens a session. `session` is set if `result` is 0. */
  open(client: Client, params: readonly EncodedParam[]): Outcome & { readonly session: number } {
    const at = this.#exports.request();
    const view = this.#view();
    view.setUint32(at + Request.LOGIN, client.login, true);
    this.#bytes(at + Request.UUID, UUID_SIZE).set(swapUuid(client.uuid));
    const outcome = this.#call(params, () => this.#exports.open());
    return { ...outcome, session: this.#dead ? 0 : this.#view().getUint32(at + Request.SESSION, true) };
  }

  invoke(session: number, command: number, params: readonly EncodedParam[]): Outcome {
    const at = this.#exports.request();
    const view = this.#view();
    view.setUint32(at + Request.SESSION, session, true);
    view.setUint32(at + Request.COMMAND, command, true);
    return this.#call(params, () => this.#exports.invoke());
  }

  close(session: number): void {
    this.#guard(() => {
      this.#exports.close(session);
      return 0;
    });
  }

  #call(params: readonly EncodedParam[], enter: () => number): Outcome {
    const shared: (Shared | undefined)[] = [];
    try {
      for (const param of params) shared.push(this.#share(param));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      for (const memory of shared) this.#release(memory);
      return bareOutcome(TeeResult.OUT_OF_MEMORY, Origin.API);
    }
    this.#putParams(params, shared);
    const result = this.#guard(enter);
    if (this.#dead) return bareOutcome(result, Origin.TEE);
    const at = this.#exports.request();
    const results = params.map((param, index) => this.#result(param, shared[index], result, at + index * PARAM_SIZE));
    for (const memory of shared) this.#release(memory);
    const origin = this.#view().getUint32(at + Request.ORIGIN, true);
    return { result, origin, params: [results[0], results[1], results[2], results[3]] };
  }

  /** Makes a memory reference. @throws RangeError if the module has no memory for it */
  #share({ type, data, size = 0 }: EncodedParam): Shared | undefined {
    if (!isMemref(type)) return undefined;
    const address = this.#exports.allocate(size);
    if (address === 0) throw new RangeError('out of memory');
    const memory = this.#bytes(address, size).fill(0);
    if (data) memory.set(data);
    return { address, size };
  }

  #release(memory: Shared | undefined): void {
    if (memory === undefined) return;
    this.#bytes(memory.address, memory.size).fill(0);
    this.#exports.free(memory.address);
  }

  #putParams(params: readonly EncodedParam[], shared: readonly (Shared | undefined)[]): void {
    const at = this.#exports.request();
    const view = this.#view();
    let types = 0;
    for (let index = 0; index < 4; index++) {
      const { type = ParamType.NONE, a = 0, b = 0 } = params[index] ?? {};
      const memory = shared[index];
      types |= type << (4 * index);
      view.setUint32(at + Request.PARAMS + index * PARAM_SIZE, memory?.address ?? a, true);
      view.setUint32(at + Request.PARAMS + index * PARAM_SIZE + 4, memory?.size ?? b, true);
    }
    view.setUint32(at + Request.PARAM_TYPES, types, true);
  }

  #result({ type }: EncodedParam, memory: Shared | undefined, result: number, at: number): ParamResult {
    const view = this.#view();
    const first = view.getUint32(at + Request.PARAMS, true);
    const second = view.getUint32(at + Request.PARAMS + 4, true);
    if (type === ParamType.VALUE_OUTPUT || type === ParamType.VALUE_INOUT) return { a: first, b: second };
    if (memory === undefined || type === ParamType.MEMREF_INPUT) return undefined;
    const fits = second <= memory.size && result !== TeeResult.SHORT_BUFFER;
    return { size: second, data: Buffer.from(this.#bytes(memory.address, fits ? second : 0).slice().buffer) };
  }

  /** Calls into the module. Whatever is thrown out of it has left it in the middle of something. */
  #guard(enter: () => number): number {
    if (this.#dead) return TeeResult.TARGET_DEAD;
    try {
      return enter() >>> 0;
    } catch (error) {
      this.#dead = true;
      if (error instanceof Abandoned || error instanceof WebAssembly.RuntimeError) return TeeResult.TARGET_DEAD;
      throw error;
    }
  }

  #host() {
    const name = (address: number, size: number) =>
      Buffer.from(this.#exports.memory.buffer, address, size).toString('hex');
    return {
      abandon: () => {
        throw new Abandoned();
      },
      random: (address: number, size: number) => {
        const longest = 65_536;
        for (let done = 0; done < size; done += longest) {
          webcrypto.getRandomValues(this.#bytes(address + done, Math.min(longest, size - done)));
        }
      },
      time: () => performance.now(),
      wallTime: () => Date.now(),
      statBlob: (id: number, idSize: number, size: number) =>
        resultOf(() => {
          this.#view().setUint32(size, this.#blobs.size(name(id, idSize)), true);
        }),
      readBlob: (id: number, idSize: number, to: number, size: number) =>
        resultOf(() => {
          const data = this.#blobs.read(name(id, idSize));
          if (data.length !== size) throw new BlobError(TeeResult.CORRUPT_OBJECT, 'the size is another one');
          this.#bytes(to, size).set(data);
          data.fill(0);
        }),
      writeBlob: (id: number, idSize: number, from: number, size: number) =>
        resultOf(() => {
          this.#blobs.write(name(id, idSize), this.#bytes(from, size));
        }),
      removeBlob: (id: number, idSize: number) =>
        resultOf(() => {
          this.#blobs.remove(name(id, idSize));
        }),
    };
  }

  /** A new one for each use: memory that grows leaves the old ones empty. */
  #view(): DataView {
    return new DataView(this.#exports.memory.buffer);
  }

  #bytes(address: number, size: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#exports.memory.buffer, address, size);
  }
}

function isMemref(type: number): boolean {
  return type === ParamType.MEMREF_INPUT || type === ParamType.MEMREF_OUTPUT || type === ParamType.MEMREF_INOUT;
}

function resultOf(access: () => void): number {
  try {
    access();
    return 0;
  } catch (error) {
    if (error instanceof BlobError) return error.result;
    throw error;
  }
}
