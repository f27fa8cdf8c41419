// SPDX-License-Identifier: MIT
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import path from 'node:path';

import type { RunContext } from '../../../machine/machine.mjs';
import { RemoteRuns } from '../../conformance/support/remote-runs.js';
import { root } from '../../unit/support/soft-tee.js';

/** In the package's folder, so that what runs there finds the package by its name. */
const PROGRAM = 'machine/guest/user.cjs';

/** What tools/windows.mjs says: Wine's program and folder, and Windows' Node.js. */
function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: npm run test:windows sets it`);
  return value;
}

/** A file of this machine as Wine shows it. */
export const windowsPath = (file: string): string => `Z:${file.replaceAll('/', '\\')}`;

/** A process of Windows' Node.js under Wine that runs functions as those of the OP-TEE machine do. */
export class WineProcess {
  readonly #child: ChildProcess;
  readonly #socket: Socket;
  readonly #runs: RemoteRuns;

  private constructor(child: ChildProcess, socket: Socket) {
    this.#child = child;
    this.#socket = socket;
    this.#runs = new RemoteRuns(socket);
    child.on('exit', (code, signal) => {
      socket.destroy();
      this.#runs.fail(new Error(`the process ended with ${String(signal ?? code)}`));
    });
  }

  static async start(env: NodeJS.ProcessEnv = {}): Promise<WineProcess> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const args = [setting('WINDOWS_NODE'), windowsPath(path.join(root, PROGRAM)), String(port)];
    const child = spawn(setting('WINE'), args, {
      cwd: root,
      env: { ...process.env, WINEDEBUG: '-all', NODE_ENV: 'test', ...env },
      // Node.js takes no pipes of Wine's for these.
      stdio: ['ignore', 'ignore', 'ignore'],
    });
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`Windows' Node.js ended with ${String(code)} before it began`);
    });
    const [socket] = (await Promise.race([once(server, 'connection'), ended])) as [Socket];
    ended.catch(() => {});
    server.close();
    return new WineProcess(child, socket);
  }

  /** As UserProcess.run() of the OP-TEE machine. */
  run<A extends unknown[], R>(run: (context: RunContext, ...args: A) => R | Promise<R>, ...args: A): Promise<R> {
    return this.#runs.run(run, ...args);
  }

  /** At once, as if Windows had ended it. */
  async kill(): Promise<void> {
    await this.run(() => {
      setImmediate(() => process.kill(process.pid, 'SIGKILL'));
    });
    await this.#ended();
  }

  async close(): Promise<void> {
    this.#socket.end();
    await this.#ended();
  }

  async #ended(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
  }
}
