// SPDX-License-Identifier: MIT
/** What the doctor sees of the machine. Every look goes through here, so that tests can give it any machine. */
import { closeSync, openSync, readFileSync, readdirSync, readlinkSync, statSync, statfsSync } from 'node:fs';
import { release } from 'node:os';

/** A machine; its functions throw as those of node:fs do. */
export interface Host {
  readonly platform: string;
  readonly arch: string;
  /** Of the kernel, as uname(2) has it. */
  readonly release: string;
  /** Without the v. */
  readonly nodeVersion: string;
  /** The effective user id; undefined where there is none. */
  readonly uid: number | undefined;
  /** The bytes of a file, each as one character: not every file of /proc is text. */
  readonly read: (file: string) => string;
  readonly names: (folder: string) => string[];
  readonly link: (file: string) => string;
  readonly stat: (file: string) => Status;
  readonly space: (folder: string) => Space;
  /** Opens a device to read and write, as libteec does, and closes it again. */
  readonly open: (device: string) => void;
}

/** Of a file or folder, as stat(2) has it. */
export interface Status {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
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
    read: (file) => readFileSync(file, 'latin1'),
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
  };
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
