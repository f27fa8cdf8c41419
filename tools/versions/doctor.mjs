// SPDX-License-Identifier: MIT
// @ts-check
import { Machine } from '../../machine/machine.mjs';

/**
 * What `optee-storage doctor` says on a machine of this version, of a user who has stored something.
 *
 * @param {string} version
 * @returns {Promise<string[]>} its lines but those that say ok
 */
export async function doctorOf(version) {
  const machine = await Machine.start({ version });
  try {
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
