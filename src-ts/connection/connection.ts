// SPDX-License-Identifier: MIT
import { Call, type LostAnswer } from '../protocol/call.js';
import type { Channel, Request } from '../protocol/channel.js';
import { whoami, type Owner } from '../protocol/commands.js';
import type { Identity } from './identity.js';
import { PROTOCOL_VERSION } from '../protocol/contract.js';
import { isSessionLost, openError } from '../protocol/outcomes.js';
import { TeeFailure, type Outcome, type SessionTarget, type TeeBackend, type TeeSession } from '../tee/seam.js';

/** What a connection is made with. */
export interface ConnectionSettings {
  readonly backend: TeeBackend;
  readonly taUuid: string;
  readonly domain: string;
  readonly identity: Identity;
  /** Milliseconds that a call may take unless it says otherwise. */
  readonly timeoutMs: number;
}

/**
 * A session with the TA that comes back: when the TA died or the session was lost, the next command opens another one.
 * A command that was under way is sent again, once, if it may be.
 */
export class Connection implements Channel {
  readonly settings: ConnectionSettings;
  /** Whether the owner was compared with the one expected; false where the expected one cannot be computed. */
  ownerVerified = false;
  #owner: string | undefined;
  #slot: Slot | undefined;
  readonly #closing = new Set<Promise<void>>();

  private constructor(settings: ConnectionSettings) {
    this.settings = settings;
  }

  /**
   * Opens a session and makes sure of the TA and the identity.
   * @throws SecureStorageError, or what the seam throws
   */
  static async open(settings: ConnectionSettings, call: Call): Promise<Connection> {
    const connection = new Connection(settings);
    await connection.#open(call.remaining(), call.signal).opening;
    return connection;
  }

  async invoke(call: Call, request: Request): Promise<Outcome> {
    const first = await this.#attempt(call, request);
    if (!first.lost) return first.outcome;
    if (request.changes && !first.untouched) call.markUndecided(first);
    if (!request.repeatable && !first.untouched) return this.#giveUp(first);
    const second = await this.#attempt(call, request);
    return second.lost ? this.#giveUp(second) : second.outcome;
  }

  /** Closes the session; waits for sessions that were given up too. Never rejects. */
  async close(): Promise<void> {
    this.#drop(this.#slot);
    await Promise.all(this.#closing);
  }

  /** Sends a command once, over the session there is or a new one. */
  async #attempt(call: Call, request: Request): Promise<Attempt> {
    this.settings.identity.assertUnchanged(call);
    // Other calls may come to wait for the same opening, so the time of a hurried one does not limit it.
    const slot = this.#slot ?? this.#open(Math.max(call.remaining(), this.settings.timeoutMs));
    const session = slot.session ?? (await call.within(slot.opening));
    try {
      const outcome = await session.invoke(request.command, request.params, {
        timeoutMs: call.remaining(),
        signal: call.signal,
      });
      if (!isSessionLost(outcome)) return { lost: false, outcome };
      this.#drop(slot);
      return { lost: true, untouched: false, outcome };
    } catch (error) {
      // After a time-out the session is kept: it goes on when the TEE answers, and another one would wait as well.
      if (!(error instanceof TeeFailure) || error.kind !== 'closed') throw error;
      this.#drop(slot);
      return { lost: true, untouched: !error.started, error };
    }
  }

  #giveUp(attempt: LostAttempt): Outcome {
    if ('outcome' in attempt) return attempt.outcome;
    throw attempt.error;
  }

  /**
   * Begins to open a session for all calls that need one: their errors then speak of the opening, and no later call's
   * signal can cancel it.
   */
  #open(timeoutMs: number, signal?: AbortSignal): Slot {
    const slot: Slot = { opening: this.#establish(new Call('open', undefined, { timeoutMs, signal })) };
    this.#slot = slot;
    slot.opening.then(
      (session) => (slot.session = session),
      () => this.#slot === slot && (this.#slot = undefined),
    );
    return slot;
  }

  async #establish(call: Call): Promise<TeeSession> {
    const { backend, identity } = this.settings;
    const { signal } = call;
    identity.assertUnchanged(call);
    const target = this.#target();
    const opening = backend.open(target, { timeoutMs: call.remaining(), signal });
    const expected = identity.expectedOwner();
    const answer = await opening;
    if ('refused' in answer) throw openError(call, answer.refused, target);
    const { session } = answer;
    try {
      this.#verify(await whoami({ invoke: directly(session) }, call), expected, call);
      identity.assertUnchanged(call);
      return session;
    } catch (error) {
      this.#track(session.close());
      throw error;
    }
  }

  #target(): SessionTarget {
    const { taUuid, domain, identity } = this.settings;
    const id = identity.outerId();
    return {
      uuid: taUuid,
      login: identity.login,
      group: identity.group,
      params: [
        { type: 'value-in', a: PROTOCOL_VERSION, b: 0 },
        { type: 'memref-in', data: Buffer.from(domain) },
        // The TA compares it with what the kernel attests; who proves a small id has a place of its own there.
        ...(id === null ? [] : [{ type: 'value-in', a: id, b: 0 } as const]),
      ],
    };
  }

  #verify({ login, uuid }: Owner, expected: string | null, call: Call): void {
    const wanted = this.#owner ?? expected;
    if (login !== this.settings.identity.login || (wanted !== null && uuid !== wanted)) {
      const detail = `the TEE attests identity ${uuid} (login ${String(login)}), expected was ${wanted ?? 'another login'}`;
      throw call.error('ERR_UID_MISMATCH', { detail });
    }
    this.#owner = uuid;
    this.ownerVerified = expected !== null;
  }

  /** Makes the next command open another session; requests already waiting in this one end with it. */
  #drop(slot: Slot | undefined): void {
    if (slot === undefined) return;
    if (this.#slot === slot) this.#slot = undefined;
    this.#track(slot.opening.then((session) => session.close()).catch(() => undefined));
  }

  #track(closing: Promise<void>): void {
    this.#closing.add(closing);
    void closing.finally(() => this.#closing.delete(closing));
  }
}

/** A session, or one being opened. */
interface Slot {
  readonly opening: Promise<TeeSession>;
  session?: TeeSession;
}

/** An attempt that lost its session; `untouched` if the TA has certainly not begun with the command. */
type LostAttempt = LostAnswer & { readonly lost: true; readonly untouched: boolean };

type Attempt = LostAttempt | { readonly lost: false; readonly outcome: Outcome };

/** Commands of the opening itself are not sent again. */
function directly(session: TeeSession): Channel['invoke'] {
  return (call, { command, params }) =>
    session.invoke(command, params, { timeoutMs: call.remaining(), signal: call.signal });
}
