// SPDX-License-Identifier: MIT
/** The way into the kernel: driver, device node, permission. */
import { accessRemedy } from '../../errors/access.js';
import { groupName } from '../../util/groups.js';
import { because } from '../causes.js';
import { progress, type Evidence } from '../evidence.js';
import { glance, look, type Host } from '../host.js';
import { notReached, ok, unknown, type CheckFunction } from '../check.js';
import { deviceNodes, octal, ownershipOf } from '../../tee/devices.js';

const CLASS = '/sys/class/tee';
const OPTEE = '1';
/** By the numbers of Linux, include/uapi/linux/tee.h: TEE_IMPL_ID_…. */
const implementations: Readonly<Record<string, string>> = {
  [OPTEE]: 'OP-TEE',
  '2': "AMD's TEE",
  '3': "Arm's Trusted Services",
  '4': "Qualcomm's TEE",
};

/** A TEE that has a driver. */
interface Tee {
  readonly name: string;
  /** By its driver's number; undefined if the kernel does not say. */
  readonly implementation: string | undefined;
}

/** The TEEs that clients may open; undefined if the kernel does not show its devices. */
function tees(host: Host): Tee[] | undefined {
  const { seen, why } = look(() => host.names(CLASS));
  if (seen === undefined) return why === 'missing' ? [] : undefined;
  return seen
    .filter((name) => /^tee\d+$/.test(name))
    .sort()
    .map((name) => {
      const implementation = glance(() => host.read(`${CLASS}/${name}/implementation_id`))?.trim();
      return { name, implementation };
    });
}

const isOptee = ({ implementation }: Tee) => implementation === undefined || implementation === OPTEE;

/** Whether there is an OP-TEE that the supplicant could serve. */
export const hasDriver = (host: Host) => tees(host)?.some(isOptee) !== false;

/** Another libteec may need no device, so what could be opened is not looked for. */
const gotIn = (evidence: Evidence) => progress(evidence, 'permission') === 'beyond';

export const driver: CheckFunction = ({ host, evidence }) => {
  const all = tees(host);
  const optee = all?.find(isOptee);
  if (optee !== undefined) return ok('driver', `OP-TEE's, ${optee.name}`);
  if (gotIn(evidence)) return unknown('driver', 'none seen, and none needed by this libteec');
  if (all === undefined) return unknown('driver', `${CLASS} cannot be read`);
  const [other] = all;
  if (other !== undefined) {
    const implementation = implementations[other.implementation ?? ''] ?? `number ${other.implementation ?? '?'}`;
    return because('other-tee', { device: `/dev/${other.name}`, implementation });
  }
  const firmware = glance(() => host.names('/proc/device-tree/firmware/optee')) !== undefined;
  return because(firmware ? 'no-driver' : 'no-firmware');
};

export const device: CheckFunction = ({ host, evidence }) => {
  const nodes = nodesOf(host);
  const [first] = nodes;
  if (first !== undefined) return ok('device', nodes.join(', '));
  if (gotIn(evidence)) return unknown('device', 'none seen, and none needed by this libteec');
  const optee = tees(host)?.find(isOptee);
  if (optee === undefined) return unknown('device', 'none, for there is no driver');
  return because('no-device', { device: optee.name, node: `/dev/${optee.name}` });
};

export const permission: CheckFunction = ({ host, evidence }) => {
  const nodes = nodesOf(host);
  const opening = nodes.map((node) => ({
    node,
    ...look(() => {
      host.open(node);
    }),
  }));
  if (gotIn(evidence) || opening.some(({ why }) => why === undefined)) {
    return ok('permission', describe(host, nodes[0]));
  }
  const denied = opening.find(({ why }) => why === 'denied');
  const status = denied && glance(() => host.stat(denied.node));
  if (denied === undefined || status === undefined) return notReached('permission');
  const owner = ownershipOf(status, groupName);
  const found = { user: String(host.uid), node: denied.node, mode: octal(status.mode), group: owner.name };
  const remedy = accessRemedy(denied.node, () => owner);
  return because(owner.mayOpen && owner.id !== 0 ? 'no-permission' : 'no-group', { ...found, remedy });
};

function nodesOf(host: Host): string[] {
  return deviceNodes().filter((node) => look(() => host.stat(node)).why !== 'missing');
}

function describe(host: Host, node: string | undefined): string {
  const status = node && glance(() => host.stat(node));
  if (!node || !status) return `user ${String(host.uid)} may open the TEE`;
  const { name: group } = ownershipOf(status, groupName);
  return `user ${String(host.uid)} may open ${node} (mode ${octal(status.mode)}, group ${group})`;
}
