// SPDX-License-Identifier: MIT
import type { ReadStream } from 'node:tty';

/** The standard streams, so that commands can be tested in-process. */
export interface Io {
  readonly stdin: NodeJS.ReadableStream & Partial<Pick<ReadStream, 'isTTY' | 'setRawMode'>>;
  /** Writes to standard output and waits until it is written. */
  readonly write: (data: string | Uint8Array) => Promise<void>;
  /** Writes to standard error. */
  readonly note: (text: string) => void;
  /** Whether standard output is a terminal that shows colours, and they are wanted (NO_COLOR). */
  readonly colours?: boolean;
}

/** The streams of this process. */
export function processIo(): Io {
  const { stdout, stderr } = process;
  // Errors arrive in the callback of write(); without a listener they would be thrown as well.
  for (const stream of [stdout, stderr]) stream.on('error', () => undefined);
  return {
    get stdin() {
      return process.stdin;
    },
    write: (data) =>
      new Promise((resolve, reject) => {
        stdout.write(data, (error) => {
          if (error) reject(error);
          else resolve();
        });
      }),
    colours: stdout.isTTY && stdout.hasColors(),
    note: (text) => {
      stderr.write(text);
    },
  };
}

/** Whether nobody reads standard output any more, as after `| head -1`. */
export function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === 'EPIPE';
}
