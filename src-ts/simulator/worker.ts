// SPDX-License-Identifier: MIT
/** The thread that the simulator runs in: one request after the other, as a TA does. */
import { parentPort, workerData } from 'node:worker_threads';

import { TeeResult } from '../tee/results.js';
import { bareOutcome, Origin, type Outcome } from '../tee/seam.js';
import { MemoryBlobs, Unavailable, type SharedBlobs } from './blobs.js';
import { Directory } from './directory.js';
import { State, type Answer, type Reply, type Request, type ThreadData, type Work } from './messages.js';
import { Tee, Withdrawn, type Turn } from './tee.js';

const { code, directory } = workerData as ThreadData;
let tee: Tee | undefined;

/** Made by the first request: it gets the error if the directory is of no use, and the next one tries again. */
function theTee(): Tee {
  if (tee !== undefined) return tee;
  const blobs: SharedBlobs = directory === undefined ? new MemoryBlobs() : new Directory(directory);
  return (tee = new Tee(code, blobs));
}

/** @returns undefined if the work was taken back before it began */
function answer(work: Work, turn: Turn): Answer | undefined {
  try {
    return carryOut(work, turn);
  } catch (error) {
    if (error instanceof Withdrawn) return undefined;
    if (error instanceof Unavailable && error.kind === 'timeout') return { failure: error.kind, detail: error.message };
    // A directory that is gone, or whatever else: the next request begins with what there is then. A TEE in memory goes
    // on, because beginning anew would lose what is stored.
    if (directory !== undefined) tee = undefined;
    if (error instanceof Unavailable) return { failure: error.kind, detail: error.message, remedy: error.remedy };
    return { failure: 'no-simulator', detail: error instanceof Error ? error.message : String(error) };
  }
}

function carryOut(work: Work, turn: Turn): Answer {
  switch (work.kind) {
    case 'open': {
      const { session, ...outcome } = theTee().open(work, turn);
      return { outcome, session };
    }
    case 'invoke': {
      const outcome = theTee().invoke(work.session, work.command, work.params, turn);
      return outcome === undefined ? { failure: 'closed', detail: 'the session has stopped' } : { outcome };
    }
    case 'close':
      tee?.close(work.session);
      return { outcome: bareOutcome(TeeResult.SUCCESS, Origin.TEE) };
    case 'kill':
      tee?.kill();
      return { outcome: bareOutcome(TeeResult.SUCCESS, Origin.TEE) };
  }
}

/** What a session was opened with is kept, to open it again. */
function wipe(work: Work): void {
  if (work.kind === 'invoke') for (const { data } of work.params) data?.fill(0);
}

/** Nobody waits for the answer any more. */
function discard(answer: Answer): void {
  if (!('outcome' in answer)) return;
  if (answer.session !== undefined) tee?.close(answer.session);
  for (const buffer of buffersOf(answer.outcome)) new Uint8Array(buffer).fill(0);
}

/** Buffers of an answer are handed over, not copied. */
function buffersOf({ params }: Outcome): ArrayBuffer[] {
  return params.flatMap((param) => (param !== undefined && 'data' in param ? [param.data.buffer as ArrayBuffer] : []));
}

parentPort?.on('message', ({ id, state, deadline, work }: Request) => {
  const move = (from: number, to: number) => Atomics.compareExchange(state, 0, from, to) === from;
  const begin = () => move(State.WAITING, State.BEGUN);
  const wanted = Atomics.load(state, 0) === State.WAITING;
  const found = wanted ? answer(work, { deadline, begin }) : undefined;
  wipe(work);
  if (found === undefined) return;
  // What has failed before it began is answered too.
  if (!move(State.BEGUN, State.ANSWERED) && !move(State.WAITING, State.ANSWERED)) {
    discard(found);
    return;
  }
  const reply: Reply = { id, answer: found };
  parentPort?.postMessage(reply, 'outcome' in found ? buffersOf(found.outcome) : []);
});
