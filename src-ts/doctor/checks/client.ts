// SPDX-License-Identifier: MIT
/** What serves the TEE in Linux: the client library and the supplicant. */
import { TeeFailure } from '../../tee/seam.js';
import { because } from '../causes.js';
import type { Check } from '../diagnosis.js';
import { progress, type Evidence } from '../evidence.js';
import { notReached, ok, unknown, type CheckFunction, type Subject } from '../check.js';
import { isNoneRunning, type Supplicant } from '../supplicant.js';
import { hasDriver } from './device.js';
import { loaded } from './machine.js';

export const libteec: CheckFunction = ({ host, evidence }) => {
  const reached = progress(evidence, 'libteec');
  if (reached === 'not reached') return notReached('libteec');
  if (reached === 'beyond') return ok('libteec', loaded(host, /\/libteec\.so[^/]*$/) ?? 'loaded');
  const tried = detailOf(evidence);
  // That one cannot be opened is what the loader says of a file that is not there.
  const unusable = tried.split('; ').filter((each) => !each.includes('cannot open shared object file'));
  return unusable.length === 0 ? because('no-libteec') : because('foreign-libteec', { error: unusable.join('; ') });
};

/** What the seam said of the failure, without the words around it. */
function detailOf({ error }: Evidence): string {
  const { cause } = error ?? {};
  return cause instanceof TeeFailure ? cause.detail : (error?.message ?? '');
}

export const supplicant: CheckFunction = (subject) => {
  const { evidence, supplicant: seen, host } = subject;
  if (seen?.state === 'T' || seen?.state === 't') return because('supplicant-stopped', { pid: seen.pid });
  const silent = progress(evidence, 'supplicant') === 'broken' ? evidence.error : (evidence.supplicant ?? undefined);
  if (silent !== undefined) return withoutAnswer(silent.code, subject);
  if (evidence.supplicant === null)
    return ok('supplicant', seen === undefined ? 'answers; it cannot be seen from here' : `${describe(seen)}, answers`);
  if (seen !== undefined) return ok('supplicant', describe(seen));
  if (!hasDriver(host)) return unknown('supplicant', 'none, for there is no driver');
  return isNoneRunning(host) ? because('no-supplicant') : unknown('supplicant', 'none can be seen from here');
};

function withoutAnswer(code: string, { supplicant: seen, host }: Subject): Check {
  if (code === 'ERR_NO_SUPPLICANT' || (seen === undefined && isNoneRunning(host))) return because('no-supplicant');
  const process = seen === undefined ? 'cannot be seen from here' : `runs as process ${String(seen.pid)}`;
  return because('supplicant-hangs', { process });
}

function describe({ name, pid, uid }: Supplicant): string {
  const user = uid === 0 ? ', root' : uid === undefined ? '' : `, user ${String(uid)}`;
  return `${name} (process ${String(pid)}${user})`;
}
