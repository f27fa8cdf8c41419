// SPDX-License-Identifier: MIT
import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import type { Socket } from 'node:net';

import type { RunContext } from '../../../machine/machine.mjs';
import { root } from '../../unit/support/soft-tee.js';
import { RemoteRuns } from './remote-runs.js';

const PROGRAM = path.join(root, 'machine/guest/user.cjs');

/** A process of this machine that runs functions as those of the OP-TEE machine do, from the package as it was built. */
export class HostProcess {
  readonly #child: ChildProcess;
  readonly #socket: Socket;
  readonly #runs: RemoteRuns;

  constructor(env: NodeJS.ProcessEnv = {}) {
    this.#child = spawn(process.execPath, [PROGRAM], {
      cwd: root,
      // With io_uring Node.js 20 refuses to change the user.
      env: { ...process.env, NODE_ENV: 'test', UV_USE_IO_URING: '0', ...env },
      stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
    });
    this.#socket = this.#child.stdio[3] as Socket;
    this.#runs = new RemoteRuns(this.#socket);
    this.#child.on('close', (code, signal) => {
      this.#runs.fail(new Error(`the process ended with ${String(signal ?? code)}`));
    });
  }

  /** As UserProcess.run() of the OP-TEE machine. */
  run<A extends unknown[], R>(run: (context: RunContext, ...args: A) => R | Promise<R>, ...args: A): Promise<R> {
    return this.#runs.run(run, ...args);
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const closed = new Promise((resolve) => this.#child.once('close', resolve));
    this.#socket.end();
    await closed;
  }
}
