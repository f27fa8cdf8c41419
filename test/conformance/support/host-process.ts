// SPDX-License-Identifier: MIT
import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import type { Socket } from 'node:net';

import { decode, encode, frame, MessageReader } from '../../../machine/guest/portable.cjs';
import type { RunContext } from '../../../machine/machine.mjs';
import { root } from '../../unit/support/soft-tee.js';

const PROGRAM = path.join(root, 'machine/guest/user.cjs');

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** A process of this machine that runs functions as those of the OP-TEE machine do, from the package as it was built. */
export class HostProcess {
  readonly #child: ChildProcess;
  readonly #socket: Socket;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;

  constructor(env: NodeJS.ProcessEnv = {}) {
    this.#child = spawn(process.execPath, [PROGRAM], {
      cwd: root,
      // With io_uring Node.js 20 refuses to change the user.
      env: { ...process.env, NODE_ENV: 'test', UV_USE_IO_URING: '0', ...env },
      stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    });
    this.#socket = this.#child.stdio[3] as Socket;
    const reader = new MessageReader((message: Buffer) => {
      this.#settle(decode(message) as { id?: number; value?: unknown; error?: unknown });
    });
    this.#socket.on('data', (bytes) => {
      reader.push(bytes);
    });
    this.#child.on('close', (code, signal) => {
      const error = new Error(`the process ended with ${String(signal ?? code)}`);
      for (const { reject } of this.#pending.values()) reject(error);
      this.#pending.clear();
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

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = new Promise((resolve) => this.#child.once('close', resolve));
    this.#socket.end();
    await closed;
  }

  #settle({ id = 0, value, ...rest }: { id?: number; value?: unknown; error?: unknown }): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if ('error' in rest) pending?.reject(rest.error);
    else pending?.resolve(value);
  }
}
