// SPDX-License-Identifier: MIT
/** Who a tee-supplicant may belong to. The name of a process says nothing: anybody can take it. */

/** The device that supplicants serve. */
export const SUPPLICANT_DEVICE = '/dev/teepriv0';

/** What the kernel shows for every user that a user namespace does not know (/proc/sys/kernel/overflowuid). */
const UNKNOWN_USER = 65534;

/** The effective user of a process. @param status what /proc/PID/status says; undefined if it cannot be read */
export function effectiveUid(status: string | undefined): number | undefined {
  const uid = /^Uid:\s+\d+\s+(\d+)/m.exec(status ?? '')?.[1];
  return uid === undefined ? undefined : Number(uid);
}

/**
 * Whether a process of this name is to be believed: if it is root's, or of the user to whom the supplicants' device belongs.
 * @param uid its effective user
 * @param deviceOwner of {@link SUPPLICANT_DEVICE}; undefined if there is none to see
 */
export function mayBeSupplicant(uid: number | undefined, deviceOwner: number | undefined): boolean {
  return uid !== undefined && uid !== UNKNOWN_USER && (uid === 0 || uid === deviceOwner);
}
