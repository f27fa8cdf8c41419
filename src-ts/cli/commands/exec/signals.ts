// SPDX-License-Identifier: MIT
/** Signals on their way from whoever sends them to the program. */
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { isatty } from 'node:tty';

import { parseStat } from '../../../util/proc-stat.js';

/** A terminal sends these to every process of its foreground group, so to the program as well. */
const fromTerminal: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGWINCH', 'SIGTSTP', 'SIGCONT'];
const fromOthers: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'];

/** By default these leave an image of the process's memory on the disk. */
const dumping: ReadonlySet<NodeJS.Signals> = new Set([
  ...(['SIGQUIT', 'SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGIOT', 'SIGBUS', 'SIGFPE', 'SIGSEGV'] as const),
  ...(['SIGXCPU', 'SIGXFSZ', 'SIGSYS'] as const),
]);

/**
 * Passes signals to a program, from now on until what is returned is called. One that the program has from its terminal
 * already is not sent again: a second Ctrl-C means something else to many.
 */
export function passSignals(send: (signal: NodeJS.Signals) => unknown): () => void {
  const pass = (signal: NodeJS.Signals) => {
    if (!fromTerminal.includes(signal) || !inForeground()) send(signal);
    // The handler has kept this process from being stopped, and a shell waits for that.
    if (signal === 'SIGTSTP') withoutHandler(signal, pass);
  };
  const signals = [...fromTerminal, ...fromOthers];
  for (const signal of signals) process.on(signal, pass);
  return () => {
    for (const signal of signals) process.off(signal, pass);
  };
}

/**
 * Sends a signal to this process once more, to do by itself what it does: SIGTSTP stops nothing where no shell could let it
 * go on again (setpgid(2), an orphaned process group), and then the program goes on as well.
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
  let stat: string;
  try {
    stat = readFileSync('/proc/self/stat', 'latin1');
  } catch {
    return [0, 1, 2].some((descriptor) => isatty(descriptor));
  }
  const fields = parseStat(stat);
  return fields !== undefined && fields.terminal !== '0' && fields.group === fields.foreground;
}
