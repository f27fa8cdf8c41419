// SPDX-License-Identifier: MIT
/** Machines on which cases are carried out at once, one for each processor: an emulated machine keeps one busy. */
import os from 'node:os';

import { Laboratory, type Observed, type Prepared } from './laboratory';
import type { Operation } from './operations';
import { say } from './records';
import { judge, type Kind, type Verdict } from './sweep';

/** A case, and what came of it. */
export interface Case extends Verdict {
  readonly operation: string;
  readonly kind: string;
  readonly at: number;
  /** The file operation's letter. */
  readonly call: string;
  readonly ms: number;
}

export const keyOf = ({ operation, kind, at }: Pick<Case, 'operation' | 'kind' | 'at'>): string =>
  [operation, kind, at].join('|');

/** A machine, with what was prepared on it last. */
interface Stage {
  readonly laboratory: Laboratory;
  prepared?: Prepared;
}

const stages: (Stage | undefined)[] = Array.from({ length: os.availableParallelism() }, () => undefined);
export const stageCount = stages.length;

/** Does work on all stages at once. */
export async function onAllStages(work: (stage: number) => Promise<void>): Promise<void> {
  await Promise.all(stages.map((_, stage) => work(stage)));
}

export async function closeStages(): Promise<void> {
  for (const stage of stages) await stage?.laboratory.close();
}

/** Makes a machine ready for a change. */
export async function prepare(
  index: number,
  operation: Operation,
): Promise<{ laboratory: Laboratory; prepared: Prepared }> {
  const stage = (stages[index] ??= { laboratory: await Laboratory.open() });
  if (stage.prepared?.operation !== operation) stage.prepared = await stage.laboratory.prepare(operation);
  return { laboratory: stage.laboratory, prepared: stage.prepared };
}

/** Carries a case out; a machine that broke is replaced, once. */
async function strike(index: number, operation: Operation, kind: Kind, at: number) {
  const attempt = async (): Promise<{ observed: Observed; prepared: Prepared }> => {
    const { laboratory, prepared } = await prepare(index, operation);
    return { observed: await laboratory.strike(prepared, kind, at), prepared };
  };
  return attempt().catch(async (error: unknown) => {
    say(`the machine is started again: ${String(error)}`);
    await stages[index]?.laboratory.close();
    stages[index] = undefined;
    return attempt();
  });
}

/** Carries a case out and judges it. */
export async function tryCase(index: number, operation: Operation, kind: Kind, at: number): Promise<Case> {
  const began = Date.now();
  const { observed, prepared } = await strike(index, operation, kind, at);
  const verdict = judge(prepared, observed);
  const call = prepared.trace[at - 1] ?? '';
  for (const what of verdict.wrong) say(`WRONG: ${operation.name}, ${kind.name} at ${String(at)} (${call}): ${what}`);
  return { operation: operation.name, kind: kind.name, at, call, ms: Date.now() - began, ...verdict };
}
