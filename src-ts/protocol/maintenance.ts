// SPDX-License-Identifier: MIT
/** The commands for whoever looks after stores: one's own and, for root, those of all. See ta/include/secstor_ta.h. */
import { FIRST_BLOCK, assertSuccess, invokeWithRoom, outputOf, valueOf, type Channel } from './channel.js';
import type { Call } from './call.js';
import type { Owner } from './commands.js';
import { Command, Limit } from './contract.js';
import { decodeOwners, type OwnerEntry, type OwnersPage, type SharedUse } from './decode-owners.js';
import { commandError, repetitionError } from './outcomes.js';
import { MalformedReply } from './packing.js';
import { encodeUuid } from '../util/uuid.js';
import { TeeResult } from '../tee/results.js';
import type { Outcome } from '../tee/seam.js';

/** What looking at objects found. */
export interface Findings {
  readonly objects: number;
  readonly lostCopies: number;
  readonly repaired: number;
  readonly lost: number;
}

/**
 * Reads both copies of every object of the session's owner, some in each request. Repeatable: no value changes, and a
 * copy that was made again is sound when it is looked at once more (it is counted in the answer that was lost).
 */
export async function verify(channel: Channel, call: Call, repair: boolean): Promise<Findings> {
  const total = { objects: 0, lostCopies: 0, repaired: 0, lost: 0 };
  for (let from = Buffer.alloc(0); ;) {
    const { next, found } = await verifySome(channel, call, from, repair);
    for (const what of Object.keys(total) as (keyof Findings)[]) total[what] += found[what];
    if (next.length === 0) return total;
    if (next.equals(from)) throw new MalformedReply('goes on where it began');
    from = next;
  }
}

async function verifySome(
  channel: Channel,
  call: Call,
  from: Buffer,
  repair: boolean,
): Promise<{ next: Buffer<ArrayBuffer>; found: Findings }> {
  const outcome = await channel.invoke(call, {
    command: Command.VERIFY,
    params: [
      { type: 'memref-in', data: from },
      { type: 'memref-out', size: Limit.CURSOR_MAX },
      { type: 'value-inout', a: repair ? 1 : 0, b: 0 },
      { type: 'value-out' },
    ],
    changes: false,
    repeatable: true,
  });
  assertSuccess(call, outcome, false);
  const [{ a: objects, b: lostCopies }, { a: repaired, b: lost }] = [valueOf(outcome, 2), valueOf(outcome, 3)];
  if (lostCopies + lost > objects) throw new MalformedReply('has lost more than it looked at');
  if (repaired > (repair ? lostCopies : 0)) throw new MalformedReply('has repaired what was not lost');
  return { next: Buffer.from(outputOf(outcome, 1)), found: { objects, lostCopies, repaired, lost } };
}

/** Lists who has a store, as many as there are, with what all of them share. Reads only, so each request is repeatable. */
export async function owners(channel: Channel, call: Call): Promise<{ entries: OwnerEntry[]; shared: SharedUse }> {
  const entries: OwnerEntry[] = [];
  for (;;) {
    const page = await ownersAfter(channel, call, entries.at(-1));
    entries.push(...page.entries);
    if (!page.more) return { entries, shared: page.shared };
  }
}

async function ownersAfter(channel: Channel, call: Call, last: Owner | undefined): Promise<OwnersPage> {
  const after = last === undefined ? Buffer.alloc(0) : packOwner(last);
  const room = { first: FIRST_BLOCK, max: FIRST_BLOCK, at: 1 };
  const outcome = await invokeWithRoom(channel, call, room, (size) => ({
    command: Command.OWNERS,
    params: [{ type: 'memref-in', data: after }, { type: 'memref-out', size }, { type: 'value-out' }],
    changes: false,
    repeatable: true,
  }));
  assertIsRoot(call, outcome);
  assertSuccess(call, outcome, false);
  const { a: count, b: more } = valueOf(outcome, 2);
  return decodeOwners(outputOf(outcome, 1), { count, more: more !== 0, after });
}

/**
 * Removes a store with all its keys. Repeatable: it is gone afterwards. Objects of a large one are removed over several
 * requests, of which the first takes all keys away.
 * @returns how many keys were removed; null if there is no such store
 */
export async function removeOwner(channel: Channel, call: Call, owner: Owner): Promise<number | null> {
  for (let keys: number | null = null; ;) {
    const outcome = await channel.invoke(call, {
      command: Command.REMOVE_OWNER,
      params: [{ type: 'memref-in', data: packOwner(owner) }, { type: 'value-out' }],
      changes: true,
      repeatable: true,
    });
    assertIsRoot(call, outcome);
    if (outcome.result === TeeResult.ITEM_NOT_FOUND) {
      if (keys === null && call.undecided) throw repetitionError(call);
      return keys;
    }
    assertSuccess(call, outcome, true);
    const { a: removed, b: more } = valueOf(outcome, 1);
    keys = (keys ?? 0) + removed;
    if (more === 0) return keys;
    // From here on keys are gone, and what ends the call early must not look as if nothing had happened.
    call.markUndecided();
  }
}

/** The TA refuses everybody else so. */
function assertIsRoot(call: Call, outcome: Outcome): void {
  if (outcome.result === TeeResult.ACCESS_DENIED) throw commandError(call, outcome, false, { code: 'ERR_NOT_ROOT' });
}

function packOwner({ login, uuid }: Owner): Buffer {
  return Buffer.from([login, ...encodeUuid(uuid)]);
}
