// SPDX-License-Identifier: MIT
/** What the doctor sees of the machine. Every look goes through here, so that tests can give it any machine. */
import { closeSync, constants, openSync, readdirSync, readlinkSync, readSync, statSync, statfsSync } from 'node:fs';
import { release } from 'node:os';

import { readRegularFile } from '../util/files.js';
import { INITIAL_USER_NAMESPACE } from '../util/namespaces.js';
import type { Files } from '../util/supplicants.js';

/** A machine; its functions throw as those of node:fs do. */
export interface Host extends Files {
  readonly platform: string;
  readonly arch: string;
  /** Of the kernel, as uname(2) has it. */
  readonly release: string;
  /** Without the v. */
  readonly nodeVersion: string;
  /** The effective user id; undefined where there is none. */
  readonly uid: number | undefined;
  /** The bytes of a regular file, each as one character: not every file of /proc is text. */
  readonly read: (file: string) => string;
  readonly space: (folder: string) => Space;
  /** Opens a device to read and write, as libteec does, and closes it again. */
  readonly open: (device: string) => void;
  /** What the kernel still has of its log. */
  readonly kernelLog: () => string;
}

/** Of a file system, in bytes. */
export interface Space {
  readonly size: number;
  readonly free: number;
  /** For everybody but root. */
  readonly available: number;
  readonly blockSize: number;
}

/** This machine. */
export function thisHost(): Host {
  return {
    platform: process.platform,
    arch: process.arch,
    release: release(),
    nodeVersion: process.versions.node,
    uid: process.geteuid?.(),
    read: (file) => readRegularFile(file).toString('latin1'),
    names: (folder) => readdirSync(folder),
    link: (file) => readlinkSync(file),
    stat: (file) => statSync(file),
    space: (folder) => {
      const { bsize, blocks, bfree, bavail } = statfsSync(folder);
      return { size: bsize * blocks, free: bsize * bfree, available: bsize * bavail, blockSize: bsize };
    },
    open: (device) => {
      closeSync(openSync(device, 'r+'));
    },
    kernelLog,
  };
}

const KERNEL_LOG = '/dev/kmsg';
/** No record is longer (Linux, kernel/printk: CONSOLE_EXT_LOG_MAX). */
const RECORD_MAX = 8192;
/** More than kernels keep, for one that writes on and on. */
const RECORDS_MAX = 100_000;

/** Each read of the device gives one record, and at the end it would wait for the next one. */
function kernelLog(): string {
  const log = openSync(KERNEL_LOG, constants.O_RDONLY | constants.O_NONBLOCK);
  const record = Buffer.alloc(RECORD_MAX);
  let text = '';
  try {
    for (let count = 0; count < RECORDS_MAX; count++) {
      const size = readRecord(log, record);
      if (size === undefined) break;
      text += record.toString('latin1', 0, size);
    }
    return text;
  } finally {
    closeSync(log);
  }
}

/** @returns the size of the next record, undefined behind the last one */
function readRecord(log: number, record: Buffer): number | undefined {
  try {
    const size = readSync(log, record);
    return size === 0 ? undefined : size;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EAGAIN') return undefined;
    // It was overwritten meanwhile; the next read goes on behind it.
    if (code === 'EPIPE') return 0;
    throw error;
  }
}

/** What a look found: something, nothing, or that this process may not look. */
export type Look<T> =
  | { readonly seen: T; readonly why?: undefined }
  | { readonly seen?: undefined; readonly why: 'missing' | 'denied' | 'failed'; readonly code: string };

const reasons: Readonly<Record<string, 'missing' | 'denied'>> = {
  ENOENT: 'missing',
  ENOTDIR: 'missing',
  // A process that has just ended, and a device without a driver.
  ESRCH: 'missing',
  ENXIO: 'missing',
  ENODEV: 'missing',
  EACCES: 'denied',
  EPERM: 'denied',
};

/** Takes a look. */
export function look<T>(at: () => T): Look<T> {
  try {
    return { seen: at() };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    return { why: reasons[code] ?? 'failed', code };
  }
}

/** What a look finds, undefined for whatever reason it finds nothing. */
export function glance<T>(at: () => T): T | undefined {
  return look(at).seen;
}

/** Whether ids here may be others elsewhere, or none. */
export function inUserNamespace(host: Host): boolean {
  return (glance(() => host.link('/proc/self/ns/user')) ?? INITIAL_USER_NAMESPACE) !== INITIAL_USER_NAMESPACE;
}
