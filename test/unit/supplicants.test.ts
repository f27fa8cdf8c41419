// SPDX-License-Identifier: MIT
/** Which processes are believed to be the tee-supplicant, and what doctor and `ta install` make of those that are not. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { findTaFolder } from '../../src-ts/cli/commands/ta/ta-folder.js';
import { because } from '../../src-ts/doctor/causes.js';
import { thisHost } from '../../src-ts/doctor/host.js';
import { findSupplicant, isNoneRunning } from '../../src-ts/doctor/supplicant.js';
import { readRegularFile } from '../../src-ts/util/files.js';
import { supplicants } from '../../src-ts/util/supplicants.js';
import { buildCommandLine, opteeProcess } from './support/cli.js';
import { boardWith, type Entry } from './support/fake-host.js';
import { rootTest } from './support/root.js';

const STRANGER = 4001;
/** Other users can be played by root only. */

let folder: string;
const at = (name: string) => path.join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'optee-supplicants-'));
  chmodSync(folder, 0o755);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

interface Ids {
  readonly uids?: readonly number[];
  readonly gids?: readonly number[];
  readonly groups?: readonly number[];
}

function statusOf({ uids = [STRANGER], gids = [STRANGER], groups = [] }: Ids): string {
  const all = (ids: readonly number[]) => (ids.length === 1 ? Array<number>(4).fill(ids[0] ?? 0) : ids).join('\t');
  return `Name:\tx\nUid:\t${all(uids)}\nGid:\t${all(gids)}\nFDSize:\t64\nGroups:\t${groups.join(' ')} \n`;
}

/** A board without its own supplicant, and with this one. */
const beside = (files: Readonly<Record<string, Entry | undefined>>) =>
  boardWith({
    '/proc/812/stat': undefined,
    '/proc/600/stat': '600 (tee-supplicant) S 1 600 600\n',
    '/proc/600/cmdline': '/dev/zero\0--fs-parent-path=/tmp/x;touch PWNED\0--ta-path=/tmp\0',
    ...files,
  });

describe('a process of that name is believed', () => {
  const device = (uid: number, gid: number, mode = 0o020660) => ({ uid, gid, mode });

  interface Case {
    /** The text of /proc/PID/status. */
    readonly status?: string;
    /** Whose /dev/teepriv0 is. */
    readonly of?: ReturnType<typeof device>;
    /** Where the link /proc/PID/exe leads. */
    readonly exe?: string;
  }
  const hostOf = ({ status, of, exe }: Case) =>
    beside({
      '/proc/600/status': status,
      '/dev/teepriv0': of,
      '/proc/600/exe': exe === undefined ? exe : { link: exe },
    });
  const root = statusOf({ uids: [0] });

  test.each<[string, Case]>([
    ['if it is root’s', { status: root }],
    ['if it is root’s, whosever the device is', { status: root, of: device(65534, 65534) }],
    ['if it is of the device’s owner', { status: statusOf({ uids: [990] }), of: device(990, 0) }],
    [
      'if some of its ids are root’s and some the owner’s',
      { status: statusOf({ uids: [0, 990, 0, 990] }), of: device(990, 0) },
    ],
    ['by its group, which is the device’s', { status: statusOf({ gids: [992] }), of: device(0, 992) }],
    ['by a further group', { status: statusOf({ groups: [5, 992] }), of: device(0, 992) }],
    ['by the name of its program too', { status: root, exe: '/opt/tee-supplicant' }],
    ['after its program was replaced', { status: root, exe: '/usr/sbin/tee-supplicant (deleted)' }],
  ])('%s', (_how, found) => {
    expect(findSupplicant(hostOf(found))).toMatchObject({ pid: 600, isBelieved: true });
  });

  test.each<[string, 'stranger' | 'unsure', Case]>([
    ['if it is a stranger’s', 'stranger', { status: statusOf({}), of: device(990, 992) }],
    ['if it is a stranger’s, and nobody sees a device', 'unsure', { status: statusOf({}) }],
    ['if its real user only is root', 'stranger', { status: statusOf({ uids: [0, 4001, 0, 4001] }), of: device(0, 0) }],
    [
      'if it is setuid root, and a stranger’s',
      'stranger',
      { status: statusOf({ uids: [4001, 0, 0, 0] }), of: device(0, 0) },
    ],
    ['if it was root', 'stranger', { status: statusOf({ uids: [4001, 4001, 0, 4001] }), of: device(0, 0) }],
    [
      'if it is setgid to the device’s group, and a stranger’s',
      'stranger',
      { status: statusOf({ gids: [4001, 992, 992, 992] }), of: device(0, 992) },
    ],
    [
      'by a group that may not write',
      'stranger',
      { status: statusOf({ groups: [992] }), of: device(0, 992, 0o020640) },
    ],
    ['by the group of root', 'stranger', { status: statusOf({ groups: [0] }), of: device(0, 0) }],
    [
      'by the group that stands for all unknown ones',
      'unsure',
      { status: statusOf({ groups: [65534] }), of: device(0, 65534) },
    ],
    [
      'as the user that stands for all unknown ones',
      'unsure',
      { status: statusOf({ uids: [65534] }), of: device(65534, 0) },
    ],
    ['if the device is open to everybody', 'unsure', { status: statusOf({}), of: device(0, 0, 0o020666) }],
    ['if nothing is known of it', 'unsure', { of: device(990, 992) }],
    ['by what it is called', 'stranger', { status: `Name:\tUid: 0 0 0 0\n${statusOf({}).slice(8)}`, of: device(0, 0) }],
    ['if root runs another program by that name', 'stranger', { status: root, exe: '/usr/bin/sudo' }],
    [
      'if the other program is in a folder of that name',
      'stranger',
      { status: root, exe: '/home/a/tee-supplicant/su' },
    ],
  ])('not %s', (_how, expected, found) => {
    const host = hostOf(found);
    expect(findSupplicant(host)).toBeUndefined();
    expect([...supplicants(host)].map(({ isBelieved }) => isBelieved)).toEqual(expected === 'unsure' ? [false] : []);
    // Who may be one is not taken for none.
    expect(isNoneRunning(host)).toBe(expected === 'stranger');
  });

  test('before one in a container, whose paths mean something else', () => {
    const inContainer = {
      '/proc/600/status': statusOf({ uids: [0] }),
      '/proc/600/mountinfo': '33 1 0:99 / / rw - overlay overlay rw',
    };
    const both = boardWith({ '/proc/600/stat': '600 (tee-supplicant) S 1 600 600\n', ...inContainer });
    expect(findSupplicant(both)?.pid).toBe(812);
    const alone = beside({ ...inContainer, '/proc/600/cmdline': '/usr/sbin/tee-supplicant\0' });
    // Its program is in there, not here.
    expect(findSupplicant(alone)).toMatchObject({ pid: 600, storage: undefined });
    expect(
      findSupplicant(boardWith({ '/proc/812/exe': { link: '/x/tee-supplicant', text: 'x\0/data/tee\0' } })),
    ).toMatchObject({
      storage: '/data/tee',
    });
  });

  test('but not a relative path that it was given', () => {
    const relative = 'tee-supplicant\0--fs-parent-path=tee\0--ta-path=tas\0';
    expect(findSupplicant(boardWith({ '/proc/812/cmdline': relative }))).toMatchObject({
      storage: undefined,
      taFoldersGiven: [],
    });
  });
});

describe('beside processes of another user', () => {
  let children: ChildProcess[] = [];
  beforeEach(() => {
    children = [];
    copyFileSync('/bin/sleep', at('tee-supplicant'));
    chmodSync(at('tee-supplicant'), 0o755);
  });
  afterEach(async () => {
    for (const child of children) {
      const ended = child.exitCode ?? child.signalCode ?? once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
  });

  /** Runs a program that sleeps. Its process number, once it has the name of a supplicant. */
  async function processOf(
    uid: number,
    { file = at('tee-supplicant'), argv0 = 'tee-supplicant' } = {},
  ): Promise<number> {
    const script = 'exec -a "$1" "$2" 100000';
    const as = ['--reuid', String(uid), '--regid', String(uid), '--clear-groups'];
    const child = spawn('setpriv', [...as, 'bash', '-c', script, 'bash', argv0, file], { stdio: 'ignore' });
    children.push(child);
    const pid = child.pid ?? 0;
    while (readFileSync(`/proc/${String(pid)}/comm`, 'utf8') !== 'tee-supplicant\n') {
      await new Promise((resolve) => setImmediate(resolve));
    }
    return pid;
  }

  const believed = () => [...supplicants(thisHost())].filter(({ isBelieved }) => isBelieved).map(({ pid }) => pid);

  rootTest('one that has the name only is passed over, and one of root is found', async () => {
    copyFileSync('/bin/sleep', at('other'));
    symlinkSync(at('other'), at('sub-tee-supplicant'));
    mkdirSync(at('links'));
    symlinkSync(at('other'), at('links/tee-supplicant'));
    mkdirSync(at('setuid'));
    copyFileSync('/bin/sleep', at('setuid/tee-supplicant'));
    chmodSync(at('setuid/tee-supplicant'), 0o4755);
    const strangers = [
      await processOf(STRANGER),
      await processOf(STRANGER, { file: at('setuid/tee-supplicant') }),
      await processOf(0, { file: at('links/tee-supplicant') }),
    ];
    const own = await processOf(0);
    const found = believed();
    expect([...strangers, own].map((pid) => found.includes(pid))).toEqual([false, false, false, true]);
  });

  rootTest('doctor and ta install come to an end as root, and have nothing from them', async () => {
    buildCommandLine();
    execFileSync('mkfifo', [at('fifo')]);
    const evil = '\u001b]0;TITLE\u0007\u009b8m/tmp/x;touch PWNED';
    const pids = [];
    for (const argv0 of [at('fifo'), '/dev/zero', '/dev/tty', evil, `${at('')}--ta-path=/tee-supplicant`]) {
      pids.push(await processOf(STRANGER, { argv0 }));
    }
    const { stdout, stderr } = opteeProcess(['doctor', '--backend', 'optee', '--timeout', '1000'], process.env);
    const shown = `${stdout.toString()}${stderr}`;
    expect(shown).toMatch(/^failed: /m);
    for (const text of ['PWNED', 'TITLE', '\u001b', ...pids.map((pid) => `process ${String(pid)}`)])
      expect(shown).not.toContain(text);
  });
});

describe('only regular files are read, and none without end', () => {
  beforeEach(() => {
    execFileSync('mkfifo', [at('fifo')]);
    symlinkSync('/dev/zero', at('link'));
    writeFileSync(at('large'), '');
    truncateSync(at('large'), 16 * 1024 * 1024 + 1);
    writeFileSync(at('file'), 'text');
  });

  test.each(['fifo', 'link', '.', '/dev/zero', '/dev/null', '/dev/tty', '/dev/full'])('%s is refused', (name) => {
    const refused = expect.objectContaining({ code: 'EINVAL' }) as Error;
    expect(() => readRegularFile(path.resolve(folder, name))).toThrow(refused);
    expect(() => thisHost().read(path.resolve(folder, name))).toThrow(refused);
  });

  test('one that is too large is refused, others are read, also without a size', () => {
    expect(() => readRegularFile(at('large'))).toThrow(expect.objectContaining({ code: 'EFBIG' }) as Error);
    expect(readRegularFile(at('file')).toString()).toBe('text');
    expect(readRegularFile('/proc/self/stat').length).toBeGreaterThan(20);
  });
});

describe('a fix that is copied into a shell', () => {
  test.each([
    '/tmp/tee;touch PWNED;#',
    '/tmp/$(touch PWNED)',
    '/tmp/`touch PWNED`',
    "/tmp/';touch PWNED;'",
    '/tmp/"; touch PWNED; "',
    '/tmp/a && touch PWNED',
    '/tmp/a | touch PWNED',
    '/tmp/a > PWNED',
    '/tmp/*',
    '/tmp/~ #',
    '/tmp/a\\',
    '/tmp/!!',
    '/var/lib/tee',
  ])('has %s as one word', (name) => {
    const { fix = '' } = because('storage-open', { folder: name, mode: '0777' });
    const script = `sudo() { printf '%s\\n' "$@"; }; ${fix}`;
    const out = execFileSync('bash', ['-c', script], { cwd: folder, encoding: 'utf8' });
    expect(out).toBe(`chmod\n0700\n${name}\n`);
    expect(existsSync(at('PWNED'))).toBe(false);
  });
});

describe('ta install', () => {
  const given = (...args: string[]) => ({ '/proc/812/cmdline': ['/usr/sbin/tee-supplicant', ...args, ''].join('\0') });

  test.each([
    [['--ta-path=/usr/lib:/opt']],
    [['--ta-path=tas:/usr/lib']],
    [['-l/usr/lib']],
    [['-d', '-l', '/usr/lib:/opt']],
  ])('goes where the supplicant was told by %j', (args) => {
    expect(findTaFolder('/', boardWith(given(...args)))).toBe('/usr/lib');
    // Of an image, it says nothing.
    mkdirSync(at('lib/optee_armtz'), { recursive: true });
    expect(findTaFolder(folder, boardWith(given(...args)))).toBe(at('lib/optee_armtz'));
  });

  test.each([[['-t', 'tas']], [['-ttas']], [['--ta-dir', 'tas']], [['--ta-dir=tas']]])(
    'goes below /lib by %j',
    (args) => {
      expect(findTaFolder('/', boardWith(given(...args)))).toBe('/lib/tas');
    },
  );

  const withoutDefaults = (files: Readonly<Record<string, Entry | undefined>>) => {
    try {
      return findTaFolder('/', boardWith(files));
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  const asNobodySays = withoutDefaults({ '/proc/812/stat': undefined });

  test.each<[string, Readonly<Record<string, Entry | undefined>>]>([
    ['a stranger', { ...given('--ta-path=/usr/lib'), '/proc/812/status': statusOf({}) }],
    [
      'the path of a container',
      { ...given('--ta-path=/usr/lib'), '/proc/812/mountinfo': '3 1 0:9 / / rw - overlay x rw' },
    ],
    [
      'the path of a mount that is not here',
      {
        ...given('--ta-path=/tas'),
        '/proc/812/mountinfo': '3 1 179:1 / / rw - ext4 x rw\n4 3 8:1 / /tas rw - ext4 x rw',
      },
    ],
    ['a relative path', given('--ta-path=usr/lib')],
  ])('does not go where %s leads', (_what, files) => {
    expect(withoutDefaults(files)).toBe(asNobodySays);
  });

  describe('does not go where another user decides, even if the supplicant does', () => {
    const install = (name: string) => () => findTaFolder('/', boardWith(given(`--ta-path=${name}`)));
    beforeEach(() => {
      mkdirSync(at('a/b'), { recursive: true });
    });

    test('a folder that is not there yet, in one that others may write', () => {
      chmodSync(folder, 0o1777);
      expect(install(at('tas'))).toThrow(`another user can change ${folder}`);
    });

    test('below one that others may write', () => {
      chmodSync(at('a'), 0o777);
      expect(install(at('a/b'))).toThrow(`another user can change ${at('a')}`);
    });

    test('behind a link into one that others may write', () => {
      chmodSync(at('a'), 0o777);
      symlinkSync('a/b', at('link'));
      symlinkSync(at('link'), at('further'));
      expect(install(at('further'))).toThrow(`another user can change ${at('a')}`);
    });

    test('in a circle', () => {
      symlinkSync('link', at('link'));
      expect(install(at('link/x'))).toThrow();
    });

    test('but in one of this user’s own, also below a sticky one', () => {
      chmodSync(folder, 0o1777);
      expect(install(at('a/b'))()).toBe(at('a/b'));
    });

    rootTest.each(['a', 'a/b', 'link'])('one of another user, or a link of his: %s', (whose) => {
      symlinkSync('a', at('link'));
      execFileSync('chown', ['-h', String(STRANGER), at(whose)]);
      expect(install(at(whose === 'link' ? 'link/b' : 'a/b'))).toThrow(`another user can change ${at(whose)}`);
    });

    rootTest('one that its group may write, unless that is root’s', () => {
      chmodSync(at('a'), 0o775);
      expect(install(at('a/b'))()).toBe(at('a/b'));
      chownSync(at('a'), 0, STRANGER);
      chmodSync(at('a'), 0o775);
      expect(install(at('a/b'))).toThrow(`another user can change ${at('a')}`);
    });
  });
});
