// SPDX-License-Identifier: MIT
// @ts-check
import path from 'node:path';
import { Machine } from '../../machine/machine.mjs';
import { versionOf } from '../../machine/versions.mjs';
import { ROOT } from '../lib/paths.mjs';

/** What an administrator does where systemd and udev do nothing unless they are told. */
const SET_UP =
  'udevadm control --reload; udevadm trigger --action=add --subsystem-match=tee --settle; ' +
  "systemctl start 'var-lib-optee\\x2dclient-data.mount' tee-supplicant";

/**
 * What `optee-storage doctor` says on a machine of this version, of a user who has stored something.
 *
 * @param {string} version
 * @returns {Promise<string[]>} its lines but those that say ok
 */
export async function doctorOf(version) {
  const { systemd } = versionOf(version);
  const rule = { '/etc/udev/rules.d/60-tee.rules': path.join(ROOT, 'examples', 'systemd', '60-tee.rules') };
  const machine = await Machine.start({ version, files: systemd ? rule : {} });
  try {
    if (systemd) await machine.exec(['sh', '-ec', SET_UP]);
    const user = { uid: 1000, timeoutMs: 300_000 };
    await machine.exec(['optee-storage', 'put', 'k', '--timeout', '120000'], { ...user, stdin: 'v' });
    const { stdout } = await machine.exec(['optee-storage', 'doctor', '--timeout', '120000'], user);
    return stdout
      .toString()
      .trimEnd()
      .split('\n')
      .filter((line) => !line.startsWith('ok'));
  } finally {
    await machine.stop();
  }
}
