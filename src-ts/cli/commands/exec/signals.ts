// SPDX-License-Identifier: MIT
/** Signals on their way from whoever sends them to the program. docs/exec.md has them one by one. */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { isatty } from 'node:tty';

import { parseStat, type ProcStat } from '../../../util/proc-stat.js';

/** The program that gets them: its id once it runs, and how it is sent one. */
export interface Receiver {
  readonly pid: number | undefined;
  kill(signal: NodeJS.Signals): unknown;
}

/** A terminal sends these to every process of its foreground group, so to the program as well. */
const fromTerminal: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT', 'SIGWINCH', 'SIGTSTP', 'SIGCONT']);
/** A process that a terminal does not let read or write is stopped by these; to many programs they mean something else. */
const ofBackground: ReadonlySet<NodeJS.Signals> = new Set(['SIGTTIN', 'SIGTTOU']);
/**
 * Nobody can catch the first two. SIGCHLD tells of the program. The others are this process's own faults: to go on after
 * one would be to run into it again.
 */
const notPassed: ReadonlySet<NodeJS.Signals> = new Set([
  ...(['SIGKILL', 'SIGSTOP', 'SIGCHLD'] as const),
  ...(['SIGSEGV', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGTRAP', 'SIGSYS'] as const),
]);
/** Node.js ignores these. It would no longer do so after the last listener. */
const ignored: ReadonlySet<NodeJS.Signals> = new Set(['SIGPIPE', 'SIGXFSZ']);

/** By default these leave an image of the process's memory on the disk. */
const dumping: ReadonlySet<NodeJS.Signals> = new Set([
  ...(['SIGQUIT', 'SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGIOT', 'SIGBUS', 'SIGFPE', 'SIGSEGV'] as const),
  ...(['SIGXCPU', 'SIGXFSZ', 'SIGSYS'] as const),
]);

/** With these options Node.js's profiler sends SIGPROF to its own process, hundreds of times a second. */
const PROFILING = /(?:^|\s)["']?--(?:cpu-)?prof(?![\w-])/;
export const isProfiled = (): boolean =>
  PROFILING.test([...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' '));

/** How long a program is looked at that a signal may have stopped. */
const STOPS_MS = [0, 10, 100, 1000];

/** The signals that are passed on, each by one of its names. */
function passedSignals(): NodeJS.Signals[] {
  const byNumber = new Map<number, NodeJS.Signals>();
  const profiled = isProfiled();
  for (const [name, number] of Object.entries(constants.signals) as [NodeJS.Signals, number][])
    if (!notPassed.has(name) && !byNumber.has(number) && !(profiled && name === 'SIGPROF')) byNumber.set(number, name);
  return [...byNumber.values()];
}

/**
 * Passes signals to a program, from now on until what is returned is called. One that the program has from its terminal
 * already is not sent again: a second Ctrl-C means something else to many.
 */
export function passSignals(program: Receiver): () => void {
  let isPassing = true;
  const pass = (signal: NodeJS.Signals) => {
    if (!isPassing) return;
    if (!hasItAlready(signal, program)) program.kill(signal);
    // The handler has kept this process from being stopped, and a shell waits for that.
    if (signal === 'SIGTSTP') withoutHandler(signal, pass);
    if (ofBackground.has(signal)) {
      void stopWith(program, () => {
        if (isPassing) withoutHandler(signal, pass);
      });
    }
  };
  const signals = passedSignals();
  for (const signal of signals) process.on(signal, pass);
  return () => {
    isPassing = false;
    for (const signal of signals) if (!ignored.has(signal)) process.off(signal, pass);
  };
}

function hasItAlready(signal: NodeJS.Signals, program: Receiver): boolean {
  if (!fromTerminal.has(signal) || !inForeground()) return false;
  // Whoever lets one go on that was stopped by itself does not mean the terminal's group.
  return signal !== 'SIGCONT' || !isStopped(program);
}

/** Has this process stopped if a signal stops the program, so that a shell sees it, and not if that does something else. */
async function stopWith(program: Receiver, stop: () => void): Promise<void> {
  for (const ms of STOPS_MS) {
    await pause(ms, undefined, { ref: false });
    if (!isStopped(program)) continue;
    stop();
    return;
  }
}

function isStopped({ pid }: Receiver): boolean {
  return pid !== undefined && statOf(String(pid))?.state === 'T';
}

/**
 * Sends a signal to this process once more, to do by itself what it does: it stops nothing where no shell could let it go on
 * again (setpgid(2), an orphaned process group), and then the program goes on as well.
 */
function withoutHandler(signal: NodeJS.Signals, handler: (signal: NodeJS.Signals) => void): void {
  process.off(signal, handler);
  process.kill(process.pid, signal);
  process.on(signal, handler);
}

/**
 * Ends this process as the program ended, so that a shell sees by which signal. Not by one that would write this
 * process's memory, with secrets in it, to a core file.
 * @returns the exit code that stands for the signal, where this process lives on
 */
export function dieOf(signal: NodeJS.Signals): number {
  if (!dumping.has(signal)) process.kill(process.pid, signal);
  return 128 + constants.signals[signal];
}

/** Whether this process belongs to the foreground group of its terminal; false without one. */
function inForeground(): boolean {
  const stat = statOf('self');
  if (stat === undefined) return [0, 1, 2].some((descriptor) => isatty(descriptor));
  return stat.terminal !== '0' && stat.group === stat.foreground;
}

/** Undefined where there is no /proc, or no such process. */
function statOf(pid: string): ProcStat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return undefined;
  }
}
