// SPDX-License-Identifier: MIT
/** The checks of each backend, in the order of the chain. */
import type { BackendName } from '../arguments/options.js';
import * as client from './checks/client.js';
import { dirf } from './checks/dirf.js';
import * as device from './checks/device.js';
import * as machine from './checks/machine.js';
import * as protection from './checks/protection.js';
import { simulator } from './checks/simulator.js';
import * as storage from './checks/storage.js';
import * as ta from './checks/ta.js';
import type { CheckFunction } from './check.js';

export const checksOf: Readonly<Record<BackendName, readonly CheckFunction[]>> = {
  optee: [
    machine.platform,
    machine.node,
    machine.container,
    machine.addon,
    client.libteec,
    device.driver,
    device.device,
    device.permission,
    client.supplicant,
    ta.ta,
    ta.taLoad,
    ta.taSignature,
    ta.taVersion,
    machine.kernel,
    ta.identity,
    ta.userNamespace,
    storage.storage,
    dirf,
    storage.space,
    storage.store,
    storage.quota,
    storage.shared,
    protection.rollback,
    protection.rootKey,
    protection.latency,
  ],
  simulator: [
    machine.node,
    simulator,
    ta.ta,
    ta.taVersion,
    ta.identity,
    storage.store,
    storage.quota,
    protection.latency,
  ],
};
