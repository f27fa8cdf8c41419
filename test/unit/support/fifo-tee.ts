// SPDX-License-Identifier: MIT
/**
 * A TEE that keeps values and works like the addon: each session has a queue that goes on without JavaScript's leave. A
 * test says which requests go wrong.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { connect } from '../../../src-ts/connection/open.js';
import { Command } from '../../../src-ts/protocol/contract.js';
import { SecureStorage } from '../../../src-ts/store.js';
import { TeeResult } from '../../../src-ts/tee/results.js';
import {
  bareOutcome,
  Origin,
  TeeFailure,
  type Outcome,
  type Param,
  type SessionTarget,
  type TeeBackend,
  type TeeSession,
} from '../../../src-ts/tee/seam.js';
import { ScriptedTee } from './scripted-tee.js';

/** A request that goes wrong: with which result, and whether the TA has carried it out all the same. */
export interface Trouble {
  readonly result: number;
  readonly carriedOut: boolean;
}

type Carried = Pick<Outcome, 'result' | 'params'>;

export class FifoTee implements TeeBackend {
  readonly name = 'fifo';
  readonly secure = false;
  readonly values = new Map<string, { value: string; revision: number }>();
  /** What was carried out, in order: the keys. */
  readonly carriedOut: string[] = [];
  /** What goes wrong, by the number of the request, from 0 on over all sessions. */
  readonly troubles = new Map<number, Trouble>();
  sessions = 0;
  #requests = 0;
  #revision = 0;
  readonly #greeting = new ScriptedTee();

  async open(target: SessionTarget): Promise<{ session: TeeSession }> {
    this.sessions++;
    await sleep(1);
    return { session: this.#session(target.stopAt ?? []) };
  }

  async store(): Promise<SecureStorage> {
    return new SecureStorage(await connect({}, { backend: this }));
  }

  #session(stopAt: readonly number[]): TeeSession {
    let stopped = false;
    let tail: Promise<unknown> = Promise.resolve();
    const carryOut = async (command: number, params: readonly Param[]): Promise<Outcome> => {
      await sleep(0);
      if (stopped) throw new TeeFailure('closed', 'the session has stopped');
      const outcome = this.#answer(command, params);
      stopped = stopAt.includes(outcome.result);
      return outcome;
    };
    return {
      invoke: (command, params) => {
        const taken = params.map((param) => ('data' in param ? { ...param, data: Buffer.from(param.data) } : param));
        const done = tail.then(() => carryOut(command, taken));
        tail = done.catch(() => undefined);
        return done;
      },
      close: () => tail.then(() => undefined),
    };
  }

  #answer(command: number, params: readonly Param[]): Outcome {
    if (command === Command.WHOAMI) return { ...bareOutcome(0, Origin.TRUSTED_APP), ...this.#greeting.whoami() };
    const trouble = this.troubles.get(this.#requests++);
    if (trouble?.carriedOut === false) return bareOutcome(trouble.result, Origin.TEE);
    const done = this.#change(command, params);
    if (trouble) return bareOutcome(trouble.result, Origin.TEE);
    return { origin: Origin.TRUSTED_APP, ...done };
  }

  #change(command: number, params: readonly Param[]): Carried {
    const [key = '', value = ''] = params.map((param) => ('data' in param ? Buffer.from(param.data).toString() : ''));
    this.carriedOut.push(key);
    const revision = { a: ++this.#revision, b: 0 };
    const stored = this.values.get(key);
    switch (command) {
      case Command.PUT:
        this.values.set(key, { value, revision: revision.a });
        return { result: 0, params: [undefined, undefined, revision, undefined] };
      case Command.DELETE:
        this.values.delete(key);
        if (!stored) return { result: TeeResult.ITEM_NOT_FOUND, params: [undefined, undefined, undefined, undefined] };
        return { result: 0, params: [undefined, { a: stored.revision, b: 0 }, undefined, undefined] };
      default:
        throw new Error(`the test did not expect command ${String(command)}`);
    }
  }
}
