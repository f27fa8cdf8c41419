// SPDX-License-Identifier: MIT
/** A TEE that answers as a test says, for what a real one cannot be made to do: hostile answers, lost sessions, time-outs. */
import { connect } from '../../../src-ts/connection/open.js';
import type { OpenOptions } from '../../../src-ts/arguments/options.js';
import { Command, Info } from '../../../src-ts/protocol/contract.js';
import { TeeResult } from '../../../src-ts/tee/results.js';
import { clientUuid } from '../../../src-ts/tee/client-uuid.js';
import { SecureStorage } from '../../../src-ts/store.js';
import {
  Login,
  Origin,
  type Outcome,
  type Param,
  type SessionTarget,
  type TeeBackend,
  type TeeSession,
} from '../../../src-ts/tee/seam.js';

/** A command as the TEE got it. Its data are copies, since the caller may wipe its own. */
export interface Seen {
  readonly session: number;
  readonly command: number;
  readonly params: readonly Param[];
}

type Answer = (seen: Seen) => Partial<Outcome> | Promise<Partial<Outcome>>;

export const ok = (...params: unknown[]): Partial<Outcome> => ({ params: params as unknown as Outcome['params'] });
export const refused = (
  result: number,
  origin: number = Origin.TRUSTED_APP,
  ...params: unknown[]
): Partial<Outcome> => ({
  result,
  origin,
  params: params as unknown as Outcome['params'],
});
export const bytes = (...parts: (number[] | Buffer)[]) => {
  const data = Buffer.concat(parts.map((part) => Buffer.from(part)));
  return { size: data.length, data };
};
export const short = (size: number) => ({ size, data: Buffer.alloc(0) });
export const u16 = (value: number): number[] => [value & 0xff, value >> 8];
export const u32 = (value: number): number[] => [...u16(value & 0xffff), ...u16(value >>> 16)];
export const u64 = (value: number): number[] => [...u32(value % 2 ** 32), ...u32(Math.floor(value / 2 ** 32))];

export class ScriptedTee implements TeeBackend {
  readonly name = 'scripted';
  readonly secure = false;
  readonly seen: Seen[] = [];
  /** What the latest opening was asked with. */
  openedWith: readonly Param[] = [];
  opened = 0;
  closed = 0;
  /** What the next commands other than the WHOAMI of an opening are answered with, in order. */
  readonly answers: Answer[] = [];
  /** What openings are answered with, in order; success when there is none. */
  readonly openings: (() => Partial<Outcome> | Promise<Partial<Outcome>>)[] = [];
  /** The owner that the WHOAMI of an opening tells. */
  owner = clientUuid('uid', process.geteuid?.() ?? 0);
  login: number = Login.USER;

  async open(target: SessionTarget): Promise<{ session: TeeSession } | { refused: Outcome }> {
    this.openedWith = target.params;
    const outcome = complete((await this.openings.shift()?.()) ?? {});
    if (outcome.result !== 0) return { refused: outcome };
    const id = ++this.opened;
    return { session: this.#session(id) };
  }

  async store(options?: OpenOptions): Promise<SecureStorage> {
    return new SecureStorage(await connect(options, { backend: this }));
  }

  /** The answer to it. */
  whoami(): Partial<Outcome> {
    const octets = Buffer.from(this.owner.replaceAll('-', ''), 'hex');
    const four = (at: number) => octets.readUInt32LE(at);
    return ok({ a: four(0), b: four(4) }, { a: four(8), b: four(12) }, { a: this.login, b: 0 });
  }

  #session(id: number): TeeSession {
    let greeted = false;
    return {
      invoke: async (command, params) => {
        if (!greeted && command === Command.WHOAMI) {
          greeted = true;
          return complete(this.whoami());
        }
        const seen = { session: id, command, params: params.map(copied) };
        this.seen.push(seen);
        const answer = this.answers.shift();
        if (answer === undefined) throw new Error('the test did not expect another command');
        return complete(await answer(seen));
      },
      close: () => {
        this.closed++;
        return Promise.resolve();
      },
    };
  }
}

/** An answer to INFO with everything 1 but the owner. */
export function infoReply(owner = clientUuid('uid', 1000), login: number = Login.USER): Buffer {
  const reply = Buffer.alloc(Info.SIZE);
  for (let offset = 0; offset < Info.SIZE; offset += 4) reply.writeUInt32LE(1, offset);
  for (const high of [Info.QUOTA_BYTES, Info.USED_BYTES]) reply.writeUInt32LE(0, high + 4);
  reply.writeUInt32LE(login, Info.LOGIN);
  Buffer.from(owner.replaceAll('-', ''), 'hex').copy(reply, Info.OWNER);
  return reply;
}

function complete(outcome: Partial<Outcome>): Outcome {
  const [a, b, c, d] = outcome.params ?? [];
  return { result: TeeResult.SUCCESS, origin: Origin.TRUSTED_APP, ...outcome, params: [a, b, c, d] };
}

function copied(param: Param): Param {
  return 'data' in param ? { ...param, data: Buffer.from(param.data) } : param;
}
