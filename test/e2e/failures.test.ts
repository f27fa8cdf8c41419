// SPDX-License-Identifier: MIT
/** What is missing or dies, on real OP-TEE; what hangs is in hang.test.ts. */
import { setTimeout as delay } from 'node:timers/promises';

import { Command, PROTOCOL_VERSION, TA_UUID } from '../../src-ts/protocol/contract.js';
import { TeeResult } from '../../src-ts/tee/results.js';
import { Login } from '../../src-ts/tee/seam.js';
import type { UserProcess } from '../../machine/machine.mjs';
import type { Store } from '../conformance/store.js';
import { unlessCrashed } from '../faults/support/crashes.js';
import { effort } from './support/effort.js';
import { caughtUp, failed } from './support/failing.js';
import { TA_FILE, Uid, useMachine } from './support/machine.js';
import { input } from './support/packed.js';
import { openRemoteStore } from './support/remote-store.js';
import { mustOpenSession } from './support/remote-tee.js';
import { runScript } from './support/script.js';
import { breakSignature, buildTa, makeSigningKey } from './support/ta.js';

const FOREIGN_KEY_UUID = '1b6f7d0e-52a3-4c8e-9f14-6a0b3c2d5e77';
const BROKEN_UUID = '2c7a8e1f-63b4-4d9f-8025-7b1c4d3e6f88';
const MISSING_UUID = '3d8b9f20-74c5-4ea0-9136-8c2d5e4f7099';
const PATIENT = { timeoutMs: 60_000 };
/** A failure that came only at this deadline would never come. */
const NEVER_MS = 24 * 3600 * 1000;

/** The machine's TA is the one that can be told to panic. */
const on = useMachine(async () => {
  const foreign = await buildTa({ TA_UUID: FOREIGN_KEY_UUID, TA_SIGN_KEY: makeSigningKey() });
  const broken = breakSignature(await buildTa({ TA_UUID: BROKEN_UUID }));
  return {
    files: {
      [TA_FILE]: await buildTa({ CFG_SECSTOR_TEST: 'y' }),
      [TA_FILE.replace(TA_UUID, FOREIGN_KEY_UUID)]: foreign,
      [TA_FILE.replace(TA_UUID, BROKEN_UUID)]: broken,
    },
  };
});

const { asRoot } = on;

/** Opens a store in a program of its own: with which code that fails, and what keeps the program from ending. */
async function failedOpening(uid: number, options: object) {
  const { value, timersStruck } = await runScript(
    on.machine,
    { uid },
    async ({ SecureStorage }, given) => {
      const error = await SecureStorage.open(given).then(
        () => ({ code: 'none', message: 'it was opened' }),
        (reason: unknown) => reason as { code: string; message: string },
      );
      return { code: error.code, message: error.message };
    },
    [{ timeoutMs: NEVER_MS, ...options }],
  );
  return { ...value, timersStruck };
}

describe('opening a store fails at once and says why', () => {
  const expectFailure = (failure: Awaited<ReturnType<typeof failedOpening>>, code: string) => {
    expect(failure).toMatchObject({ code, timersStruck: 0 });
  };

  test('without a device', async () => {
    await asRoot('mv', '/dev/tee0', '/dev/away');
    try {
      expectFailure(await failedOpening(Uid.alice, {}), 'ERR_NO_DEVICE');
    } finally {
      await asRoot('mv', '/dev/away', '/dev/tee0');
    }
  });

  test('without permission', async () => {
    const failure = await failedOpening(Uid.mallory, {});
    expectFailure(failure, 'ERR_PERMISSION');
    expect(failure.message).toContain('tee');
  });

  test('without a supplicant', async () => {
    await on.machine.supplicant('stop');
    try {
      expectFailure(await failedOpening(Uid.alice, {}), 'ERR_NO_SUPPLICANT');
    } finally {
      await on.machine.supplicant('start');
    }
  });

  test('a supplicant that starts later is waited for, by open({ waitMs }) and --wait', async () => {
    await on.machine.supplicant('stop');
    const user = await on.user('alice');
    const opening = openRemoteStore(user, { ...PATIENT, domain: 'late', waitMs: NEVER_MS });
    const command = on.machine.exec(['optee-storage', 'put', 'k', '--domain', 'late', '--wait', '600'], {
      ...{ uid: Uid.alice, stdin: 'v', timeoutMs: 600_000 },
    });
    // For the first attempts to fail. On a host that is slower than this they do not, and the test shows less.
    await delay(5000);
    await on.machine.supplicant('start');
    expect(await command).toMatchObject({ code: 0 });
    const store = await opening;
    expect(await store.get('k', { encoding: 'utf8' })).toBe('v');
    await store.close();
  });

  test('without the Trusted Application', async () => {
    const failure = await failedOpening(Uid.alice, { taUuid: MISSING_UUID });
    expectFailure(failure, 'ERR_TA_NOT_FOUND');
    expect(failure.message).toContain(MISSING_UUID);
  });

  test.each([
    ['with a broken signature', BROKEN_UUID],
    ['signed with another key', FOREIGN_KEY_UUID],
  ])('with one %s', async (_name, taUuid) => {
    expectFailure(await failedOpening(Uid.alice, { taUuid }), 'ERR_TA_SIGNATURE');
  });
});

describe('a supplicant', () => {
  let alice: UserProcess;
  let store: Store;

  beforeAll(async () => {
    alice = await on.user('alice');
    store = await openRemoteStore(alice, { ...PATIENT, domain: 'supplicant' });
    await store.put('k', 'old');
  });

  test('that is gone is told soon, and what it is not needed for goes on', async () => {
    await on.machine.supplicant('stop');
    try {
      expect(await store.get('k', { encoding: 'utf8' })).toBe('old');
      const failure = await failed(store.put('k', 'new', { timeoutMs: NEVER_MS }));
      expect(failure).toMatchObject({ code: 'ERR_NO_SUPPLICANT', outcomeUnknown: true });
    } finally {
      await on.machine.supplicant('start');
    }
    expect(['old', 'new']).toContain(await caughtUp(() => store.get('k', { encoding: 'utf8' })));
    await store.put('k', 'after');
    expect(await store.get('k', { encoding: 'utf8' })).toBe('after');
  });

  test('that was killed and started again is used again', async () => {
    await store.put('k', 'before');
    await on.machine.supplicant('kill');
    await on.machine.supplicant('start');
    expect(await store.get('k', { encoding: 'utf8' })).toBe('before');
    await store.put('k', 'after');
    expect(await store.get('k', { encoding: 'utf8' })).toBe('after');
  });
});

describe('a Trusted Application that panics', () => {
  let store: Store;

  /** Bob makes the TA panic; all sessions of all users die with it. */
  const panic = async () => {
    const version = { type: 'value-in', a: PROTOCOL_VERSION, b: 0 } as const;
    const target = { uuid: TA_UUID, login: Login.USER, params: [version, input('panic')] };
    const session = await mustOpenSession(await on.user('bob'), target);
    expect(await session.invoke(Command.TEST_PANIC, [])).toMatchObject({ result: TeeResult.TARGET_DEAD });
    await session.close();
  };

  beforeAll(async () => {
    store = await openRemoteStore(await on.user('alice'), { ...PATIENT, domain: 'panic' });
    await store.put('k', 'kept');
  });

  test('is opened again, and the data is there', async () => {
    await panic();
    expect(await store.get('k', { encoding: 'utf8' })).toBe('kept');
  });

  test('does not fail a change that may be repeated', async () => {
    await panic();
    await store.put('k', 'changed');
    await panic();
    expect(await store.get('k', { encoding: 'utf8' })).toBe('changed');
    await panic();
    expect(await store.batch([{ type: 'put', key: 'k', value: 'in a batch' }])).toHaveLength(1);
  });

  test('fails a change that may not, and the next one goes well', async () => {
    await panic();
    const failure = await failed(store.put('once', 'v', { ifAbsent: true }));
    expect(failure).toMatchObject({ code: 'ERR_TA_DEAD', outcomeUnknown: true });
    await store.put('once', 'v', { ifAbsent: true });
    await store.delete('once');
  });
});

describe('two processes of one user', () => {
  const COUNT = effort(8, 20);

  test('write at once, and everything is there', async () => {
    const stores = await bothOf('together');
    const keysOf = (which: number) => Array.from({ length: COUNT }, (_, n) => `${String(which)}/${String(n)}`);
    await Promise.all(stores.map((store, which) => Promise.all(keysOf(which).map((key) => store.put(key, key)))));
    const expected = Object.fromEntries([...keysOf(0), ...keysOf(1)].map((key) => [key, key]));
    for (const store of stores) {
      const found: Record<string, string> = {};
      for await (const { key, value } of store.entries({ encoding: 'utf8' })) found[key] = value;
      expect(found).toEqual(expected);
      await store.close();
    }
  });

  test('count together without losing one, by revisions', async () => {
    const stores = await bothOf('counter');
    await stores[0]?.put('count', '0');
    const increment = async (store: Store): Promise<void> => {
      const entry = await store.getEntry('count', { encoding: 'utf8' });
      const next = String(Number(entry?.value) + 1);
      const { code } = await failed(store.put('count', next, { ifRevision: entry?.revision }));
      if (code === 'ERR_CONFLICT') return increment(store);
      expect(code).toBe('none');
    };
    const countTo = async (store: Store, times: number) => {
      for (let n = 0; n < times; n++) await increment(store);
    };
    await Promise.all(stores.map((store) => countTo(store, COUNT)));
    expect(await stores[1]?.get('count', { encoding: 'utf8' })).toBe(String(2 * COUNT));
    for (const store of stores) await store.close();
  });

  async function bothOf(domain: string): Promise<Store[]> {
    const processes = [await on.user('alice'), await on.user('alice', { env: { SECOND: '1' } })];
    return Promise.all(processes.map((process) => openRemoteStore(process, { ...PATIENT, domain })));
  }
});

describe('a client killed during its puts', () => {
  /**
   * The driver of Linux 6.12 loses track of a request whose client was killed: the supplicant may end when it answers the
   * next one, and cannot start again while a client waits for it (its device is busy until the TEE has given back the
   * memory that it shared). Here the supplicant is changed while nobody waits; what a board makes of the rest is its
   * kernel's business.
   */
  const changeSupplicant = async () => {
    for (let attempt = 1; attempt < 200; attempt++) {
      const changed = await on.machine.supplicant('restart').then(
        () => true,
        () => false,
      );
      if (changed) return;
      await delay(250);
    }
    await on.machine.supplicant('restart');
  };

  /** A process that stores 20 000 times the byte 1, then 2 and so on, and notes what was acknowledged. */
  const startVictim = async () => {
    const victim = await on.machine.user({ uid: Uid.alice });
    await victim.run(async ({ require, state }) => {
      const { SecureStorage } = require('optee-secure-storage') as typeof import('../../src-ts/index.js');
      const opened = await SecureStorage.open({ domain: 'killed', timeoutMs: 60_000 });
      await opened.put('k', Buffer.alloc(20_000, 1));
      state.acknowledged = 1;
      void (async () => {
        for (let n = 2; n < 256; n++) {
          await opened.put('k', Buffer.alloc(20_000, n));
          state.acknowledged = n;
        }
      })();
    });
    return victim;
  };

  const openStore = async () => openRemoteStore(await on.user('alice'), { ...PATIENT, domain: 'killed' });

  /** Boots the machine after OP-TEE crashed; what was stored is on its disk. */
  const bootAnew = async () => {
    await on.machine.powerCut();
    on.forgetUsers();
    await on.machine.boot();
    return openStore();
  };

  test.each(effort([350], [100, 350, 1000]))('after %i ms leaves the old value or the new one', async (ms) => {
    const before = await openStore();
    await before.put('other', 'untouched');
    const victim = await startVictim();
    await delay(ms);
    const acknowledged = await victim.run(({ state }) => state.acknowledged as number);
    // OP-TEE itself may crash of it, as test/faults/random.test.ts found (docs/security.md).
    const survived = await unlessCrashed(on.machine, async () => {
      await victim.kill();
      await changeSupplicant();
      return { value: await caughtUp(() => before.get('k')) };
    });
    const store = survived ? before : await bootAnew();
    const value = survived ? survived.value : await store.get('k');
    const n = value?.[0] ?? 0;
    expect(n).toBeGreaterThanOrEqual(acknowledged);
    expect(value?.equals(Buffer.alloc(20_000, n))).toBe(true);
    expect(await store.get('other', { encoding: 'utf8' })).toBe('untouched');
    await store.put('k', 'after');
    expect(await store.get('k', { encoding: 'utf8' })).toBe('after');
    await store.close();
  });
});
