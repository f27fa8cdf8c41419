// SPDX-License-Identifier: MIT
/** The Trusted Application, and as whom it sees this process. */
import { outerId } from '../../tee/client-uuid.js';
import { PROTOCOL_VERSION } from '../../protocol/contract.js';
import { packageVersion } from '../../util/package-json.js';
import { because } from '../causes.js';
import { progress } from '../evidence.js';
import { glance, type Host } from '../host.js';
import { notReached, ok, unknown, type CheckFunction } from '../check.js';
import { octal } from '../../tee/devices.js';

/** Where Trusted Applications are by default. */
const USUAL_FOLDER = '/lib/optee_armtz';

export const ta: CheckFunction = ({ host, evidence, taUuid, supplicant }) => {
  const folders = supplicant?.taFolders ?? [USUAL_FOLDER];
  const files = folders.map((folder) => `${folder}/${taUuid}.ta`);
  const file = files.find((each) => glance(() => host.stat(each)) !== undefined);
  const reached = progress(evidence, 'ta');
  if (reached === 'not reached') return file === undefined ? notReached('ta') : unknown('ta', `${file} is there`);
  // It may also be part of OP-TEE's image, or stored by OP-TEE itself.
  if (reached === 'beyond') return ok('ta', file ?? taUuid);
  const status = file && glance(() => host.stat(file));
  if (file && status) return because('unreadable-ta', { file, mode: octal(status.mode) });
  return because('no-ta', { uuid: taUuid, folder: folders[0] ?? USUAL_FOLDER });
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

/** The inode of the initial user namespace is fixed (Linux, include/uapi/linux/nsfs.h: USER_NS_INIT_INO 0xEFFFFFFD). */
const INITIAL_USER_NAMESPACE = 'user:[4026531837]';

function inUserNamespace(host: Host): boolean {
  return (glance(() => host.link('/proc/self/ns/user')) ?? INITIAL_USER_NAMESPACE) !== INITIAL_USER_NAMESPACE;
}

export const userNamespace: CheckFunction = ({ host }) => {
  const map = glance(() => host.read('/proc/self/uid_map'));
  if (host.uid === undefined || map === undefined) return unknown('user-namespace', 'the kernel does not say');
  if (!inUserNamespace(host)) return ok('user-namespace', 'none');
  const outside = outerId(host.uid, map);
  return because('user-namespace', { user: host.uid, outside: outside ?? 'unknown' });
};
