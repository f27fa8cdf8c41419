// SPDX-License-Identifier: MIT
import type { ReadStream } from 'node:tty';

/** The standard streams, so that commands can be tested in-process. */
export interface Io {
  readonly stdin: NodeJS.ReadableStream & Partial<Pick<ReadStream, 'isTTY' | 'setRawMode'>>;
  /** Writes to standard output and waits until it is written. */
  readonly write: (data: string | Uint8Array) => Promise<void>;
  /** Writes to standard error. */
  readonly note: (text: string) => void;
  /** Shows a line that gives way to whatever is written next; only if standard error is a terminal. */
  readonly status?: (text: string) => void;
  /** Whether standard output is a terminal. */
  readonly isTerminal?: boolean;
  /** Whether standard output is a terminal that shows colours, and they are wanted (NO_COLOR). */
  readonly colours?: boolean;
}

/** The streams of this process. */
export function processIo(): Io {
  const { stdout, stderr } = process;
  // Errors arrive in the callback of write(); without a listener they would be thrown as well.
  for (const stream of [stdout, stderr]) stream.on('error', () => undefined);
  let hasStatus = false;
  const status = (text: string) => {
    if (!hasStatus && text === '') return;
    stderr.write(`\r${text}\u001b[K`);
    hasStatus = text !== '';
  };
  return {
    get stdin() {
      return process.stdin;
    },
    ...(stderr.isTTY ? { status } : {}),
    write: (data) =>
      new Promise((resolve, reject) => {
        status('');
        stdout.write(data, (error) => {
          if (error) reject(error);
          else resolve();
        });
      }),
    isTerminal: stdout.isTTY,
    colours: stdout.isTTY && stdout.hasColors(),
    note: (text) => {
      status('');
      stderr.write(text);
    },
  };
}

/** Whether nobody reads standard output any more, as after `| head -1`. */
export function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === 'EPIPE';
}
