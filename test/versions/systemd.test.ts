// SPDX-License-Identifier: MIT
/**
 * The units of examples/systemd under a real systemd and udev, on real OP-TEE: what they promise, and that without the
 * drop-in of doctor a supplicant that runs out of descriptors loses everything.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import type { Check, Diagnosis } from '../../src-ts/doctor/diagnosis.js';
import { PROTOCOL_VERSION, TA_UUID } from '../../src-ts/protocol/contract.js';
import { Login } from '../../src-ts/tee/seam.js';
import { FILES } from '../e2e/support/disk';
import { TEE_GROUP, useMachine } from '../e2e/support/machine';
import { input } from '../e2e/support/packed';
import { shell } from '../e2e/support/power';
import { mustOpenSession } from '../e2e/support/remote-tee';

const ROOT = path.resolve(__dirname, '../..');
const example = (name: string): string => path.join(ROOT, 'examples', 'systemd', name);

/** The user of the example, as `useradd --system` would make it. */
const USER = { uid: 1500, groups: [TEE_GROUP] };
const APPLICATION = 'my-application.service';
const SUPPLICANT = 'tee-supplicant.service';
const STORAGE = 'var-lib-optee\\x2dclient-data.mount';

const on = useMachine(() =>
  Promise.resolve({
    version: 'systemd',
    files: {
      '/etc/udev/rules.d/60-tee.rules': example('60-tee.rules'),
      [`/etc/systemd/system/${APPLICATION}`]: example(APPLICATION),
      '/opt/my-application/main.js': path.join(__dirname, 'support', 'service.cjs'),
    },
  }),
);

const root = (script: string): Promise<string> => shell(on.machine, script);
const optee = async (args: readonly string[], stdin = '', uid = USER.uid) => {
  const { code, stdout } = await on.machine.exec(['optee-storage', ...args], {
    ...USER,
    uid,
    stdin,
    timeoutMs: 120_000,
  });
  return { code, stdout: stdout.toString() };
};
const systemctl = (...args: string[]): Promise<string> => root(`systemctl ${args.map((arg) => `'${arg}'`).join(' ')}`);
/** A property of a unit, as systemd has it just now. */
const property = async (unit: string, name: string): Promise<string> =>
  (await systemctl('show', '--value', '--property', name, unit)).trim();
/** What the service has printed. */
const journal = (): Promise<string> => root(`journalctl --unit ${APPLICATION} --output cat --no-pager`);
const storedKeys = async (): Promise<string[]> =>
  [...(await journal()).matchAll(/^stored (\S+)$/gm)].map(([, key]) => key ?? '');

// systemd and the service are slow on an emulated processor.
jest.setTimeout(20 * 60_000);

/** Waits for what is certain to come; the time of the test is for what does not. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(200);
}

/** What doctor says of OP-TEE's directory of objects. */
async function checkOfDirectory(): Promise<Check | undefined> {
  const { checks } = JSON.parse((await optee(['doctor', '--json'], '', 0)).stdout) as Diagnosis;
  return checks.find(({ id }) => id === 'dirf');
}

beforeAll(async () => {
  await root(
    `echo 'my-application:x:${String(USER.uid)}:${String(USER.uid)}::/nonexistent:/usr/sbin/nologin' >> /etc/passwd; ` +
      `echo 'my-application:x:${String(USER.uid)}:' >> /etc/group; systemctl daemon-reload`,
  );
});

test('the rule of udev gives the device to the group, and the supplicant’s to nobody', async () => {
  await root('udevadm control --reload; udevadm trigger --action=add --subsystem-match=tee --settle');
  expect(await root('stat -c "%n %a %U %G" /dev/tee0 /dev/teepriv0')).toBe(
    '/dev/tee0 660 root tee\n/dev/teepriv0 600 root root\n',
  );
});

test('doctor prints the drop-in for this unit and this directory, and is content once it is in place', async () => {
  await systemctl('start', STORAGE, SUPPLICANT);
  expect(await optee(['put', 'db/password'], 's3cret')).toMatchObject({ code: 0 });
  const before = await checkOfDirectory();
  expect(before).toMatchObject({
    status: 'warning',
    file: {
      path: `/etc/systemd/system/${SUPPLICANT}.d/secure-storage.conf`,
      content: expect.stringContaining(`BindPaths=-${FILES}/dirf.db`) as string,
    },
  });

  const { path: file = '', content } = before?.file ?? {};
  await on.machine.exec(['sh', '-ec', `mkdir -p "$(dirname "$0")"; cat > "$0"`, file], { stdin: content });
  await root(`systemctl daemon-reload; systemctl restart ${SUPPLICANT}`);
  expect(await optee(['get', 'db/password'])).toEqual({ code: 0, stdout: 's3cret' });
  expect(await checkOfDirectory()).toMatchObject({ status: 'ok' });
  const pid = await property(SUPPLICANT, 'MainPID');
  expect(
    await root(
      `grep -c "${FILES}/dirf.db" /proc/${pid}/mountinfo; grep -c "Max open files *65536" /proc/${pid}/limits`,
    ),
  ).toBe('1\n1\n');
});

test('the application brings the supplicant and the disk up before it, and reads its secret', async () => {
  await systemctl('stop', SUPPLICANT, STORAGE);
  expect(await root(`ls ${FILES} 2>/dev/null | wc -l`)).toBe('0\n');
  await systemctl('start', APPLICATION);
  await until(async () => (await storedKeys()).length > 3);
  expect(await journal()).toContain(`secret of 6 bytes, as user ${String(USER.uid)}\n`);
  const times = [];
  for (const unit of [STORAGE, SUPPLICANT, APPLICATION])
    times.push(Number(await property(unit, 'ActiveEnterTimestampMonotonic')));
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(times[0]).toBeGreaterThan(0);
});

test('the application is locked in: no disk, no device of the supplicant, nothing to write to', async () => {
  expect(await journal()).toMatch(/^disk: E(PERM|ACCES)\ndevice of the supplicant: E(PERM|ACCES)\nown folder: EROFS$/m);
});

test('what is killed is started again, application and supplicant, and goes on', async () => {
  const rests = async (): Promise<number> => [...(await journal()).matchAll(/^at rest$/gm)].length;
  for (const unit of [APPLICATION, SUPPLICANT, APPLICATION]) {
    const before = { restarts: Number(await property(unit, 'NRestarts')), rests: await rests() };
    // A client or supplicant that is killed during a request can cost a reboot on this kernel (docs/security.md).
    await systemctl('kill', '--signal=USR2', APPLICATION);
    await until(async () => (await rests()) > before.rests);
    const stored = (await storedKeys()).length;
    await systemctl('kill', '--signal=KILL', unit);
    await until(async () => Number(await property(unit, 'NRestarts')) > before.restarts);
    if (unit === SUPPLICANT) await systemctl('kill', '--signal=USR2', APPLICATION);
    await until(async () => (await storedKeys()).length > stored + 3);
  }
});

test('restarts of the supplicant under load, and stops of the application, lose nothing that was stored', async () => {
  for (let n = 0; n < 5; n++) {
    const before = (await storedKeys()).length;
    await systemctl('restart', n % 2 === 0 ? SUPPLICANT : APPLICATION);
    await until(async () => (await storedKeys()).length > before + 3);
  }
  await systemctl('stop', APPLICATION);
  expect(await property(APPLICATION, 'Result')).toBe('success');
  expect(await journal()).toMatch(/^closed$/m);
  const stored = await storedKeys();
  const listed = new Set((await optee(['list', 'load/'])).stdout.split('\n'));
  expect(stored.length).toBeGreaterThan(20);
  expect(stored.filter((key) => !listed.has(key))).toEqual([]);
});

describe('a supplicant that runs out of descriptors', () => {
  /**
   * One more than it has open besides objects, which it closes again and again: that one is for memory to share, without which
   * OP-TEE does not come to the files. No file can be opened.
   */
  const starve = async (): Promise<void> => {
    const pid = await property(SUPPLICANT, 'MainPID');
    const count = `n=0; for fd in /proc/${pid}/fd/*; do case $(readlink "$fd") in ${FILES}/*) ;; *) n=$((n + 1)) ;; esac; done`;
    await root(`${count}; prlimit --pid ${pid} --nofile=$((n + 1)):65536`);
  };
  /** A session keeps the Trusted Application loaded, which would fail to load before the storage is asked; no object is open. */
  const useStarved = async (): Promise<void> => {
    const user = await on.machine.user(USER);
    await mustOpenSession(user, {
      uuid: TA_UUID,
      login: Login.USER,
      params: [{ type: 'value-in', a: PROTOCOL_VERSION, b: 0 }, input('starved')],
    });
    await starve();
    expect((await optee(['put', 'amid', '--timeout', '20000'], 'x')).code).not.toBe(0);
    // Of a new directory that has taken the place of the lost one, these may succeed.
    for (let n = 0; n < 3; n++) await optee(['put', 'amid', '--timeout', '20000'], 'x');
    await systemctl('restart', SUPPLICANT);
    await user.kill();
    expect(await optee(['put', 'after', '--wait', '60'], 'x')).toMatchObject({ code: 0 });
  };

  test('costs nothing with the drop-in', async () => {
    await useStarved();
    expect(await optee(['get', 'db/password'])).toEqual({ code: 0, stdout: 's3cret' });
  });

  test('costs everything without it', async () => {
    await root(`rm -r /etc/systemd/system/${SUPPLICANT}.d; systemctl daemon-reload; systemctl restart ${SUPPLICANT}`);
    expect(await optee(['get', 'db/password'])).toEqual({ code: 0, stdout: 's3cret' });
    await useStarved();
    expect((await optee(['get', 'db/password'])).code).not.toBe(0);
  });
});

test('the drop-in of the examples says the same as that of doctor', () => {
  const lines = (text: string) => text.split('\n').filter((line) => /^[A-Z]/.test(line));
  const ours = lines(readFileSync(example('tee-supplicant.service.d/storage.conf'), 'utf8'));
  expect(ours.map((line) => line.replace('/var/lib/tee', FILES))).toEqual([
    ...[`RequiresMountsFor=${FILES}`, 'Restart=always', 'RestartSec=1'],
    ...[`BindPaths=-${FILES}/dirf.db`, 'LimitNOFILE=65536'],
  ]);
});
