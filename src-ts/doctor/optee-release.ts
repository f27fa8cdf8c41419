// SPDX-License-Identifier: MIT
/** Which release of OP-TEE a board runs, as far as Linux tells. */
import { glance, type Host } from './host.js';

export interface OpteeRelease {
  readonly major: number;
  readonly minor: number;
}

/** From this release on, a TA's header may be anywhere in its image; an older OP-TEE reads it at address 0. */
export const HEADER_ANYWHERE: OpteeRelease = { major: 4, minor: 0 };

const IMPLEMENTATION = '/sys/class/tee/tee0/implementation_id';
/** The kernel's number of OP-TEE among TEEs (Linux, include/uapi/linux/tee.h). */
const OPTEE = '1';
/** Newer kernels have a file for it. */
const REVISION = '/sys/class/tee/tee0/revision';
/** What Ubuntu keeps of the kernel's log of the boot; the kernel forgets its oldest lines. */
const BOOT_LOG = '/var/log/dmesg';
/**
 * What the driver says when it finds OP-TEE, at the beginning of a record of /dev/kmsg or of a line of dmesg(1). Further on
 * there are names of programs and files that ended badly, which any user chooses.
 */
const LOGGED =
  /^(?:\d+,\d+,\d+,[^;\n]*;|\[ *\d+\.\d+\] ?(?:\[ *[TC]\d+\] ?)?(?:kernel: )?)optee: revision (\d+\.\d+)/gm;

/** Undefined if nothing that this process may read tells it. */
export function opteeRelease(host: Host): OpteeRelease | undefined {
  if (glance(() => host.read(IMPLEMENTATION))?.trim() !== OPTEE) return undefined;
  const texts = [() => host.read(REVISION), () => logged(host.kernelLog()), () => logged(host.read(BOOT_LOG))];
  for (const text of texts) {
    const release = parseRelease(glance(text) ?? '');
    if (release !== undefined) return release;
  }
  return undefined;
}

/** The last one counts: the driver may have been loaded more than once. */
function logged(log: string): string {
  return [...log.matchAll(LOGGED)].at(-1)?.[1] ?? '';
}

/** From the beginning of a text, such as "4.10" or "4.6.0 (0123abcd)". */
export function parseRelease(text: string): OpteeRelease | undefined {
  const [, major, minor] = /^\s*(\d{1,4})\.(\d{1,4})(?!\d)/.exec(text) ?? [];
  return major === undefined || minor === undefined ? undefined : { major: Number(major), minor: Number(minor) };
}

export function isBefore(one: OpteeRelease, other: OpteeRelease): boolean {
  return one.major < other.major || (one.major === other.major && one.minor < other.minor);
}

export function formatRelease({ major, minor }: OpteeRelease): string {
  return `${String(major)}.${String(minor)}`;
}
