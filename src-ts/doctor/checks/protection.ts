// SPDX-License-Identifier: MIT
/** What the board makes of it all: rollback, root key, speed. */
import { because } from '../causes.js';
import { glance, look, type Host } from '../host.js';
import { notReached, ok, unknown, type CheckFunction } from '../check.js';

export const rollback: CheckFunction = ({ evidence: { info } }) => {
  if (info === undefined) return notReached('rollback');
  const cause = info.rollbackProtected === null ? 'rollback-claimed' : 'no-rollback-protection';
  return because(cause, { level: info.antiRollback });
};

/** Device trees of machines that are not there: their OP-TEE has a constant for a root key. */
const EMULATED = /^(linux,dummy-virt|qemu.*|arm,(foundation|fvp|vexpress).*)$/;
/**
 * Where NVIDIA's kernels of various years tell whether a Jetson's fuses are closed to further burning, known there as
 * ODM production mode and as SecurityMode. The key fuses themselves cannot be read, so closed ones prove nothing.
 */
const FUSE_FOLDERS = [
  '/sys/devices/platform/tegra-fuse',
  '/sys/devices/platform/efuse-burn',
  '/sys/devices/3820000.efuse/3820000.efuse:efuse-burn',
];
const FUSE = 'odm_production_mode';

export const rootKey: CheckFunction = ({ host }) => {
  const machine = compatible(host);
  const emulated = machine.find((name) => EMULATED.test(name));
  if (emulated !== undefined) return because('emulated-root-key', { machine: emulated });
  for (const folder of FUSE_FOLDERS) {
    const file = `${folder}/${FUSE}`;
    const { seen, why } = look(() => host.read(file));
    if (why === 'denied') return unknown('root-key', `only root may see whether the fuses are closed (${file})`);
    const value = seen?.trim();
    if (value === undefined || value === '') continue;
    if (Number(value) === 0) return because('open-fuses', { file, value });
    return unknown('root-key', `the fuses are closed (${FUSE} is ${value}); which key was burnt cannot be seen`);
  }
  const [board = 'this board'] = machine;
  return unknown('root-key', `nothing that can be seen tells whether ${board} has a key of its own; ask its maker`);
};

/** What the device tree calls the machine, the most exact name first. */
function compatible(host: Host): string[] {
  return (glance(() => host.read('/proc/device-tree/compatible')) ?? '').split('\0').filter(Boolean);
}

export const latency: CheckFunction = ({ evidence: { warmMs } }) => {
  if (warmMs === undefined) return notReached('latency');
  return ok('latency', `${warmMs.toFixed(warmMs < 10 ? 2 : 0)} ms for a call that needs no storage`);
};
