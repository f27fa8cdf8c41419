// SPDX-License-Identifier: MIT
/**
 * A TEE with the Trusted Application in it. Its sessions outlast the TA's lives: when someone else changed what is stored,
 * the TA is begun anew, so that its cache holds nothing old, and each session is opened again before its next command.
 * A panic is another matter: the sessions of a TA that panicked are dead, as in OP-TEE.
 */
import { TeeResult } from '../tee/results.js';
import type { EncodedParam } from '../tee/params.js';
import { bareOutcome, Origin, type Outcome } from '../tee/seam.js';
import type { SharedBlobs } from './blobs.js';
import type { Work } from './messages.js';
import { TeeModule, type Client } from './module.js';

/** What a session is opened with. */
type Opening = Pick<Extract<Work, { kind: 'open' }>, 'uuid' | 'client' | 'params' | 'stopAt'>;

/** A request whose turn it is, but for other processes. */
export interface Turn {
  /** By now(), for waiting until the storage is free. */
  readonly deadline: number;
  /** The storage is free: the work begins. False if nobody wants it any more. */
  readonly begin: () => boolean;
}

/** The request was taken back while it waited for the storage. */
export class Withdrawn extends Error {
  override readonly name = 'Withdrawn';
}

interface Session {
  readonly client: Client;
  readonly params: readonly EncodedParam[];
  /** Results at which it stops, and whether it has. */
  readonly stopAt: readonly number[];
  stopped: boolean;
  /** How many panics there had been when it was opened. */
  readonly panics: number;
  /** The life of the TA that it is open in, and its number there. */
  life: number;
  inner: number;
}

/** Counts over all of them, so that a session of one is none of another. */
let lastSession = 0;

export class Tee {
  readonly #code: WebAssembly.Module;
  readonly #blobs: SharedBlobs;
  readonly #sessions = new Map<number, Session>();
  #ta: TeeModule | undefined;
  #life = 0;
  #panics = 0;

  constructor(code: WebAssembly.Module, blobs: SharedBlobs) {
    this.#code = code;
    this.#blobs = blobs;
  }

  /**
   * Opens a session with the TA of a UUID.
   * @throws Unavailable, Withdrawn
   */
  open({ uuid, client, params, stopAt }: Opening, turn: Turn): Outcome & { readonly session: number } {
    return this.#alone(turn, () => {
      const ta = this.#present();
      if (Buffer.compare(uuid, ta.uuid()) !== 0)
        return { ...bareOutcome(TeeResult.ITEM_NOT_FOUND, Origin.TEE), session: 0 };
      const outcome = ta.open(client, params);
      if (outcome.result !== 0) return outcome;
      const session = ++lastSession;
      // What the parameters hold is copied by whoever calls.
      const [panics, life, inner] = [this.#panics, this.#life, outcome.session];
      this.#sessions.set(session, { client, params, stopAt, stopped: false, panics, life, inner });
      return { ...outcome, session };
    });
  }

  /**
   * @returns undefined if the session has stopped before
   * @throws Unavailable, Withdrawn
   */
  invoke(number: number, command: number, params: readonly EncodedParam[], turn: Turn): Outcome | undefined {
    const session = this.#sessions.get(number);
    if (session?.stopped) return undefined;
    const outcome = this.#alone(turn, () => {
      if (session?.panics !== this.#panics) return bareOutcome(TeeResult.TARGET_DEAD, Origin.TEE);
      return this.#reopen(session) ?? this.#present().invoke(session.inner, command, params);
    });
    if (session?.stopAt.includes(outcome.result)) session.stopped = true;
    return outcome;
  }

  close(number: number): void {
    const session = this.#sessions.get(number);
    this.#sessions.delete(number);
    // Closing a session touches no storage. One of an earlier life is gone already.
    if (session?.life === this.#life) this.#ta?.close(session.inner);
  }

  /** Ends the TA as a panic does. */
  kill(): void {
    this.#forget();
    this.#panics++;
  }

  #alone<T>({ deadline, begin }: Turn, work: () => T): T {
    if (this.#blobs.enter(deadline)) this.#forget();
    try {
      if (!begin()) throw new Withdrawn();
      return work();
    } finally {
      this.#blobs.leave();
      if (this.#ta?.dead === true) this.kill();
    }
  }

  #present(): TeeModule {
    return (this.#ta ??= new TeeModule(this.#code, this.#blobs));
  }

  #forget(): void {
    this.#ta = undefined;
    this.#life++;
  }

  /** Opens a session again if it is of an earlier life; returns why it was refused, if it was. */
  #reopen(session: Session): Outcome | undefined {
    if (session.life === this.#life) return undefined;
    const outcome = this.#present().open(session.client, session.params);
    if (outcome.result !== 0) return outcome;
    session.life = this.#life;
    session.inner = outcome.session;
    return undefined;
  }
}
