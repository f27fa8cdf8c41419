// SPDX-License-Identifier: MIT
import { createReadStream, fstatSync } from 'node:fs';
import type { ReadStream } from 'node:tty';

import { harmlessLines, jsonLine } from '../../util/visible.js';
import { flagsOf, inheritedDescriptors, targetOf } from './descriptors.js';

/** The standard streams as they are, so that commands can be tested in-process. */
export interface Streams {
  readonly stdin: NodeJS.ReadableStream & Partial<Pick<ReadStream, 'isTTY' | 'setRawMode'>>;
  /** Writes to standard output and waits until it is written. */
  readonly write: (data: string | Uint8Array) => Promise<void>;
  /** Writes to standard error. */
  readonly note: (text: string) => void;
  /** Shows a line that gives way to whatever is written next; only if standard error is a terminal. */
  readonly status?: (text: string) => void;
  /** Lets a terminal that can do so mark what is pasted, or no longer; only if standard error is one. */
  readonly markPastes?: (on: boolean) => void;
  /** Whether standard output is a terminal. */
  readonly isTerminal?: boolean;
  /** Whether standard output is a terminal that shows colours, and they are wanted (NO_COLOR). */
  readonly colours?: boolean;
  /** How wide the terminal of standard output is, or as wide as COLUMNS says. */
  readonly columns?: number | undefined;
  /** Whether standard output was closed when this process began: whatever is written goes nowhere. */
  readonly isClosed?: boolean;
  /** The descriptors from 3 on that this process was given by whoever started it. */
  readonly inherited?: readonly number[];
}

/** What commands write with. Nothing that comes from outside acts on a terminal, whichever of them takes it there. */
export interface Io extends Omit<Streams, 'write'> {
  /** Writes text to standard output. A terminal gets it harmless; a pipe or file gets it as it is. */
  readonly write: (text: string) => Promise<void>;
  /** Writes a line of JSON to standard output. */
  readonly writeJson: (value: unknown) => Promise<void>;
  /** Writes bytes to standard output as they are: for what was asked for byte by byte. */
  readonly writeBytes: (bytes: Uint8Array) => Promise<void>;
  /** Writes text to standard error, harmless everywhere: it ends up in logs that people look at. */
  readonly note: (text: string) => void;
}

/** The only way from a command to the streams. */
export function harmlessIo(streams: Streams): Io {
  const {
    write,
    note,
    status,
    markPastes,
    isTerminal = false,
    colours = false,
    columns,
    isClosed = false,
    inherited = [],
  } = streams;
  return {
    get stdin() {
      return streams.stdin;
    },
    write: (text) => write(isTerminal ? harmlessLines(text) : text),
    writeJson: (value) => write(jsonLine(value)),
    writeBytes: write,
    note: (text) => {
      note(harmlessLines(text));
    },
    ...(status && { status }),
    ...(markPastes && { markPastes }),
    isTerminal,
    colours,
    columns,
    isClosed,
    inherited,
  };
}

/** The streams of this process. */
export function processStreams(): Streams {
  // First, for a terminal is opened once more by what follows.
  const inherited = inheritedDescriptors();
  const { stdout, stderr } = process;
  // Errors arrive in the callback of write(); without a listener they would be thrown as well.
  for (const stream of [stdout, stderr]) stream.on('error', () => undefined);
  let hasStatus = false;
  const status = (text: string) => {
    if (!hasStatus && text === '') return;
    stderr.write(`\r${text}\u001b[K`);
    hasStatus = text !== '';
  };
  const markPastes = (on: boolean) => {
    // A terminal that does not know this ignores it, unless it is none that knows any.
    if (process.env.TERM !== 'dumb') stderr.write(`\u001b[?2004${on ? 'h' : 'l'}`);
  };
  return {
    get stdin() {
      return standardInput();
    },
    ...(stderr.isTTY ? { status, markPastes } : {}),
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
    columns: columnsOf(stdout),
    isClosed: isReopened(1) && !isNull(0),
    inherited,
    note: (text) => {
      status('');
      stderr.write(text);
    },
  };
}

function columnsOf({ columns }: { readonly columns?: number }): number | undefined {
  const told = Number(process.env.COLUMNS);
  return Number.isInteger(told) && told > 0 ? told : columns;
}

/** Of what it does not know, a directory for example, Node.js makes a stream that is empty instead of one that fails. */
function standardInput(): Streams['stdin'] {
  const kind = fstatSync(0);
  return kind.isDirectory() || kind.isBlockDevice() ? createReadStream('', { fd: 0 }) : process.stdin;
}

/**
 * Whether Node.js found a descriptor closed: it opens /dev/null in its place, to read and write, as no shell does. A parent
 * that is Node.js itself and ignores all output does so, too, but gives /dev/null as the input then.
 */
function isReopened(descriptor: number): boolean {
  return isNull(descriptor) && (flagsOf(descriptor) & 0o3) === 0o2;
}

function isNull(descriptor: number): boolean {
  return targetOf(descriptor) === '/dev/null';
}

/** Whether nobody reads standard output any more, as after `| head -1`. */
export function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === 'EPIPE';
}
