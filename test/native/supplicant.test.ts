// SPDX-License-Identifier: MIT
/** The search for a tee-supplicant, in made-up /proc folders: no false alarm. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { SupplicantProbe } from '../../src-ts/native/supplicant-probe.js';

const THREAD = 4711;
let proc: string;

beforeEach(() => {
  proc = mkdtempSync(path.join(os.tmpdir(), 'proc-'));
  thread('S', 'optee_supp_thrd_req');
  namespace('pid:[4026531836]');
  processOf(1, 'systemd');
  processOf(800, 'wpa_supplicant');
});

afterEach(() => {
  rmSync(proc, { recursive: true });
});

function put(file: string, text: string): void {
  mkdirSync(path.dirname(path.join(proc, file)), { recursive: true });
  writeFileSync(path.join(proc, file), text);
}

const stat = (id: number, name: string, state: string) => `${String(id)} (${name}) ${state} 1 ${String(id)} 0 -1\n`;

function processOf(pid: number, name: string, state = 'S'): void {
  put(`${String(pid)}/stat`, stat(pid, name, state));
}

function thread(state: string, wchan?: string): void {
  put(`self/task/${String(THREAD)}/stat`, stat(THREAD, 'tee-session', state));
  if (wchan === undefined) rmSync(path.join(proc, `self/task/${String(THREAD)}/wchan`), { force: true });
  else put(`self/task/${String(THREAD)}/wchan`, wchan);
}

function namespace(link: string): void {
  mkdirSync(path.join(proc, 'self/ns'), { recursive: true });
  rmSync(path.join(proc, 'self/ns/pid'), { force: true });
  symlinkSync(link, path.join(proc, 'self/ns/pid'));
}

const isMissed = () => new SupplicantProbe(proc).isMissedBy(THREAD);

test('a thread that waits for a supplicant where there is none', () => {
  expect(isMissed()).toBe(true);
});

test.each(['0', '', undefined])('a thread that sleeps where the kernel does not say (wchan %j)', (wchan) => {
  thread('D', wchan);
  expect(isMissed()).toBe(true);
});

test.each(['tee-supplicant', 'nv-tee-supplica', 'tee_supplicant'])('there is a supplicant named %s', (name) => {
  processOf(900, name);
  expect(isMissed()).toBe(false);
});

test('a supplicant that is stopped is one', () => {
  processOf(900, 'tee-supplicant', 'T');
  expect(isMissed()).toBe(false);
});

test.each(['Z', 'X'])('a supplicant that is dead (%s) is none', (state) => {
  processOf(900, 'tee-supplicant', state);
  expect(isMissed()).toBe(true);
});

describe('a process of that name, where the device of supplicants is this user’s', () => {
  const me = process.geteuid?.() ?? 0;
  const device = () => path.join(proc, 'teepriv0');
  const ids = (id: number, real = id) =>
    `Name:\tx\nUid:\t${[real, id, id, id].join('\t')}\nGid:\t9\t9\t9\t9\nGroups:\t \n`;
  const isMissedBeside = (status: string | undefined) => {
    writeFileSync(device(), '');
    chmodSync(device(), 0o600);
    processOf(900, 'tee-supplicant');
    if (status !== undefined) put('900/status', status);
    return new SupplicantProbe(proc, device()).isMissedBy(THREAD);
  };

  test.each([
    ['is a stranger’s', ids(me + 4001), true],
    ['is a setuid program that a stranger has started', ids(me, me + 4001), true],
    ['is this user’s', ids(me), false],
    ['is root’s', ids(0), false],
    ['is of nobody knows whom', undefined, false],
  ])('%s', (_whose, status, missed) => {
    expect(isMissedBeside(status)).toBe(missed);
  });

  test('is a stranger’s, and the genuine one is there too', () => {
    processOf(901, 'tee-supplicant');
    put('901/status', ids(0));
    expect(isMissedBeside(ids(me + 4001))).toBe(false);
  });

  test('is a stranger’s, but what the device is nobody knows', () => {
    processOf(900, 'tee-supplicant');
    put('900/status', ids(me + 4001));
    expect(new SupplicantProbe(proc, path.join(proc, 'none')).isMissedBy(THREAD)).toBe(false);
  });
});

test('a thread that runs is in the secure world', () => {
  thread('R', '0');
  expect(isMissed()).toBe(false);
});

test('a thread that sleeps elsewhere in the driver does not wait for the supplicant', () => {
  thread('S', 'optee_cq_wait_for_completion');
  expect(isMissed()).toBe(false);
});

test('a thread that is gone', () => {
  rmSync(path.join(proc, 'self/task'), { recursive: true });
  expect(isMissed()).toBe(false);
});

test('in another PID namespace the supplicant may be outside of it', () => {
  namespace('pid:[4026532000]');
  expect(isMissed()).toBe(false);
});

test("where other users' processes are hidden the supplicant may be one of them", () => {
  rmSync(path.join(proc, '1'), { recursive: true });
  expect(isMissed()).toBe(false);
});

test('a supplicant that was seen is looked for again when it has gone', () => {
  const probe = new SupplicantProbe(proc);
  processOf(900, 'tee-supplicant');
  expect(probe.isMissedBy(THREAD)).toBe(false);
  processOf(900, 'bash');
  expect(probe.isMissedBy(THREAD)).toBe(true);
});
