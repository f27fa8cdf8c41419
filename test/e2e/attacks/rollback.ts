// SPDX-License-Identifier: MIT
/** What nothing without hardware of its own can find out: that all of the disk is as it once was. */
import { Command, PROTOCOL_VERSION } from '../../../src-ts/protocol/contract.js';
import { Login } from '../../../src-ts/tee/seam.js';
import { DATA, FILES } from '../support/disk.js';
import type { MachineOfFile } from '../support/machine.js';
import { input } from '../support/packed.js';
import { openRemoteStore } from '../support/remote-store.js';
import { mustOpenSession } from '../support/remote-tee.js';
import { inTeam } from './matrix.js';

/** @param small a TA that panics when told to, and so forgets all that it had in its memory */
export function rollbackSuite(on: MachineOfFile, small: { taUuid: string }): void {
  test('an older state of the whole storage is taken for the present one, and none at all for a new one', async () => {
    const alice = await on.user('alice', inTeam);
    const store = await openRemoteStore(alice, { ...small, domain: 'rollback', timeoutMs: 60_000 });
    const afterwards = async (script: string) => {
      const session = await mustOpenSession(alice, {
        uuid: small.taUuid,
        login: Login.USER,
        params: [{ type: 'value-in', a: PROTOCOL_VERSION, b: 0 }, input('rollback')],
      });
      await session.invoke(Command.TEST_PANIC, []);
      await session.close();
      expect(await on.machine.exec(['sh', '-ec', script])).toMatchObject({ code: 0 });
    };
    await store.put('password', 'stolen');
    await afterwards(`cp -a ${FILES} ${DATA}/older`);
    await store.put('password', 'changed since');
    await afterwards(`rm -r ${FILES}; mv ${DATA}/older ${FILES}`);
    expect(await store.get('password', { encoding: 'utf8' })).toBe('stolen');
    // What it says of itself is true.
    expect(await store.info()).toMatchObject({ rollbackProtected: false });
    await afterwards(`rm ${FILES}/*`);
    expect(await store.keys()).toEqual([]);
  });
}
