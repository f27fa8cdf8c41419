// SPDX-License-Identifier: MIT
/** How a command gets to the TA, and how the parameters of its answer are taken; nothing in them is believed. */
import type { Call } from './call.js';
import { MalformedReply } from './packing.js';
import { TeeResult } from '../tee/results.js';
import { commandError } from './outcomes.js';
import type { Outcome, Param } from '../tee/seam.js';

/** A command on its way. */
export interface Request {
  readonly command: number;
  readonly params: readonly Param[];
  /** Whether it changes what is stored. */
  readonly changes: boolean;
  /** Whether it may be sent again when nobody knows if the TA carried it out; each command below says why. */
  readonly repeatable: boolean;
}

/** Carries commands to the TA. */
export interface Channel {
  /** @returns the outcome, also when the TA refused */
  invoke(call: Call, request: Request): Promise<Outcome>;
}

/** Input and first output together stay within the block of shared memory that a session starts with, 64 KiB. */
export const FIRST_BLOCK = 60 * 1024;

/**
 * Invokes a command with room for its answer, again with more room when the TA asks for it. What is stored may grow in
 * between, but not without end. TEE_ERROR_SHORT_BUFFER comes before any change, so changing commands may do so too.
 */
export async function invokeWithRoom(
  channel: Channel,
  call: Call,
  { first, max, at }: { first: number; max: number; at: number },
  request: (room: number) => Request,
): Promise<Outcome> {
  let room = first;
  for (let attempt = 0; attempt < 5; attempt++) {
    const outcome = await channel.invoke(call, request(room));
    if (outcome.result !== TeeResult.SHORT_BUFFER) return outcome;
    const needed = memrefOf(outcome, at).size;
    if (needed <= room || needed > max) throw new MalformedReply('asks for an impossible room');
    room = needed;
  }
  throw call.error('ERR_BUSY', { detail: 'the value grew each time it was about to be read' });
}

export function assertSuccess(call: Call, outcome: Outcome, changes: boolean): void {
  if (outcome.result !== TeeResult.SUCCESS) throw commandError(call, outcome, changes);
}

function memrefOf(outcome: Outcome, index: number): { size: number; data: Buffer } {
  const param = outcome.params[index];
  if (param === undefined || !('data' in param)) throw new MalformedReply('lacks a memory reference');
  return param;
}

export function outputOf(outcome: Outcome, index: number): Buffer {
  const { size, data } = memrefOf(outcome, index);
  if (size !== data.length) throw new MalformedReply('is larger than the room it had');
  return data;
}

export function maybeValueOf(outcome: Outcome, index: number): { a: number; b: number } | undefined {
  const param = outcome.params[index];
  return param !== undefined && 'a' in param ? param : undefined;
}

export function valueOf(outcome: Outcome, index: number): { a: number; b: number } {
  const value = maybeValueOf(outcome, index);
  if (value === undefined) throw new MalformedReply('lacks a value parameter');
  return value;
}
