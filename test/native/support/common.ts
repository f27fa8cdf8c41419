// SPDX-License-Identifier: MIT
/** What scenarios share. */
import { nativeBackend } from '../../../src-ts/native/backend.js';
import { TeeFailure, type Outcome, type Param, type SessionTarget, type TeeSession } from '../../../src-ts/tee/seam.js';
import { Command, target } from './fake.js';

/** The fake answers at once: this limit only bounds what hangs. */
export const PATIENT = { timeoutMs: 30_000 };

export async function open(to: SessionTarget = target()): Promise<TeeSession> {
  const answer = await nativeBackend().open(to, PATIENT);
  if ('refused' in answer) throw new Error(`refused: ${JSON.stringify(answer.refused)}`);
  return answer.session;
}

export function invoke(session: TeeSession, command: number, ...params: Param[]): Promise<Outcome> {
  return session.invoke(command, params, PATIENT);
}

/** One of the fake's counters. */
export async function counter(session: TeeSession, which: number): Promise<number> {
  const outcome = await invoke(session, Command.COUNTER, { type: 'value-in', a: which, b: 0 }, { type: 'value-out' });
  return (outcome.params[1] as { a: number }).a;
}

/** What a call was rejected with, as plain data. */
export async function failure(action: () => Promise<unknown>) {
  try {
    await action();
  } catch (error) {
    if (error instanceof TeeFailure) return { kind: error.kind, started: error.started, detail: error.detail };
    return { kind: (error as Error).name, started: false, detail: (error as Error).message };
  }
  throw new Error('it was not rejected');
}
