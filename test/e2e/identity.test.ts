// SPDX-License-Identifier: MIT
/** Whose keys are whose: the kernel attests each caller, and nobody sees what another one has. */
import type { StoreInfo } from '../../src-ts/connection/store-info.js';
import { Command, PROTOCOL_VERSION, TA_UUID, TaError } from '../../src-ts/protocol/contract.js';
import { TeeResult } from '../../src-ts/tee/results.js';
import { Login, Origin, type SessionTarget } from '../../src-ts/tee/seam.js';
import type { UserProcess } from '../../machine/machine.mjs';
import type { Store } from '../conformance/store.js';
import { contentsOf } from './support/contents.js';
import { buildForGuest } from './support/guest-program.js';
import { TEE_GROUP, Uid, useMachine } from './support/machine.js';
import { input, output } from './support/packed.js';
import { openRemoteStore } from './support/remote-store.js';
import { mustOpenSession, openRemoteSession } from './support/remote-tee.js';

const USE_DEVICE = '/usr/bin/use-device';
const CREDENTIALS = '/usr/lib/test/credentials.node';
/** A group of alice and bob. */
const TEAM = 2000;
const PATIENT = { timeoutMs: 60_000 };

/** As the kernel makes them from the ids; see clientUuid() for how. */
const Owner = {
  root: 'ef0180a3-13f3-5d1c-b7f5-888c0e21059a',
  alice: 'fc34275c-d8dd-5ba7-968b-504718363b87',
  groupOfAlice: '0ece43ed-001d-51bd-bab7-480c8954c3cf',
};

const on = useMachine(() =>
  Promise.resolve({
    storage: 'memory',
    files: {
      [USE_DEVICE]: buildForGuest('use-device', 'program'),
      [CREDENTIALS]: buildForGuest('credentials', 'addon'),
    },
  }),
);

const inTeam = { groups: [TEE_GROUP, TEAM] };
const processOf = (name: 'root' | 'alice' | 'bob' | 'carol') => on.user(name, name === 'carol' ? {} : inTeam);

describe('users with the same keys', () => {
  const names = ['root', 'alice', 'bob'] as const;
  const stores = new Map<string, Store>();
  const storeOf = (name: string): Store => {
    const store = stores.get(name);
    if (store === undefined) throw new Error(`${name} has no store`);
    return store;
  };
  /** Of other sizes too, so that a stat that looked into another store would tell. */
  const valueOf = (name: string, key: string) => `${name} keeps ${key}`;
  const everything = () => Promise.all(names.map((name) => contentsOf(storeOf(name))));

  beforeAll(async () => {
    for (const name of names) {
      const store = await openRemoteStore(await processOf(name), PATIENT);
      stores.set(name, store);
      const keys = ['db/password', 'token', `${name}'s own`];
      await store.batch(keys.map((key) => ({ type: 'put', key, value: valueOf(name, key) })));
    }
  });

  afterAll(async () => {
    for (const store of stores.values()) await store.close();
  });

  test.each(names)('%s sees its own values and nothing else', async (name) => {
    const store = storeOf(name);
    const own = `${name}'s own`;
    expect(await store.get('token', { encoding: 'utf8' })).toBe(valueOf(name, 'token'));
    expect(await store.stat('token')).toMatchObject({ size: valueOf(name, 'token').length });
    expect(await store.keys()).toEqual(['db/password', 'token', own].sort());
    expect((await store.info()).used.keys).toBe(3);
    for (const other of names) {
      const key = `${other}'s own`;
      expect(await store.has(key)).toBe(other === name);
      expect(await store.get(key, { encoding: 'utf8' })).toBe(other === name ? valueOf(name, key) : null);
      expect((await store.getMany([key])).get(key) === null).toBe(other !== name);
      expect(await store.list({ prefix: key })).toHaveLength(other === name ? 1 : 0);
    }
    for await (const { key, value } of store.entries({ encoding: 'utf8' })) expect(value).toBe(valueOf(name, key));
  });

  test.each(names)('%s cannot delete, replace or clear what the others have', async (name) => {
    const before = await everything();
    const theirs = names.filter((other) => other !== name).map((other) => `${other}'s own`);
    for (const key of theirs) expect(await storeOf(name).delete(key)).toBe(false);
    expect(await storeOf(name).batch(theirs.map((key) => ({ type: 'delete', key })))).toEqual([null, null]);
    await storeOf(name).put('token', `changed by ${name}`);
    for (const key of theirs) await storeOf(name).put(key, `taken by ${name}`, { ifAbsent: true });
    await storeOf(name).clear({ confirm: true });
    const after = await everything();
    names.forEach((other, index) => {
      expect(after[index]).toEqual(other === name ? {} : before[index]);
    });
    for (const key of ['db/password', 'token', `${name}'s own`]) await storeOf(name).put(key, valueOf(name, key));
  });

  test('the owner is what the kernel attests for the uid', async () => {
    expect(await storeOf('root').info()).toMatchObject({ owner: Owner.root, login: 'user', ownerVerified: true });
    expect(await storeOf('alice').info()).toMatchObject({ owner: Owner.alice, login: 'user', ownerVerified: true });
  });

  test('in a user namespace, where alice believes to be root, the store is hers', async () => {
    const command = ['unshare', '--user', '--map-root-user', 'sh', '-c', 'id -u >&2; exec optee-storage info --json'];
    const { code, stdout, stderr } = await on.machine.exec(command, { uid: Uid.alice });
    expect([code, stderr.toString()]).toEqual([0, '0\n']);
    const info = JSON.parse(stdout.toString()) as StoreInfo;
    expect(info).toMatchObject({ owner: Owner.alice, ownerVerified: true, used: { keys: 3 } });
  });
});

describe('a group', () => {
  test('shares a store among its members and with nobody else', async () => {
    const [alice, bob] = [await processOf('alice'), await processOf('bob')];
    const ofAlice = await openRemoteStore(alice, { ...PATIENT, group: TEAM });
    const ofBob = await openRemoteStore(bob, { ...PATIENT, group: TEAM });
    const { revision } = await ofAlice.put('shared', 'from alice');
    expect(await ofBob.getEntry('shared', { encoding: 'utf8' })).toMatchObject({ value: 'from alice', revision });
    await ofBob.put('shared', 'from bob', { ifRevision: revision });
    expect(await ofAlice.get('shared', { encoding: 'utf8' })).toBe('from bob');
    expect(await ofAlice.info()).toMatchObject({ login: 'group', group: TEAM, used: { keys: 1 } });
    const refused = openRemoteStore(await processOf('carol'), { ...PATIENT, group: TEAM });
    await expect(refused).rejects.toMatchObject({ code: 'ERR_NOT_IN_GROUP', operation: 'open' });
    await ofAlice.close();
    await ofBob.close();
  });

  test('is refused by the kernel to a process that is no member, whatever the process says', async () => {
    const opened = await openRemoteSession(await processOf('carol'), targetOf({ login: Login.GROUP, group: TEAM }));
    expect(opened).toMatchObject({ refused: { result: TeeResult.GENERIC, origin: Origin.COMMS } });
  });

  test('has another store than the user of the same number', async () => {
    const alice = await on.user('alice', inTeam);
    const ofUser = await openRemoteStore(alice, { ...PATIENT, domain: 'apart' });
    const ofGroup = await openRemoteStore(alice, { ...PATIENT, domain: 'apart', group: Uid.alice });
    await ofUser.put('k', 'of the user');
    expect(await ofGroup.get('k')).toBeNull();
    await ofGroup.put('k', 'of the group');
    expect(await ofUser.get('k', { encoding: 'utf8' })).toBe('of the user');
    expect((await ofGroup.info()).owner).toBe(Owner.groupOfAlice);
    await ofGroup.clear({ confirm: true });
    expect(await ofUser.keys()).toEqual(['k']);
    await ofUser.close();
    await ofGroup.close();
  });
});

describe('a process that is not any more who it was', () => {
  const change = (process: UserProcess, what: 'seteuid' | 'setgroups', ...ids: number[]) =>
    process.run(
      ({ require }, addon, name, numbers) => {
        const credentials = require(addon) as Record<string, (...ids: number[]) => void>;
        credentials[name]?.(...numbers);
      },
      CREDENTIALS,
      what,
      ids,
    );

  test('cannot go on after seteuid, until it is again', async () => {
    const root = await processOf('root');
    const store = await openRemoteStore(root, { ...PATIENT, domain: 'seteuid' });
    await store.put('k', 'of root');
    await change(root, 'seteuid', Uid.alice);
    for (const call of [store.get('k'), store.put('k', 'of alice'), store.keys(), store.info()]) {
      await expect(call).rejects.toMatchObject({ code: 'ERR_UID_CHANGED' });
    }
    const ofAlice = await openRemoteStore(root, { ...PATIENT, domain: 'seteuid' });
    expect((await ofAlice.info()).owner).toBe(Owner.alice);
    expect(await ofAlice.get('k')).toBeNull();
    await change(root, 'seteuid', 0);
    expect(await store.get('k', { encoding: 'utf8' })).toBe('of root');
    await expect(ofAlice.get('k')).rejects.toMatchObject({ code: 'ERR_UID_CHANGED' });
  });

  test('cannot go on with the store of a group that it has left', async () => {
    const root = await processOf('root');
    const store = await openRemoteStore(root, { ...PATIENT, group: TEAM });
    await change(root, 'setgroups');
    await expect(store.keys()).rejects.toMatchObject({ code: 'ERR_NOT_IN_GROUP' });
    await change(root, 'setgroups', ...inTeam.groups);
    expect(await store.keys()).not.toContain('k');
  });
});

describe('a child process', () => {
  /** Starts the program with alice's standard streams, and with more of her descriptors if asked. */
  const spawnFrom = (alice: UserProcess, handOver: boolean) =>
    alice.run(
      async ({ require }, program, given) => {
        const { spawn } = require('node:child_process') as typeof import('node:child_process');
        const { readdirSync, readlinkSync } = require('node:fs') as typeof import('node:fs');
        const linksOf = (pid: number | string) =>
          readdirSync(`/proc/${String(pid)}/fd`).flatMap((fd) => {
            try {
              return [[Number(fd), readlinkSync(`/proc/${String(pid)}/fd/${fd}`)] as const];
            } catch {
              return [];
            }
          });
        const own = linksOf('self');
        const more = given ? own.filter(([, link]) => link === '/dev/tee0').map(([fd]) => fd) : [];
        const child = spawn('sh', ['-c', `read go; exec ${program}`], { stdio: ['pipe', 'pipe', 'inherit', ...more] });
        const links = linksOf(child.pid ?? 0).map(([, link]) => link);
        let printed = '';
        child.stdout?.on('data', (text: Buffer) => (printed += text.toString()));
        child.stdin?.end('go\n');
        await new Promise((resolve) => child.on('close', resolve));
        const result = JSON.parse(printed) as { inherited: number; answering: number };
        return { own: own.map(([, link]) => link), links, ...result };
      },
      USE_DEVICE,
      handOver,
    );

  test("has nothing of its parent's sessions, and cannot guess them", async () => {
    const alice = await processOf('alice');
    const store = await openRemoteStore(alice, PATIENT);
    const { own, links, inherited, answering } = await spawnFrom(alice, false);
    expect(own).toContain('/dev/tee0');
    expect(links.filter((link) => /tee|shm|dmabuf/.test(link))).toEqual([]);
    expect([inherited, answering]).toEqual([0, 0]);
    await store.close();
  });

  test('would have them with the descriptor of the device', async () => {
    const alice = await processOf('alice');
    const store = await openRemoteStore(alice, PATIENT);
    const { inherited, answering } = await spawnFrom(alice, true);
    expect(inherited).toBeGreaterThanOrEqual(1);
    expect(answering).toBeGreaterThanOrEqual(1);
    await store.close();
  });

  test('of another user cannot guess them either', async () => {
    const store = await openRemoteStore(await processOf('alice'), PATIENT);
    const { stdout } = await on.machine.exec([USE_DEVICE], { uid: Uid.bob });
    expect(JSON.parse(stdout.toString())).toEqual({ inherited: 0, answering: 0 });
    await store.close();
  });
});

describe('logins that do not say who it is', () => {
  test('PUBLIC is refused by the TA', async () => {
    const opened = await openRemoteSession(await processOf('alice'), targetOf({ login: Login.PUBLIC }));
    expect(opened).toMatchObject({ refused: { result: TaError.IDENTITY, origin: Origin.TRUSTED_APP } });
  });

  test.each([
    ['APPLICATION', Login.APPLICATION],
    ['USER_APPLICATION', Login.USER_APPLICATION],
    ['GROUP_APPLICATION', Login.GROUP_APPLICATION],
    ["the kernel's own", 0x80000000],
    ['one that does not exist', 0x7fffffff],
  ])('%s never opens', async (_name, login) => {
    const opened = await openRemoteSession(await processOf('alice'), targetOf({ login, group: TEAM }));
    expect(opened).toHaveProperty('refused');
  });

  test('the group of a USER login is not looked at', async () => {
    const session = await mustOpenSession(await processOf('alice'), targetOf({ login: Login.USER, group: TEAM }));
    const { params } = await session.invoke(Command.INFO, [output(256)]);
    const owner = (params[0] as { data: Buffer }).data.subarray(16, 32).toString('hex');
    expect(owner).toBe(Owner.alice.replaceAll('-', ''));
    await session.close();
  });
});

function targetOf(login: Pick<SessionTarget, 'login' | 'group'>): SessionTarget {
  return { uuid: TA_UUID, params: [{ type: 'value-in', a: PROTOCOL_VERSION, b: 0 }, input('default')], ...login };
}
