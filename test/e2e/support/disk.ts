// SPDX-License-Identifier: MIT
/** The disk of the machine that the supplicant stores on. */
import type { Machine } from '../../../machine/machine.mjs';
import { shell } from './power';

/** Where it is mounted. */
export const DATA = '/var/lib/optee-client/data';
/** Where the supplicant keeps objects. */
export const FILES = `${DATA}/tee`;
/** OP-TEE's directory of all objects. */
export const DIRECTORY = `${FILES}/dirf.db`;

/** Takes all room there is: what is left after the large blocks is filled by small ones. */
export async function fillDisk(machine: Machine): Promise<void> {
  await shell(
    machine,
    `for size in 1M 4k; do busybox dd if=/dev/zero of=${DATA}/$size bs=$size 2> /dev/null || :; done`,
  );
}

/** Gives back what fillDisk() took. */
export async function makeRoom(machine: Machine): Promise<void> {
  await shell(machine, `busybox rm ${DATA}/1M ${DATA}/4k`);
}

/** Mounts OP-TEE's directory onto itself, as docs/security.md recommends, so that OP-TEE cannot remove it. */
export async function protectDirectory(machine: Machine): Promise<void> {
  await shell(machine, `busybox mount --bind ${DIRECTORY} ${DIRECTORY}`);
}
