// SPDX-License-Identifier: MIT
/** Faults to order, between the API and the TEE: the application sees what it would see if the real thing went wrong. */
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
  type TeeBackend,
  type TeeSession,
} from '../tee/seam.js';
import { Turns, type Turn } from './turns.js';

/** Something that shall go wrong. */
export interface Fault {
  /**
   * - `timeout`: the TEE does not answer, and does nothing: ERR_TIMEOUT at the call's deadline. Until then the calls behind
   *   it wait for their turn, each until its own deadline.
   * - `slow`: it answers `delayMs` late, also if nobody waits for the answer any more. The calls behind it wait.
   * - `ta-dead`: the Trusted Application panics before it does anything. As in OP-TEE, what may be sent again is, once,
   *   so that a read or a put without a condition survives it; with `times: 2` it fails with ERR_TA_DEAD as well.
   * - `corrupt`: what is stored is damaged: ERR_CORRUPT.
   * - `no-space`: the storage is full: ERR_NO_SPACE from what changes something.
   * - `no-storage`: the storage is not available, for example not mounted. What may be sent again is, once, as after
   *   `ta-dead`; with `times: 2` it fails with ERR_STORAGE.
   * - `no-supplicant`: tee-supplicant is not running: ERR_NO_SUPPLICANT.
   * - `busy`: the TEE takes no request: ERR_BUSY.
   * - `conflict`: another client was quicker: ERR_CONFLICT from a change with `ifRevision` and from batch(), ERR_EXISTS
   *   from one with `ifAbsent`.
   * - `no-permission`, `no-device`, `ta-not-found`: a store cannot be opened: ERR_PERMISSION, ERR_NO_DEVICE,
   *   ERR_TA_NOT_FOUND.
   */
  readonly kind: Kind;
  /**
   * The method that it shall happen to; `open` is MemoryTee.open(), and what opens the session again after `ta-dead`.
   * @default the next one that it can happen to; `open` only if it can happen to nothing else
   */
  readonly operation?: Operation | undefined;
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

/** In place of a command: a session is opened. */
const OPENING = -1;
const stepsOf = { open: [OPENING], ...commandsOf } as const;

const changing: readonly number[] = [Command.PUT, Command.DELETE, Command.BATCH, Command.GENERATE, Command.CLEAR];
const all: readonly number[] = Object.values(commandsOf).flat();
const opening: readonly number[] = [OPENING];

/** What each kind of fault can happen to. */
const reach = {
  timeout: [...all, OPENING],
  slow: [...all, OPENING],
  'ta-dead': all,
  corrupt: [...all.filter((command) => command !== Command.INFO), OPENING],
  'no-space': changing,
  'no-storage': [...all, OPENING],
  'no-supplicant': [...all, OPENING],
  busy: [...all, OPENING],
  conflict: [Command.PUT, Command.DELETE, Command.BATCH, Command.GENERATE],
  'no-permission': opening,
  'no-device': opening,
  'ta-not-found': opening,
} as const satisfies Readonly<Record<string, readonly number[]>>;

type Kind = keyof typeof reach;
type Operation = keyof typeof stepsOf;

/** Results with which the TEE or the Trusted Application refuses. */
const refusals: Partial<Record<Kind, readonly [result: number, origin: number]>> = {
  corrupt: [TeeResult.CORRUPT_OBJECT, Origin.TRUSTED_APP],
  'no-space': [TeeResult.STORAGE_NO_SPACE, Origin.TRUSTED_APP],
  'no-storage': [TeeResult.STORAGE_NOT_AVAILABLE, Origin.TRUSTED_APP],
  busy: [TeeResult.BUSY, Origin.TEE],
  'ta-not-found': [TeeResult.ITEM_NOT_FOUND, Origin.TEE],
};

const kinds = Object.keys(reach) as Kind[];
const operations = Object.keys(stepsOf) as Operation[];
const MOST_TIMES = 1_000_000_000;
const schema = {
  kind: oneOf(...kinds),
  operation: oneOf(...operations),
  times: integer(1, MOST_TIMES),
  delayMs: milliseconds,
};

interface Order {
  readonly kind: Kind;
  readonly steps: readonly number[];
  readonly delayMs: number;
  left: number;
}

/** Faults ordered and not yet come to pass, and the queue in which they happen. */
export class Faults {
  readonly #killTa: () => Promise<void>;
  readonly #turns = new Turns();
  #orders: Order[] = [];

  /** @param killTa makes the TA panic, before it is asked anything else */
  constructor(killTa: () => Promise<void>) {
    this.#killTa = killTa;
  }

  /** @throws SecureStorageError ERR_INVALID_ARG, also for a fault that cannot happen to the operation */
  order(fault: Fault): void {
    const { kind, operation, times = 1, delayMs = 100 } = checkOptions(fault, schema, 'fault');
    const steps = kind === undefined ? [] : stepsFor(kind, operation);
    // Without a kind, or of a kind that the operation does not know.
    const what = operation === undefined ? 'fault.kind' : `fault.kind for operation '${operation}'`;
    const possible = kinds.filter((one) => stepsFor(one, operation).length > 0);
    if (kind === undefined || steps.length === 0) oneOf(...possible)(kind, what);
    else this.#orders.push({ kind, steps, delayMs, left: times });
  }

  clear(): void {
    this.#orders = [];
  }

  /** Ends what stalls and what waits behind it. */
  end(): void {
    this.#turns.end();
  }

  /** A backend that the faults happen to. */
  around(name: string, { secure, open }: Pick<TeeBackend, 'secure' | 'open'>): TeeBackend {
    const openNow: TeeBackend['open'] = async (target, options) => {
      const answer = await open(target, options);
      if ('refused' in answer) return answer;
      const { stopAt = [] } = target;
      return { session: new FaultySession(answer.session, stopAt, this.#turns, (...next) => this.#turn(...next)) };
    };
    return {
      name,
      secure,
      open: (target, options) => {
        const refused = (outcome: Outcome) => ({ refused: outcome });
        return this.#turns.run(() => this.#turn(OPENING, [], refused, (left) => openNow(target, left)), options).answer;
      },
    };
  }

  /**
   * What happens to a request now.
   * @param refused makes its answer of a refusal
   * @param send carries it out
   */
  #turn<T>(
    step: number,
    params: readonly Param[],
    refused: (outcome: Outcome) => T,
    send: Turn<T>['carryOut'],
  ): Turn<T> {
    const order = this.#next(step, params);
    if (order === undefined) return { stallMs: 0, carryOut: send };
    switch (order.kind) {
      case 'timeout':
        return { stallMs: Infinity, carryOut: send };
      case 'slow':
        return { stallMs: order.delayMs, carryOut: send };
      case 'ta-dead':
        void this.#killTa().catch(() => undefined);
        return { stallMs: 0, carryOut: send };
      case 'no-supplicant':
        throw new TeeFailure('no-supplicant', 'no tee-supplicant is running', true);
      case 'no-permission':
        throw new TeeFailure('no-permission', '/dev/tee0 (EACCES)');
      case 'no-device':
        throw new TeeFailure('no-device', '/dev/tee0 does not exist');
      case 'conflict': {
        const result = expectsAbsence(params) ? TaError.EXISTS : TaError.CONFLICT;
        return at(refused(bareOutcome(result, Origin.TRUSTED_APP)));
      }
      default:
        return at(refused(bareOutcome(...(refusals[order.kind] ?? [TeeResult.GENERIC, Origin.TEE]))));
    }
  }

  #next(step: number, params: readonly Param[]): Order | undefined {
    const fits = ({ kind, steps }: Order) =>
      steps.includes(step) && (kind !== 'conflict' || step === Command.BATCH || hasCondition(params));
    const order = this.#orders.find(fits);
    if (order === undefined) return undefined;
    order.left--;
    if (order.left === 0) this.#orders = this.#orders.filter((other) => other !== order);
    return order;
  }
}

type NextTurn = (
  command: number,
  params: readonly Param[],
  refused: (outcome: Outcome) => Outcome,
  send: Turn<Outcome>['carryOut'],
) => Turn<Outcome>;

/** A session in which faults happen, and which stops where the one behind it would. */
class FaultySession implements TeeSession {
  readonly #underWay = new Set<{ readonly answer: Promise<unknown>; readonly done: Promise<unknown> }>();
  #stopped = false;
  #closed: Promise<void> | undefined;

  constructor(
    private readonly session: TeeSession,
    private readonly stopAt: readonly number[],
    private readonly turns: Turns,
    private readonly nextTurn: NextTurn,
  ) {}

  invoke(command: number, params: readonly Param[], options: CallOptions): Promise<Outcome> {
    if (this.#closed) return Promise.reject(new TeeFailure('closed', 'the session is closed'));
    // The caller may wipe its bytes when this has returned.
    let given: readonly Param[] = params;
    const request = this.turns.run(() => {
      if (this.#stopped) throw new TeeFailure('closed', 'the session has stopped');
      const send = (left: CallOptions) => this.session.invoke(command, given, left);
      return this.nextTurn(command, given, (outcome) => this.#noting(outcome), send);
    }, options);
    if (this.turns.stalled) given = copies(params);
    this.#underWay.add(request);
    void request.done.then(() => this.#underWay.delete(request));
    return request.answer;
  }

  /** Waits for the callers, and for the TEE only where a caller still does. */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    const requests = [...this.#underWay];
    await Promise.allSettled(requests.map(({ answer }) => answer));
    const closing = Promise.all(requests.map(({ done }) => done)).then(() => this.session.close());
    if (!this.turns.stalled) await closing;
  }

  #noting(outcome: Outcome): Outcome {
    if (this.stopAt.includes(outcome.result)) this.#stopped = true;
    return outcome;
  }
}

/** The steps of an operation that a kind of fault can happen to. */
function stepsFor(kind: Kind, operation: Operation | undefined): readonly number[] {
  const possible: readonly number[] = reach[kind];
  if (operation !== undefined) return stepsOf[operation].filter((step) => possible.includes(step));
  const commands = possible.filter((step) => step !== OPENING);
  return commands.length > 0 ? commands : possible;
}

function at<T>(answer: T): Turn<T> {
  return { stallMs: 0, carryOut: () => Promise.resolve(answer) };
}

function copies(params: readonly Param[]): Param[] {
  return params.map((param) => ('data' in param ? { ...param, data: Uint8Array.from(param.data) } : param));
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
