// SPDX-License-Identifier: MIT
/** Which faults there are for an operation, and whether what was found after one is what may be. */
import type { Fault } from '../../../machine/machine.mjs';
import { equal, type Digests, type Finding } from './guest';
import type { Observed, Prepared } from './laboratory';

/** A kind of fault, and at which file operations it can happen. */
export interface Kind {
  readonly name: string;
  readonly fault: Omit<Fault, 'at'>;
  /** Letters as in FaultReport. */
  readonly strikes: string;
  /** Only each so manieth of the places where it can happen is tried, on top of what an operation leaves out. */
  readonly every?: number;
  /** Whether OP-TEE's directory of all objects is protected from removal as docs/security.md recommends. */
  readonly isBound?: true;
}

const ANY = 'orwstun';

export const kinds: readonly Kind[] = [
  { name: 'machine stops', fault: { kind: 'stop' }, strikes: ANY },
  { name: 'torn write, machine stops', fault: { kind: 'torn' }, strikes: 'w' },
  { name: 'supplicant killed', fault: { kind: 'kill' }, strikes: ANY },
  { name: 'short write', fault: { kind: 'short' }, strikes: 'w' },
  { name: 'EIO', fault: { kind: 'EIO' }, strikes: ANY },
  // The first failure is that of EIO, and what comes after it is mostly the same from place to place.
  { name: 'EIO from then on', fault: { kind: 'EIO', times: Infinity }, strikes: ANY, every: 4 },
  { name: 'ENOSPC', fault: { kind: 'ENOSPC' }, strikes: 'owst' },
  { name: 'EMFILE', fault: { kind: 'EMFILE' }, strikes: 'o' },
  // Without the protection OP-TEE loses everything: test/e2e/machine-faults.test.ts.
  { name: 'EMFILE from then on', fault: { kind: 'EMFILE', times: Infinity }, strikes: 'o', isBound: true },
  { name: 'EACCES', fault: { kind: 'EACCES' }, strikes: 'ou' },
];

const LAST = 20;
/** What a deadline may be late by, on a host that is busy with other work too. */
const LATE_MS = 3000;

/** The file operations, counted from 1, that a kind of fault can strike. */
export function placesOf(
  { operation, trace }: Pick<Prepared, 'operation' | 'trace'>,
  { strikes, every: everyOfKind = 1 }: Kind,
): number[] {
  const every = (operation.every ?? 1) * everyOfKind;
  const last = everyOfKind === 1 ? LAST : 0;
  const all = Array.from(trace).flatMap((letter, index) => (strikes.includes(letter) ? [index + 1] : []));
  return all.filter((_, index) => index % every === 0 || index >= all.length - last);
}

/** What came of one fault. */
export interface Verdict {
  /** 'done', the code of the error, or 'off' or 'crashed' where the machine or OP-TEE stopped before anything was told. */
  readonly outcome: string;
  readonly state: 'old' | 'new' | 'wrong';
  /** Whether power was cut and the machine booted before it was looked at for the last time. */
  readonly booted: boolean;
  /** Calls that failed before the store worked again. */
  readonly retries: number;
  /** Whether the process had to be ended for the storage to work again. */
  readonly ended: boolean;
  /** Whether OP-TEE itself crashed. */
  readonly crashed: boolean;
  /** What must not be; empty: all is well. */
  readonly wrong: readonly string[];
}

/** In which ways what was found differs from what may be, for a message. */
function difference(found: Digests, wanted: Digests): string {
  const names = new Set([...Object.keys(found), ...Object.keys(wanted)]);
  const different = [...names].filter((key) => found[key] !== wanted[key]);
  return different
    .map((key) => `${key}: ${found[key]?.slice(0, 20) ?? 'absent'} for ${wanted[key]?.slice(0, 20) ?? 'absent'}`)
    .join(', ');
}

function stateOf(found: Digests, prepared: Prepared): Verdict['state'] {
  if (equal(found, prepared.new)) return 'new';
  return equal(found, prepared.old) ? 'old' : 'wrong';
}

/** What is wrong with what alice found at one time. */
function mistakes(when: string, finding: Finding, prepared: Prepared, may: readonly Verdict['state'][]): string[] {
  const state = stateOf(finding.digests, prepared);
  const wrong: string[] = [];
  if (state === 'wrong') wrong.push(`${when}: neither old nor new: ${difference(finding.digests, prepared.old)}`);
  else if (!may.includes(state)) wrong.push(`${when}: the ${state} state, which was not what the call told`);
  if (finding.broken !== '') wrong.push(`${when}: the store does not work: ${finding.broken}`);
  return wrong;
}

export function judge(prepared: Prepared, observed: Observed): Verdict {
  const { outcome, report, warm, cold, ofBob } = observed;
  const wrong: string[] = [];
  // What was told is so; what was told to be unknown, or could not be told, is either.
  const told = outcome === undefined || outcome.outcomeUnknown ? undefined : outcome.code === 'done' ? 'new' : 'old';
  const may: Verdict['state'][] = told === undefined ? ['old', 'new'] : [told];
  if (report?.struck === 0) wrong.push('the fault did not happen');
  if (outcome !== undefined && outcome.ms > observed.deadlineMs + LATE_MS)
    wrong.push(`the call took ${String(outcome.ms)} ms`);
  if (warm) wrong.push(...mistakes('at once', warm, prepared, may));
  const last = cold ?? warm;
  // What was seen at once is there for good.
  const seen = warm && stateOf(warm.digests, prepared);
  if (cold) wrong.push(...mistakes('after a boot', cold, prepared, seen && seen !== 'wrong' ? [seen] : may));
  if (!equal(ofBob.digests, prepared.ofBob)) {
    wrong.push(`the other user's: ${difference(ofBob.digests, prepared.ofBob)}`);
  }
  if (ofBob.broken !== '') wrong.push(`the other user's store does not work: ${ofBob.broken}`);
  return {
    outcome: outcome?.code ?? (observed.crashed ? 'crashed' : 'off'),
    state: last ? stateOf(last.digests, prepared) : 'wrong',
    booted: cold !== undefined,
    ended: observed.ended,
    crashed: observed.crashed,
    retries: (warm?.retries ?? 0) + (cold?.retries ?? 0) + ofBob.retries,
    wrong,
  };
}
