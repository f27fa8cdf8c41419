// SPDX-License-Identifier: MIT
/** The open descriptors of this process, as Linux shows them. */
import { fstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The clock of a file is one tick behind at most. */
const TICK_MS = 10;

interface Open {
  readonly descriptor: number;
  readonly target: string;
}

/**
 * The descriptors from 3 on that this process was given by whoever started it. It cannot be told of what libuv opens for its
 * loops: an epoll, eventfd or io_uring that was given is left out. To be called before anything else opens some.
 */
export function inheritedDescriptors(): number[] {
  const all = openDescriptors();
  return all.filter((one) => one.descriptor > 2 && !isOfNode(one, all)).map(({ descriptor }) => descriptor);
}

/** Whether a descriptor would be closed in a program that is started: Node.js has that done with those that it finds. */
export function isClosedOnExec(descriptor: number): boolean {
  return (flagsOf(descriptor) & 0o2000000) !== 0;
}

/** The flags of open(2); 0 if there is no such descriptor. */
export function flagsOf(descriptor: number): number {
  try {
    const info = readFileSync(`/proc/self/fdinfo/${String(descriptor)}`, 'latin1');
    return parseInt(/^flags:\s+([0-7]+)/m.exec(info)?.[1] ?? '0', 8);
  } catch {
    return 0;
  }
}

/** What a descriptor refers to; undefined if it is closed. */
export function targetOf(descriptor: number): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${String(descriptor)}`);
  } catch {
    return undefined;
  }
}

function openDescriptors(): Open[] {
  let names: string[];
  try {
    names = readdirSync('/proc/self/fd');
  } catch {
    return [];
  }
  // The descriptor of the listing itself is closed by now.
  return names.map(Number).flatMap((descriptor) => {
    const target = targetOf(descriptor);
    return target === undefined ? [] : [{ descriptor, target }];
  });
}

function isOfNode({ descriptor, target }: Open, all: readonly Open[]): boolean {
  if (/^anon_inode:\[(?:eventpoll|eventfd|io_uring)\]$/.test(target)) return true;
  if (!target.startsWith('pipe:') || all.filter((other) => other.target === target).length < 2) return false;
  return !isOfMake(descriptor) && fstatSync(descriptor).ctimeMs >= performance.timeOrigin - TICK_MS;
}

/** make may have opened its pipe of job slots, with both ends, just before it started this process. */
function isOfMake(descriptor: number): boolean {
  const named = /--jobserver-(?:auth|fds)=(\d+),(\d+)/.exec(process.env.MAKEFLAGS ?? '')?.slice(1);
  return named?.map(Number).includes(descriptor) ?? false;
}
