// SPDX-License-Identifier: MIT
import { Call, type LostAnswer } from '../protocol/call.js';
import type { Channel, Request } from '../protocol/channel.js';
import { whoami, type Owner } from '../protocol/commands.js';
import type { Identity } from './identity.js';
import { PROTOCOL_VERSION } from '../protocol/contract.js';
import { isAmbiguous, isSessionLost, losingResults, openError } from '../protocol/outcomes.js';
import { NOBODYS_UUID } from '../tee/nobody.js';
import { TeeFailure, type Outcome, type SessionTarget, type TeeBackend, type TeeSession } from '../tee/seam.js';
import { LONGEST_TIMER_MS, timer, withResolvers } from '../util/timers.js';

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
 *
 * Commands are carried out in the order of their calls, through such trouble too. The lost session stops at the command
 * that lost it and hands back what is behind it; all of them go to the next session in the order of their calls.
 */
export class Connection implements Channel {
  readonly settings: ConnectionSettings;
  /** Whether the owner was compared with the one expected; false where the expected one cannot be computed. */
  ownerVerified = false;
  #owner: string | undefined;
  #slot: Slot | undefined;
  #lastTicket = 0;
  /** Commands that wait for a session, by their tickets. */
  readonly #waiting: Flight[] = [];
  /** Lost sessions that have not handed back everything. */
  readonly #draining = new Set<Slot>();
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

  invoke(call: Call, request: Request): Promise<Outcome> {
    const { promise, resolve, reject } = withResolvers<Outcome>();
    const flight: Flight = { ticket: ++this.#lastTicket, call, request, attempts: 0, resolve, reject };
    const slot = this.#slot;
    if (slot?.session && this.#waiting.length === 0 && this.#draining.size === 0)
      this.#send(slot, slot.session, flight);
    else this.#wait(flight);
    return promise;
  }

  /** Closes the session; waits for sessions that were given up too. Never rejects. */
  async close(): Promise<void> {
    this.#drop(this.#slot);
    await Promise.all(this.#closing);
  }

  /** Gives a command to a session. */
  #send(slot: Slot, session: TeeSession, flight: Flight): void {
    const { call, request } = flight;
    let answer: Promise<Outcome>;
    try {
      this.settings.identity.assertUnchanged(call);
      const options = { timeoutMs: call.remaining(), signal: call.signal };
      answer = session.invoke(request.command, request.params, options);
    } catch (error) {
      flight.reject(error);
      return;
    }
    slot.underWay++;
    void answer.then(
      (outcome) => {
        if (isSessionLost(outcome)) this.#lose(slot, flight, { outcome });
        else flight.resolve(outcome);
        this.#landed(slot);
      },
      (error: unknown) => {
        // After a time-out the session is kept: it goes on when the TEE answers, and another one would wait as well.
        if (error instanceof TeeFailure && error.kind === 'closed') this.#lose(slot, flight, { error });
        else flight.reject(error);
        this.#landed(slot);
      },
    );
  }

  #landed(slot: Slot): void {
    slot.underWay--;
    if (slot.underWay === 0 && this.#draining.delete(slot)) this.#sendWaiting();
  }

  /** A command has lost its session, or its session was lost before it. */
  #lose(slot: Slot, flight: Flight, answer: LostAnswer): void {
    const { call, request } = flight;
    const untouched = 'error' in answer && !answer.error.started;
    this.#drop(slot);
    if (!untouched && request.changes) call.markUndecided(answer);
    // What another command has lost counts for that one alone, which is not sent for ever.
    if (!untouched) slot.loser = true;
    if (!untouched || !slot.loser) flight.attempts++;
    if (flight.attempts < 2 && (untouched || request.repeatable)) this.#wait(flight);
    else if ('outcome' in answer) flight.resolve(answer.outcome);
    else flight.reject(answer.error);
  }

  /** Keeps a command, in its place, until there is a session. */
  #wait(flight: Flight): void {
    const { call } = flight;
    try {
      this.settings.identity.assertUnchanged(call);
      const left = call.remaining();
      // Other calls may come to wait for the same opening, so the time of a hurried one does not limit it.
      if (this.#slot === undefined) this.#open(Math.max(left, this.settings.timeoutMs));
      flight.stopTimer = timer(
        () => {
          this.#waiting.splice(this.#waiting.indexOf(flight), 1);
          flight.reject(call.timeout());
        },
        Math.min(left, LONGEST_TIMER_MS),
      );
    } catch (error) {
      flight.reject(error);
      return;
    }
    const behind = this.#waiting.findIndex(({ ticket }) => ticket > flight.ticket);
    this.#waiting.splice(behind < 0 ? this.#waiting.length : behind, 0, flight);
    this.#sendWaiting();
  }

  /** Sends what waits, if there is a session and no other one may still hand something back. */
  #sendWaiting(): void {
    const slot = this.#slot;
    if (!slot?.session || this.#draining.size > 0) return;
    for (const flight of this.#takeWaiting()) this.#send(slot, slot.session, flight);
  }

  #takeWaiting(): Flight[] {
    const flights = this.#waiting.splice(0);
    for (const { stopTimer } of flights) stopTimer?.();
    return flights;
  }

  /**
   * Begins to open a session for all calls that need one: their errors then speak of the opening, and no later call's
   * signal can cancel it.
   */
  #open(timeoutMs: number, signal?: AbortSignal): Slot {
    const opening = this.#establish(new Call('open', undefined, { timeoutMs, signal }));
    const slot: Slot = { opening, underWay: 0, loser: false };
    this.#slot = slot;
    opening.then(
      (session) => {
        slot.session = session;
        this.#sendWaiting();
      },
      (error: unknown) => {
        if (this.#slot !== slot) return;
        this.#slot = undefined;
        for (const flight of this.#takeWaiting()) flight.reject(error);
      },
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
    if ('refused' in answer) {
      const { refused } = answer;
      throw openError(call, refused, target, isAmbiguous(refused) ? await this.#nobody(target, call) : undefined);
    }
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

  /** What the TEE says of a Trusted Application that nobody has; undefined if it says nothing, or not in time. */
  async #nobody(target: SessionTarget, call: Call): Promise<Outcome | undefined> {
    try {
      const other = { ...target, uuid: NOBODYS_UUID, params: [] };
      const answer = await this.settings.backend.open(other, { timeoutMs: call.remaining(), signal: call.signal });
      if ('refused' in answer) return answer.refused;
      this.#track(answer.session.close());
    } catch {
      // Then the first answer has to do.
    }
    return undefined;
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
      stopAt: losingResults,
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
    if (slot.dropped) return;
    slot.dropped = true;
    if (slot.underWay > 0) this.#draining.add(slot);
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
  /** Commands that were given to it and have not ended. */
  underWay: number;
  /** Whether one of them has lost the session. */
  loser: boolean;
  /** Whether it is closed, or will be. */
  dropped?: boolean;
}

/** A command from its call to its end. */
interface Flight {
  /** The place of its call among all calls. */
  readonly ticket: number;
  readonly call: Call;
  readonly request: Request;
  /** How many sessions it has lost. */
  attempts: number;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (reason: unknown) => void;
  stopTimer?: () => void;
}

/** Commands of the opening itself are not sent again. */
function directly(session: TeeSession): Channel['invoke'] {
  return (call, { command, params }) =>
    session.invoke(command, params, { timeoutMs: call.remaining(), signal: call.signal });
}
