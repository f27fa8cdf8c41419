// SPDX-License-Identifier: MIT
/** Faults to order, between the API and the TEE: the application sees what it would see if the real thing went wrong. */
import { setTimeout as sleep } from 'node:timers/promises';

import { checkOptions, integer, milliseconds, oneOf } from '../arguments/checks.js';
import { halves } from '../protocol/packing.js';
import { Command, REVISION_ABSENT, REVISION_ANY, TaError } from '../protocol/contract.js';
import { TeeResult } from '../tee/results.js';
import {
  bareOutcome,
  Origin,
  TeeFailure,
  type CallOptions,
  type Outcome,
  type Param,
  type TeeSession,
} from '../tee/seam.js';

/** Something that shall go wrong. */
export interface Fault {
  /**
   * - `timeout`: the TEE does not answer, and does nothing: ERR_TIMEOUT at the call's deadline
   * - `slow`: it answers `delayMs` late
   * - `ta-dead`: the Trusted Application panics before it does anything. As in OP-TEE, what may be sent again is, once,
   *   so that a read or a put without a condition survives it; with `times: 2` it fails with ERR_TA_DEAD as well
   * - `corrupt`: what is stored is damaged: ERR_CORRUPT
   * - `no-space`: the storage is full: ERR_NO_SPACE from what changes something
   * - `conflict`: another client was quicker: ERR_CONFLICT from a change with `ifRevision` and from batch(), ERR_EXISTS
   *   from one with `ifAbsent`
   */
  readonly kind: 'timeout' | 'slow' | 'ta-dead' | 'corrupt' | 'no-space' | 'conflict';
  /** The method of the store that it shall happen to. @default whichever comes next that it can happen to */
  readonly operation?: keyof typeof commandsOf | undefined;
  /** How often, for as many requests. @default 1 */
  readonly times?: number | undefined;
  /** For `slow`: milliseconds. @default 100 */
  readonly delayMs?: number | undefined;
}

/** The commands that each method consists of. */
const commandsOf = {
  get: [Command.GET],
  getEntry: [Command.GET],
  getMany: [Command.GET_MANY],
  put: [Command.PUT],
  delete: [Command.DELETE],
  has: [Command.STAT],
  stat: [Command.STAT],
  list: [Command.LIST],
  keys: [Command.LIST],
  entries: [Command.LIST, Command.GET_MANY],
  batch: [Command.BATCH],
  generate: [Command.GENERATE],
  clear: [Command.CLEAR],
  info: [Command.INFO],
} as const;

const changing: readonly number[] = [Command.PUT, Command.DELETE, Command.BATCH, Command.GENERATE, Command.CLEAR];
const all: readonly number[] = Object.values(commandsOf).flat();
/** What each kind of fault can happen to. */
const reach: Readonly<Record<Fault['kind'], readonly number[]>> = {
  timeout: all,
  slow: all,
  'ta-dead': all,
  corrupt: all.filter((command) => command !== Command.INFO),
  'no-space': changing,
  conflict: [Command.PUT, Command.DELETE, Command.BATCH, Command.GENERATE],
};

const kinds = Object.keys(reach) as Fault['kind'][];
const operations = Object.keys(commandsOf) as (keyof typeof commandsOf)[];
const MOST_TIMES = 1_000_000_000;
const schema = {
  kind: oneOf(...kinds),
  operation: oneOf(...operations),
  times: integer(1, MOST_TIMES),
  delayMs: milliseconds,
};

interface Order {
  readonly kind: Fault['kind'];
  readonly commands: readonly number[];
  readonly delayMs: number;
  left: number;
}

/** Faults ordered and not yet come to pass. */
export class Faults {
  readonly #killTa: () => Promise<void>;
  #orders: Order[] = [];

  /** @param killTa makes the TA panic */
  constructor(killTa: () => Promise<void>) {
    this.#killTa = killTa;
  }

  /** @throws SecureStorageError ERR_INVALID_ARG, also for a fault that cannot happen to the operation */
  order(fault: Fault): void {
    const { kind, operation, times = 1, delayMs = 100 } = checkOptions(fault, schema, 'fault');
    const possible = kind === undefined ? [] : reach[kind];
    const commands = operation === undefined ? possible : commandsOf[operation].filter((one) => possible.includes(one));
    // Without a kind, or of a kind that the operation does not know.
    const what = operation === undefined ? 'fault.kind' : `fault.kind for operation '${operation}'`;
    if (kind === undefined || commands.length === 0) oneOf(...kindsOf(operation))(kind, what);
    else this.#orders.push({ kind, commands, delayMs, left: times });
  }

  clear(): void {
    this.#orders = [];
  }

  /** A session that the faults happen to. */
  around(session: TeeSession): TeeSession {
    return {
      invoke: (command, params, options) => this.#invoke(session, command, params, options),
      close: () => session.close(),
    };
  }

  async #invoke(
    session: TeeSession,
    command: number,
    params: readonly Param[],
    options: CallOptions,
  ): Promise<Outcome> {
    const fault = this.#next(command, params);
    switch (fault?.kind) {
      case undefined:
        return session.invoke(command, params, options);
      case 'timeout':
        return unanswered(options);
      case 'slow':
        return late(fault.delayMs, options, copies(params), (taken) => session.invoke(command, taken, options));
      case 'ta-dead':
        await this.#killTa();
        return session.invoke(command, params, options);
      case 'corrupt':
        return refusal(TeeResult.CORRUPT_OBJECT);
      case 'no-space':
        return refusal(TeeResult.STORAGE_NO_SPACE);
      case 'conflict':
        return refusal(expectsAbsence(params) ? TaError.EXISTS : TaError.CONFLICT);
    }
  }

  #next(command: number, params: readonly Param[]): Order | undefined {
    const fits = ({ kind, commands }: Order) =>
      commands.includes(command) && (kind !== 'conflict' || command === Command.BATCH || hasCondition(params));
    const order = this.#orders.find(fits);
    if (order === undefined) return undefined;
    order.left--;
    if (order.left === 0) this.#orders = this.#orders.filter((other) => other !== order);
    return order;
  }
}

function kindsOf(operation: Fault['operation']): Fault['kind'][] {
  if (operation === undefined) return kinds;
  return kinds.filter((kind) => commandsOf[operation].some((command) => reach[kind].includes(command)));
}

async function unanswered({ timeoutMs }: CallOptions): Promise<never> {
  await sleep(timeoutMs);
  throw new TeeFailure('timeout', `the TEE has not answered for ${String(timeoutMs)} ms`, true);
}

/** A command that the TEE carries out late, even if nobody waits for the answer any more. */
async function late<T>(
  delayMs: number,
  options: CallOptions,
  params: readonly Param[],
  invoke: (params: readonly Param[]) => Promise<T>,
): Promise<T> {
  const answer = sleep(delayMs).then(() => invoke(params));
  if (delayMs < options.timeoutMs) return answer;
  void answer.catch(() => undefined);
  return unanswered(options);
}

/** The caller may wipe its bytes when the call has returned. */
function copies(params: readonly Param[]): Param[] {
  return params.map((param) => ('data' in param ? { ...param, data: Uint8Array.from(param.data) } : param));
}

function refusal(result: number): Outcome {
  return bareOutcome(result, Origin.TRUSTED_APP);
}

/** Whether a change expects some revision: the commands that can have one in-and-out value for it. */
function hasCondition(params: readonly Param[]): boolean {
  return params.some((param) => param.type === 'value-inout' && !same(param, REVISION_ANY));
}

function expectsAbsence(params: readonly Param[]): boolean {
  return params.some((param) => param.type === 'value-inout' && same(param, halves(REVISION_ABSENT)));
}

function same(one: { readonly a: number; readonly b: number }, other: { readonly a: number; readonly b: number }) {
  return one.a === other.a && one.b === other.b;
}
