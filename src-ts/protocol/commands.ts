// SPDX-License-Identifier: MIT
/** The commands of the TA: what is sent, and what is made of the answer. See ta/include/secstor_ta.h for each of them. */
import type { Call } from './call.js';
import { formatUuid } from '../util/uuid.js';
import { MalformedReply, PackedReader, halves, wide } from './packing.js';
import { Command, Limit, REVISION_ANY } from './contract.js';
import { TeeResult } from '../tee/results.js';
import { decodeEntries, decodeInfo, decodePage, type Entry, type Page, type TaInfo } from './decode.js';
import { commandError, repetitionError } from './outcomes.js';
import type { Outcome, Param } from '../tee/seam.js';
import {
  FIRST_BLOCK,
  assertSuccess,
  invokeWithRoom,
  maybeValueOf,
  outputOf,
  valueOf,
  type Channel,
} from './channel.js';

/** A revision that a change expects: undefined asks nothing, 0 that the key is absent. */
export type Expected = number | undefined;

const MIN_ROOM = 4096;
const PREVIOUS_HEADER = 8;
const ENTRY_HEADER = 16;

const none: Param = { type: 'none' };
const memref = (data: Uint8Array): Param => ({ type: 'memref-in', data });
const expectation = (expected: Expected): Param => ({
  type: 'value-inout',
  ...(expected === undefined ? REVISION_ANY : halves(expected)),
});

/** Who the session's owner is. */
export interface Owner {
  /** One of Login. */
  readonly login: number;
  readonly uuid: string;
}

/** Asks who the session's owner is, without a look at the storage, so that damage there cannot keep a store closed. */
export async function whoami(channel: Channel, call: Call): Promise<Owner> {
  const outcome = await channel.invoke(call, {
    command: Command.WHOAMI,
    params: [{ type: 'value-out' }, { type: 'value-out' }, { type: 'value-out' }],
    changes: false,
    repeatable: true,
  });
  // A TA of another version does not know the command.
  if (outcome.result === TeeResult.NOT_SUPPORTED) throw commandError(call, outcome, false, { code: 'ERR_TA_VERSION' });
  assertSuccess(call, outcome, false);
  const [first, second] = [valueOf(outcome, 0), valueOf(outcome, 1)];
  const octets = Buffer.alloc(16);
  [first.a, first.b, second.a, second.b].forEach((four, index) => octets.writeUInt32LE(four, 4 * index));
  return { login: valueOf(outcome, 2).a, uuid: formatUuid(octets) };
}

/** Asks about the TA. Reads only, so it is repeatable. */
export async function info(channel: Channel, call: Call): Promise<TaInfo> {
  const room = { first: 256, max: FIRST_BLOCK, at: 0 };
  const outcome = await invokeWithRoom(channel, call, room, (size) => ({
    command: Command.INFO,
    params: [{ type: 'memref-out', size }],
    changes: false,
    repeatable: true,
  }));
  assertSuccess(call, outcome, false);
  return decodeInfo(outputOf(outcome, 0));
}

/** Reads a value and its revision. Repeatable. @returns null if there is no such key */
export async function get(channel: Channel, call: Call, key: Buffer): Promise<Entry> {
  const room = { first: roomBeside(key.length), max: Limit.VALUE_MAX, at: 1 };
  const outcome = await invokeWithRoom(channel, call, room, (size) => ({
    command: Command.GET,
    params: [memref(key), { type: 'memref-out', size }, { type: 'value-out' }],
    changes: false,
    repeatable: true,
  }));
  if (outcome.result === TeeResult.ITEM_NOT_FOUND) return null;
  assertSuccess(call, outcome, false);
  return { value: outputOf(outcome, 1), revision: revisionOf(outcome, 2) };
}

/** Reads the values of as many of the packed keys as fit into one answer, at least one. Repeatable. */
export async function getMany(channel: Channel, call: Call, packed: Buffer, keys: readonly string[]): Promise<Entry[]> {
  const room = { first: roomBeside(packed.length), max: ENTRY_HEADER + Limit.VALUE_MAX, at: 1 };
  const outcome = await invokeWithRoom(channel, call, room, (size) => ({
    command: Command.GET_MANY,
    params: [memref(packed), { type: 'memref-out', size }, { type: 'value-out' }],
    changes: false,
    repeatable: true,
  }));
  if (outcome.result !== TeeResult.SUCCESS) {
    throw commandError(call, outcome, false, { key: keys[maybeValueOf(outcome, 2)?.b ?? -1] });
  }
  const reply = outputOf(outcome, 1);
  try {
    return decodeEntries(reply, valueOf(outcome, 2).a, keys.length);
  } finally {
    reply.fill(0);
  }
}

/**
 * Stores a value. Repeatable without a condition: the same value is there afterwards. (Another client's change in
 * between is overwritten, as it would be by this put coming a moment later.) Not so with a condition, which the first
 * execution may have made false, nor with the previous value, which would be the new one.
 */
export async function put(
  channel: Channel,
  call: Call,
  { key, value, expected, wantPrevious }: { key: Buffer; value: Buffer; expected: Expected; wantPrevious: boolean },
): Promise<{ revision: number; previous: Buffer | null }> {
  // Room for any previous value: a second request would come after those that were called meanwhile.
  const max = PREVIOUS_HEADER + Limit.VALUE_MAX;
  const room = { first: max, max, at: 3 };
  const outcome = await invokeWithRoom(channel, call, room, (size) => ({
    command: Command.PUT,
    params: [memref(key), memref(value), expectation(expected), wantPrevious ? { type: 'memref-out', size } : none],
    changes: true,
    repeatable: expected === undefined && !wantPrevious,
  }));
  assertSuccess(call, outcome, true);
  const revision = revisionOf(outcome, 2);
  return { revision, previous: wantPrevious ? previousOf(outputOf(outcome, 3)) : null };
}

/**
 * Deletes a key. Repeatable without a condition: the key is gone afterwards. If the repetition finds nothing, nobody
 * knows whether the first attempt deleted it, and the call is rejected.
 * @returns the revision deleted; null if there was no such key
 */
export async function remove(channel: Channel, call: Call, key: Buffer, expected: Expected): Promise<number | null> {
  const outcome = await channel.invoke(call, {
    command: Command.DELETE,
    params: [memref(key), expectation(expected)],
    changes: true,
    repeatable: expected === undefined,
  });
  if (outcome.result === TeeResult.ITEM_NOT_FOUND) {
    if (call.undecided) throw repetitionError(call);
    return null;
  }
  assertSuccess(call, outcome, true);
  return revisionOf(outcome, 1);
}

/** Lists keys after one of them, as many as fit into one answer and are wanted (0: no limit). Repeatable. */
export async function list(
  channel: Channel,
  call: Call,
  { prefix, after, wanted }: { prefix: Buffer; after: Buffer; wanted: number },
): Promise<Page> {
  const room = { first: roomBeside(prefix.length + after.length), max: ENTRY_HEADER + Limit.KEY_MAX, at: 2 };
  const outcome = await invokeWithRoom(channel, call, room, (size) => ({
    command: Command.LIST,
    params: [memref(prefix), memref(after), { type: 'memref-out', size }, { type: 'value-inout', a: wanted, b: 0 }],
    changes: false,
    repeatable: true,
  }));
  assertSuccess(call, outcome, false);
  const { a: count, b: more } = valueOf(outcome, 3);
  if (wanted > 0 && count > wanted) throw new MalformedReply('has more keys than were asked for');
  return decodePage(outputOf(outcome, 2), { count, more: more !== 0, prefix, after });
}

/** Size and revision of a value. Repeatable. @returns null if there is no such key */
export async function stat(
  channel: Channel,
  call: Call,
  key: Buffer,
): Promise<{ size: number; revision: number } | null> {
  const params: Param[] = [memref(key), { type: 'value-out' }, { type: 'value-out' }];
  const outcome = await channel.invoke(call, { command: Command.STAT, params, changes: false, repeatable: true });
  if (outcome.result === TeeResult.ITEM_NOT_FOUND) return null;
  assertSuccess(call, outcome, false);
  return { size: valueOf(outcome, 2).a, revision: revisionOf(outcome, 1) };
}

/**
 * Carries out packed operations, all or none. Repeatable without any condition, as put and remove are; rejected as
 * remove is if the repetition finds nothing to delete.
 * @param keys the key of each operation
 * @returns the new revision of each put, the revision deleted by each delete or 0
 */
export async function batch(
  channel: Channel,
  call: Call,
  { packed, keys, conditional }: { packed: Buffer; keys: readonly string[]; conditional: boolean },
): Promise<number[]> {
  const size = 8 * keys.length;
  const outcome = await channel.invoke(call, {
    command: Command.BATCH,
    params: [memref(packed), { type: 'memref-out', size }, { type: 'value-out' }],
    changes: true,
    repeatable: !conditional,
  });
  if (outcome.result !== TeeResult.SUCCESS) {
    throw commandError(call, outcome, true, { key: keys[maybeValueOf(outcome, 2)?.a ?? -1] });
  }
  const reply = outputOf(outcome, 1);
  if (reply.length !== size) throw new MalformedReply('has another number of revisions than operations');
  const reader = new PackedReader(reply);
  const revisions = keys.map(() => reader.u64());
  if (call.undecided && revisions.includes(0)) throw repetitionError(call);
  return revisions;
}

/**
 * Makes a value of random bytes. Never repeated: someone may have read and used the first value when a second one
 * replaces it.
 */
export async function generate(
  channel: Channel,
  call: Call,
  { key, size, expected, wantValue }: { key: Buffer; size: number; expected: Expected; wantValue: boolean },
): Promise<{ revision: number; value: Buffer | null }> {
  const outcome = await channel.invoke(call, {
    command: Command.GENERATE,
    params: [
      memref(key),
      { type: 'value-in', a: size, b: 0 },
      expectation(expected),
      wantValue ? { type: 'memref-out', size } : none,
    ],
    changes: true,
    repeatable: false,
  });
  assertSuccess(call, outcome, true);
  const value = wantValue ? outputOf(outcome, 3) : null;
  if (value !== null && value.length !== size) throw new MalformedReply('has a value of another size');
  return { revision: revisionOf(outcome, 2), value };
}

/**
 * Deletes every key with a prefix. Repeatable: they are gone afterwards. If the repetition finds none, nobody knows how
 * many the first attempt deleted, and the call is rejected.
 * @returns how many keys were deleted
 */
export async function clear(channel: Channel, call: Call, prefix: Buffer): Promise<number> {
  const params: Param[] = [memref(prefix), { type: 'value-out' }];
  const outcome = await channel.invoke(call, { command: Command.CLEAR, params, changes: true, repeatable: true });
  assertSuccess(call, outcome, true);
  const { a: deleted } = valueOf(outcome, 1);
  if (call.undecided && deleted === 0) throw repetitionError(call);
  return deleted;
}

function roomBeside(input: number): number {
  return Math.max(FIRST_BLOCK - input, MIN_ROOM);
}

function previousOf(reply: Buffer): Buffer | null {
  try {
    const reader = new PackedReader(reply);
    const revision = reader.u64();
    if (revision !== 0) return reader.copy(reply.length - PREVIOUS_HEADER);
    if (!reader.atEnd) throw new MalformedReply('has a previous value without a revision');
    return null;
  } finally {
    reply.fill(0);
  }
}

function revisionOf(outcome: Outcome, index: number): number {
  const revision = wide(valueOf(outcome, index));
  if (revision === 0) throw new MalformedReply('has the revision of an absent key');
  return revision;
}
