// SPDX-License-Identifier: MIT
/** The Trusted Application, and as whom it sees this process. */
import { outerId } from '../../tee/client-uuid.js';
import { PROTOCOL_VERSION } from '../../protocol/contract.js';
import { packageVersion } from '../../util/package-json.js';
import { isHeaderFirst } from '../../util/ta-header.js';
import { because } from '../causes.js';
import { progress } from '../evidence.js';
import { glance, inUserNamespace } from '../host.js';
import { formatRelease, HEADER_ANYWHERE, isBefore, opteeRelease } from '../optee-release.js';
import { notReached, ok, told, unknown, type CheckFunction, type Subject } from '../check.js';
import { octal } from '../../tee/devices.js';

/** Where Trusted Applications are by default. */
const USUAL_FOLDER = '/lib/optee_armtz';

/** The file of the Trusted Application; undefined if there is none to see. */
function fileOf({ host, taUuid, supplicant }: Subject): string | undefined {
  const files = (supplicant?.taFolders ?? [USUAL_FOLDER]).map((folder) => `${folder}/${taUuid}.ta`);
  return files.find((each) => glance(() => host.stat(each)) !== undefined);
}

export const ta: CheckFunction = (subject) => {
  const { host, evidence, taUuid, supplicant } = subject;
  const file = fileOf(subject);
  const reached = progress(evidence, 'ta');
  if (reached === 'not reached') return file === undefined ? notReached('ta') : unknown('ta', `${file} is there`);
  // It may also be part of OP-TEE's image, or stored by OP-TEE itself.
  if (reached === 'beyond') return ok('ta', file ?? taUuid);
  const status = file && glance(() => host.stat(file));
  if (file && status) return because('unreadable-ta', { file, mode: octal(status.mode) });
  return because('no-ta', { uuid: taUuid, folder: supplicant?.taFolders[0] ?? USUAL_FOLDER });
};

export const taLoad: CheckFunction = (subject) => {
  const { evidence, host } = subject;
  const { error } = evidence;
  const reached = progress(evidence, 'ta-load');
  if (reached === 'not reached') return notReached('ta-load');
  if (reached === 'beyond' || error === undefined)
    return ok('ta-load', 'OP-TEE looks for it, and finds its storage whole');
  if (error.code === 'ERR_CORRUPT') return because('optee-files', told(error));
  const file = fileOf(subject);
  const first = file === undefined ? undefined : glance(() => isHeaderFirst(Buffer.from(host.read(file), 'latin1')));
  const release = opteeRelease(host);
  const older = release === undefined || isBefore(release, HEADER_ANYWHERE);
  const optee = release === undefined ? '' : ` ${formatRelease(release)}`;
  if (file !== undefined && first === false && older) return because('ta-of-newer-kit', { file, optee });
  if (first === true || !older) return because('no-memory-to-load');
  return { id: 'ta-load', status: 'failed', found: told(error).error, fix: told(error).remedy };
};

export const taSignature: CheckFunction = ({ evidence }) => {
  const reached = progress(evidence, 'ta-signature');
  if (reached === 'not reached') return notReached('ta-signature');
  return reached === 'broken' ? because('ta-signature') : ok('ta-signature', 'OP-TEE accepts it');
};

export const taVersion: CheckFunction = ({ evidence }) => {
  const reached = progress(evidence, 'ta-version');
  const { info, error } = evidence;
  if (reached === 'broken') {
    if (error?.code === 'ERR_FORMAT_TOO_NEW') return because('ta-format');
    return because('ta-protocol', { protocol: PROTOCOL_VERSION, package: packageVersion() });
  }
  if (reached === 'not reached') return notReached('ta-version');
  if (info === undefined) return ok('ta-version', `protocol ${String(PROTOCOL_VERSION)}`);
  return ok('ta-version', `${info.taVersion}, protocol ${String(info.protocol)}; package ${info.packageVersion}`);
};

export const identity: CheckFunction = ({ host, evidence, group }) => {
  const { info, error } = evidence;
  const reached = progress(evidence, 'identity');
  if (reached === 'broken') {
    if (error?.code === 'ERR_NOT_IN_GROUP') return because('not-in-group', { group: group ?? '?' });
    return because(inUserNamespace(host) ? 'nested-namespace' : 'other-identity', { user: String(host.uid) });
  }
  if (info === undefined) return reached === 'beyond' ? ok('identity', 'as expected') : notReached('identity');
  if (!info.ownerVerified) return because('identity-unverified', { owner: info.owner });
  const who = info.login === 'group' ? `group ${String(info.group)}` : `user ${String(host.uid)}`;
  return ok('identity', `${who}, attested as ${info.owner}`);
};

export const userNamespace: CheckFunction = ({ host }) => {
  const map = glance(() => host.read('/proc/self/uid_map'));
  if (host.uid === undefined || map === undefined) return unknown('user-namespace', 'the kernel does not say');
  if (!inUserNamespace(host)) return ok('user-namespace', 'none');
  const outside = outerId(host.uid, map);
  return because('user-namespace', { user: host.uid, outside: outside ?? 'unknown' });
};
