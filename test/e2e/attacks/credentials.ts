// SPDX-License-Identifier: MIT
/** Processes that are, or seem to be, somebody else: setuid programs, containers; and what can be had from a process. */
import { clientUuid } from '../../../src-ts/tee/client-uuid.js';
import type { StoreInfo } from '../../../src-ts/connection/store-info.js';
import { TeeResult } from '../../../src-ts/tee/results.js';
import { Login } from '../../../src-ts/tee/seam.js';
import type { ExecOptions } from '../../../machine/machine.mjs';
import { TEE_GROUP, Uid, type MachineOfFile } from '../support/machine.js';
import { openRemoteStore } from '../support/remote-store.js';
import { TEAM, inTeam } from './matrix.js';
import { attack, json, pathOf } from './programs.js';

const USER = String(Login.USER);
const GROUP = String(Login.GROUP);
const octets = (kind: 'uid' | 'gid', id: number) => clientUuid(kind, id).replaceAll('-', '');
/** Copies of as-owner, with whose rights they run. */
const AS_ALICE = '/usr/lib/test/as-alice';
const AS_TEAM = '/usr/lib/test/as-team';
const KEEPS_ALICE = '/usr/lib/test/keeps-alice';
const alice = { uid: Uid.alice };
const bob = { uid: Uid.bob };
const carol = { uid: Uid.carol };

export function setuidSuite(on: MachineOfFile): void {
  const run = (argv: readonly string[], options: ExecOptions) => json(on, argv, options);

  beforeAll(async () => {
    const place = `
      cp ${pathOf('as-owner')} ${AS_ALICE} && chown ${String(Uid.alice)} ${AS_ALICE} && chmod 4755 ${AS_ALICE} &&
      cp ${pathOf('keep-session')} ${KEEPS_ALICE} && chown ${String(Uid.alice)} ${KEEPS_ALICE} &&
      chmod 4755 ${KEEPS_ALICE} &&
      cp ${pathOf('as-owner')} ${AS_TEAM} && chown 0:${String(TEAM)} ${AS_TEAM} && chmod 2755 ${AS_TEAM}`;
    expect(await on.machine.exec(['sh', '-c', place])).toMatchObject({ code: 0 });
    const store = await openRemoteStore(await on.user('alice', inTeam), { domain: 'setuid', timeoutMs: 60_000 });
    await store.put('k', 'of alice');
    await store.close();
  });

  test("a setuid program has its owner's store, not that of who calls it, and the API sees it so", async () => {
    expect(await run([pathOf('whose'), USER], bob)).toBe(octets('uid', Uid.bob));
    expect(await run([AS_ALICE, pathOf('whose'), USER], bob)).toBe(octets('uid', Uid.alice));
    const info = (await run([AS_ALICE, 'optee-storage', 'info', '--json'], bob)) as StoreInfo;
    expect(info).toMatchObject({ owner: clientUuid('uid', Uid.alice), ownerVerified: true });
  });

  test('a setgid program has the store of its group', async () => {
    expect(await run([pathOf('whose'), GROUP, String(TEAM)], carol)).toBe('refused');
    expect(await run([AS_TEAM, pathOf('whose'), GROUP, String(TEAM)], carol)).toBe(octets('gid', TEAM));
    expect(await run([AS_TEAM, pathOf('whose'), USER], carol)).toBe(octets('uid', Uid.carol));
  });

  test.each([
    ['that may gain no rights', ['setpriv', '--no-new-privs']],
    ['of a user namespace without the owner', ['unshare', '--user', '--map-root-user']],
  ])('a process %s gains nothing by it', async (_name, wrapper) => {
    expect(await run([...wrapper, AS_ALICE, pathOf('whose'), USER], bob)).toBe(octets('uid', Uid.bob));
  });

  test('a program that gave its rights up for ever keeps a session that it has, and gets no new one', async () => {
    const { ITEM_NOT_FOUND, SUCCESS } = TeeResult;
    expect(await run([KEEPS_ALICE, 'setuid', 'k'], bob)).toEqual([SUCCESS, ITEM_NOT_FOUND]);
  });
}

export function containerSuite(on: MachineOfFile): void {
  const whose = (argv: readonly string[], options: ExecOptions) => json(on, argv, options);
  const sh = (script: string) => ['sh', '-ec', script];
  const everything = ['--pid', '--fork', '--mount', '--mount-proc', '--ipc', '--uts', '--net', '--cgroup'];

  test('in a container with all namespaces and a root directory of its own, the store is that of the user', async () => {
    const script = `
      [ $(id -u)/$$ = 0/1 ]
      mount --rbind / /mnt
      exec chroot /mnt optee-storage info --json`;
    const command = ['unshare', '--user', '--map-root-user', ...everything, ...sh(script)];
    const info = (await whose(command, alice)) as StoreInfo;
    expect(info).toMatchObject({ owner: clientUuid('uid', Uid.alice), ownerVerified: true });
  });

  test('who believes to be another user or in another group is not', async () => {
    const asBob = ['unshare', '--user', `--map-user=${String(Uid.bob)}`];
    const believed = sh(`[ $(id -u) = ${String(Uid.bob)} ]; exec ${pathOf('whose')} ${USER}`);
    expect(await whose([...asBob, ...believed], alice)).toBe(octets('uid', Uid.alice));
    const asTeam = ['unshare', '--user', `--map-group=${String(TEAM)}`];
    const group = [pathOf('whose'), GROUP, String(TEAM)];
    expect(await whose([...asTeam, ...group], carol)).toBe(octets('gid', Uid.carol));
  });

  test('nobody but root can map the id of another user', async () => {
    const script = (id: number) =>
      `echo 0 ${String(id)} 1 2>/dev/null > /proc/self/uid_map && echo mapped || echo refused`;
    const mapping = async (id: number) => {
      const { stdout } = await on.machine.exec(['unshare', '--user', '--keep-caps', ...sh(script(id))], alice);
      return stdout.toString().trim();
    };
    expect(await mapping(Uid.alice)).toBe('mapped');
    expect(await mapping(Uid.bob)).toBe('refused');
  });

  test('root of a container with ids of its own is the user outside whose id it has', async () => {
    const script = `
      mkfifo /tmp/go
      unshare --user --keep-caps sh -ec 'read x; exec setpriv --reuid=0 ${pathOf('whose')} ${USER}' < /tmp/go & pid=$!
      exec 3> /tmp/go
      until [ "$(readlink /proc/$pid/ns/user)" != "$(readlink /proc/self/ns/user)" ]; do sleep 0.05; done
      echo 0 100000 1000 > /proc/$pid/uid_map
      echo go >&3
      wait $pid
      rm /tmp/go`;
    expect(await whose(sh(script), { groups: [TEE_GROUP] })).toBe(octets('uid', 100_000));
  });

  test('without a user namespace an id is the same one inside and outside, root too', async () => {
    const inside = ['unshare', ...everything, pathOf('whose'), USER];
    expect(await whose(inside, {})).toBe(octets('uid', Uid.root));
    const become = ['setpriv', `--reuid=${String(Uid.alice)}`, `--groups=${String(TEE_GROUP)}`];
    expect(await whose(['unshare', ...everything, ...become, pathOf('whose'), USER], {})).toBe(
      octets('uid', Uid.alice),
    );
  });
}

export function otherProcessSuite(on: MachineOfFile): void {
  const nothing = { descriptors: 0, sessions: 0, maps: 0, memory: 0, traced: 0 };
  const everything = { maps: 1, memory: 1, traced: 1 };
  const victim = () => on.user('alice', inTeam);
  const take = async (options: ExecOptions) => {
    const process = await victim();
    return attack(on, 'take-from', [process.pid], options);
  };
  const allowTracing = async (scope: 0 | 1) => {
    const command = `echo ${String(scope)} > /proc/sys/kernel/yama/ptrace_scope`;
    expect(await on.machine.exec(['sh', '-c', command])).toMatchObject({ code: 0 });
  };

  beforeAll(async () => {
    await openRemoteStore(await victim(), { domain: 'process', timeoutMs: 60_000 });
  });

  test('of another user gets no session, no memory and no hold of a process', async () => {
    expect(await take(bob)).toEqual(nothing);
    expect(await take({ ...carol, groups: [TEE_GROUP, Uid.alice] })).toEqual(nothing);
  });

  test('of the same user gets it all, unless the system forbids tracing', async () => {
    await allowTracing(0);
    const taken = (await take({ ...alice, ...inTeam })) as typeof nothing;
    expect(taken).toMatchObject(everything);
    expect(taken.descriptors).toBeGreaterThanOrEqual(1);
    expect(taken.sessions).toBeGreaterThanOrEqual(1);
    await allowTracing(1);
    expect(await take({ ...alice, ...inTeam })).toMatchObject({ descriptors: 0, sessions: 0, memory: 0, traced: 0 });
    await allowTracing(0);
  });
}
