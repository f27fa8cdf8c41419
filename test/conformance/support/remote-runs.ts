// SPDX-License-Identifier: MIT
import type { Socket } from 'node:net';

import { decode, encode, frame, MessageReader } from '../../../machine/guest/portable.cjs';
import type { RunContext } from '../../../machine/machine.mjs';

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Functions that another process runs (machine/guest/user.cjs), and its answers. */
export class RemoteRuns {
  readonly #socket: Socket;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    const reader = new MessageReader((message: Buffer) => {
      this.#settle(decode(message) as { id?: number; value?: unknown; error?: unknown });
    });
    socket.on('data', (bytes) => {
      reader.push(bytes);
    });
  }

  /** As UserProcess.run() of the OP-TEE machine. */
  run<A extends unknown[], R>(run: (context: RunContext, ...args: A) => R | Promise<R>, ...args: A): Promise<R> {
    const id = ++this.#lastId;
    // The arguments are copied before this returns.
    const message = frame(encode({ id, text: run.toString(), args }));
    return new Promise((resolve, reject) => {
      const settle = (value: unknown) => {
        resolve(value as R);
      };
      this.#pending.set(id, { resolve: settle, reject });
      this.#socket.write(message);
    });
  }

  /** The process has ended: nothing will be answered any more. */
  fail(error: Error): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }

  #settle({ id = 0, value, ...rest }: { id?: number; value?: unknown; error?: unknown }): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if ('error' in rest) pending?.reject(rest.error);
    else pending?.resolve(value);
  }
}
