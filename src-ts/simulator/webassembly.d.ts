// SPDX-License-Identifier: MIT
/** What the simulator uses of the WebAssembly JavaScript Interface; @types/node leaves that to the DOM's types. */
declare namespace WebAssembly {
  interface Module {
    readonly __module: never;
  }
  const Module: new (bytes: Uint8Array) => Module;
  class Instance {
    constructor(module: Module, imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>);
    readonly exports: unknown;
  }
  class RuntimeError extends Error {}
}
