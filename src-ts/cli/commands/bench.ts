// SPDX-License-Identifier: MIT
import { Exit } from '../../errors/table.js';
import { text, usageError, wholeNumber } from '../command-line.js';
import { measureAll, type Measured } from './bench/measure.js';
import type { Command } from '../command.js';
import { dieOf } from './exec/signals.js';

/** No application has this domain; two benchmarks at once would disturb each other, and nobody else. */
const DOMAIN = 'optee-storage bench';

export const command: Command = {
  usage: '',
  help: [
    'Measures how long operations take here: the median and what 99 of 100 do not exceed, in milliseconds, and the median',
    'as a multiple of that of the cheapest command. It works in a domain of its own, with at most 33 keys and 80 KiB at a',
    'time, which are deleted afterwards, also after Ctrl-C; no other key is touched. Do not run two at once.',
  ],
  positionals: [0, 0],
  options: {
    rounds: {
      type: 'string',
      argument: 'N',
      help: 'read so often, and write a tenth of it, since that wears the flash memory (default: 200)',
    },
  },
  async run({ options, io, json, settings, openWith }) {
    if (text(options, 'domain') !== undefined) throw usageError('bench has a domain of its own');
    const reads = wholeNumber(options, 'rounds') ?? 200;
    if (reads < 10) throw usageError('--rounds must be 10 or more');
    const open = () => openWith({ ...settings, domain: DOMAIN });
    const store = await open();
    const interrupted = interruption();
    try {
      const rounds = { reads, writes: Math.ceil(reads / 10) };
      const results = await measureAll(store, open, rounds, interrupted.signal);
      await (json ? io.writeJson(results) : io.write(table(results)));
      return Exit.OK;
    } catch (error) {
      if (!interrupted.signal.aborted) throw error;
      await store.close();
      return dieOf(interrupted.signal.reason as NodeJS.Signals);
    } finally {
      interrupted.forget();
      await store.close();
    }
  },
};

/** Aborts at a signal that would end this process, so that it can clean up first; the reason is its name. */
function interruption(): { signal: AbortSignal; forget: () => void } {
  const controller = new AbortController();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const abort = (signal: NodeJS.Signals) => {
    controller.abort(signal);
    forget();
  };
  const forget = () => {
    for (const signal of signals) process.off(signal, abort);
  };
  for (const signal of signals) process.on(signal, abort);
  return { signal: controller.signal, forget };
}

function table(results: readonly Measured[]): string {
  const yardstick = results[0]?.p50 ?? NaN;
  const rows = results.map(({ operation, count, p50, p99 }) => {
    const times = (p50 / yardstick).toFixed(1);
    return [operation, String(count), p50.toFixed(3), p99.toFixed(3), times];
  });
  const cells = [['operation', 'rounds', 'p50 ms', 'p99 ms', 'multiple'], ...rows];
  const width = Math.max(...cells.map(([first = '']) => first.length));
  return cells
    .map(([first = '', ...others]) => `${first.padEnd(width)}${others.map((cell) => cell.padStart(11)).join('')}\n`)
    .join('');
}
