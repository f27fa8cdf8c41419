// SPDX-License-Identifier: MIT
import { Worker } from 'node:worker_threads';

/** Runs a function of a file of scenarios in a worker thread, with one argument that JSON can say. */
export function startWorker(file: string, name: string, argument: unknown = null): Worker {
  const hook = JSON.stringify(require.resolve('./typescript_hook.cjs'));
  const call = `require(${JSON.stringify(file)}).${name}(${JSON.stringify(argument)})`;
  return new Worker(`require(${hook}); void ${call};`, { eval: true, execArgv: [] });
}

/** The worker's first message. */
export function messageOf(worker: Worker): Promise<unknown> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve).once('error', reject);
  });
}
