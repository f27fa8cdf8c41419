// SPDX-License-Identifier: MIT
import type { CallOptions, Outcome, Param, SessionTarget, TeeSession } from '../../../src-ts/tee/seam.js';
import type { RunContext, UserProcess } from '../../../machine/machine.mjs';
import { RemoteObject } from './remote-object.js';

const PATIENT: CallOptions = { timeoutMs: 10_000 };

/** A session with a Trusted Application below all rules of the API, or what it was refused with. */
export type Opened = { readonly session: RemoteSession } | { readonly refused: Outcome };

/** Opens a session through the seam of the package that is installed in the machine. */
export async function openRemoteSession(process: UserProcess, target: SessionTarget): Promise<Opened> {
  const opened = await RemoteObject.make(process, openThere, target, PATIENT);
  const refused = (await opened.call('refused', [])) as Outcome | null;
  return refused === null ? { session: new RemoteSession(opened) } : { refused };
}

/** As openRemoteSession(), for sessions that must open. */
export async function mustOpenSession(process: UserProcess, target: SessionTarget): Promise<RemoteSession> {
  const opened = await openRemoteSession(process, target);
  if ('refused' in opened) throw new Error(`the session was refused: ${JSON.stringify(opened.refused)}`);
  return opened.session;
}

/** Commands of a session over there. */
export class RemoteSession {
  readonly #session: RemoteObject;

  constructor(session: RemoteObject) {
    this.#session = session;
  }

  async invoke(command: number, params: readonly Param[], options = PATIENT): Promise<Outcome> {
    return (await this.#session.call('invoke', [command, params, options])) as Outcome;
  }

  async close(): Promise<void> {
    await this.#session.call('close', []);
  }
}

/** Runs over there. */
async function openThere({ require }: RunContext, target: SessionTarget, options: CallOptions) {
  const file = '/opt/optee-secure-storage/dist/native/backend.js';
  const { nativeBackend } = require(file) as typeof import('../../../src-ts/native/backend.js');
  const opened = await nativeBackend().open(target, options);
  const session: TeeSession | null = 'session' in opened ? opened.session : null;
  return {
    refused: () => ('refused' in opened ? opened.refused : null),
    invoke: (...args: Parameters<TeeSession['invoke']>) => session?.invoke(...args),
    close: () => session?.close(),
  };
}
