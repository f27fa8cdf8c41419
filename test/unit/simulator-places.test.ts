// SPDX-License-Identifier: MIT
/** The simulator in odd places: environments, current directories and holders of its lock that nobody thought of. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { SecureStorage } from '../../src-ts/index.js';
import { errorOf } from '../conformance/errors.js';
import { buildCommandLine } from './support/cli.js';
import { freshFolder } from './support/folders.js';

beforeAll(() => {
  buildCommandLine();
}, 120_000);

const dist = path.resolve(__dirname, '../../dist');
const main = path.join(dist, 'cli/main.js');

/** Runs a line of the shell in which $NODE $MAIN is optee-storage, with nothing else in the environment. */
function shell(line: string, env: NodeJS.ProcessEnv = {}, cwd = freshFolder()) {
  const all = {
    PATH: process.env.PATH,
    OPTEE_STORAGE_BACKEND: 'simulator',
    NODE: process.execPath,
    MAIN: main,
    ...env,
  };
  const { status, signal, stdout, stderr } = spawnSync('sh', ['-c', line], { env: all, cwd, encoding: 'utf8' });
  return { status, signal, stdout, stderr, cwd };
}

describe('a variable of the environment does not disturb it', () => {
  test.each([
    ['a name that is not UTF-8', "$(printf 'caf\\351')=x"],
    ['a name of one such byte', "$(printf '\\377')=x"],
    ['a name with half of a character', "$(printf 'a\\303')=x"],
    ['a name with half of a pair', "$(printf 'a\\355\\240\\200')=x"],
    ['a value that is not UTF-8', "V=$(printf 'caf\\351')"],
    ['names with a dash and a blank', "a-b=x 'a b=x'"],
    ['options for Node.js that a thread cannot have', 'NODE_OPTIONS=--title=x'],
  ])('%s', (_what, variable) => {
    const os = `env ${variable} "$NODE" "$MAIN"`;
    const { status, signal, stdout } = shell(`printf v | ${os} put k && ${os} get k`, {
      OPTEE_STORAGE_SIMULATOR_DIR: freshFolder(),
    });
    expect({ status, signal, stdout }).toEqual({ status: 0, signal: null, stdout: 'v' });
  });
});

describe('the directory, if none is named, is never in the current directory', () => {
  test.each<[string, (home: string) => NodeJS.ProcessEnv]>([
    ['an XDG_DATA_HOME that is relative', (home) => ({ HOME: home, XDG_DATA_HOME: 'data' })],
    ['an XDG_DATA_HOME that is a dot', (home) => ({ HOME: home, XDG_DATA_HOME: '.' })],
    ['an XDG_DATA_HOME beside it', (home) => ({ HOME: home, XDG_DATA_HOME: '../data' })],
    ['an XDG_DATA_HOME that was not expanded', (home) => ({ HOME: home, XDG_DATA_HOME: '~/data' })],
    ['an XDG_DATA_HOME that is empty', (home) => ({ HOME: home, XDG_DATA_HOME: '' })],
    ['an empty OPTEE_STORAGE_SIMULATOR_DIR', (home) => ({ HOME: home, OPTEE_STORAGE_SIMULATOR_DIR: '' })],
  ])('%s counts for nothing', (_what, env) => {
    const home = freshFolder();
    const { status, cwd } = shell('printf v | "$NODE" "$MAIN" put k', env(home));
    expect(status).toBe(0);
    expect(readdirSync(cwd)).toEqual([]);
    expect(existsSync(path.join(home, '.local/share/optee-secure-storage/simulator/v1'))).toBe(true);
  });

  /** Chooses the simulator without opening it: nothing is made in the user's own home. */
  const CHOOSE = `require(${JSON.stringify(dist)} + '/connection/choose-backend.js').chooseBackend({})`;
  test.each([
    ['empty', ''],
    ['relative', 'home'],
    ['a dot', '.'],
    ['not expanded', '~'],
    ['not there', undefined],
  ])('a HOME that is %s gives way to the home in the list of users', (_what, HOME) => {
    const { stderr, cwd } = shell('"$NODE" -e "$CODE"', { HOME, CODE: CHOOSE });
    expect(stderr).toContain(path.join(os.userInfo().homedir, '.local/share/optee-secure-storage/simulator'));
    expect(readdirSync(cwd)).toEqual([]);
  });

  test.each([
    ['empty', ''],
    ['relative', 'home'],
    ['not there', undefined],
  ])(
    'a user that the system does not know, and a HOME that is %s, is an error that says what to name',
    (_what, HOME) => {
      const nobody = `require('node:os').userInfo = () => { throw new Error('ENOENT') }; try { ${CHOOSE} } catch (e) { console.log(e.message) }`;
      // os.homedir() asks the same list.
      const homeless = `require('node:os').homedir = () => process.env.HOME ?? require('node:os').userInfo(); ${nobody}`;
      const { stdout } = shell('"$NODE" -e "$CODE"', { HOME, CODE: homeless });
      expect(stdout).toMatch(/no directory: HOME.*OPTEE_STORAGE_SIMULATOR_DIR/);
    },
  );
});

describe('a current directory that was deleted is named, with what to do', () => {
  test.each([
    ['a directory of the simulator that is absolute', freshFolder(), 'ERR_NO_SIMULATOR'],
    ['one that is relative', 'data', 'ERR_STORAGE'],
    ['none', '', 'ERR_NO_SIMULATOR'],
  ])('with %s', (_what, directory, code) => {
    const { status, stderr } = shell('mkdir gone && cd gone && rmdir ../gone && "$NODE" "$MAIN" list', {
      HOME: freshFolder(),
      OPTEE_STORAGE_SIMULATOR_DIR: directory,
    });
    expect(status).toBe(5);
    expect(stderr).toMatch(/current directory of this process was deleted[^]*\(cd\)/);
    expect(stderr).toContain(code);
    expect(stderr).not.toContain('bundler');
  });
});

describe('who has the storage is named where a call had to wait for it in vain', () => {
  let directory: string;
  let mine: SecureStorage;
  let holder: ChildProcess;
  beforeEach(async () => {
    directory = freshFolder();
    mine = await SecureStorage.open({ backend: 'simulator', simulator: { directory } });
    await mine.put('k', 'v');
    const code = `
      const { Token } = require(${JSON.stringify(path.join(dist, 'simulator/token.js'))});
      new Token(process.argv[1]).take(Infinity);
      process.title = 'a\\u001b[31mb';
      console.log('taken');
      setInterval(() => {}, 1e9);`;
    holder = spawn(process.execPath, ['-e', code, path.join(directory, 'v1/lock')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout as NodeJS.ReadableStream, 'data');
  });
  afterEach(async () => {
    holder.kill('SIGKILL');
    await mine.close();
  });

  /** Waits for a state of the holder; nothing else ends this than that it is there. */
  const untilState = async (state: string) => {
    const file = `/proc/${String(holder.pid)}/stat`;
    while (!readFileSync(file, 'latin1').includes(`) ${state} `)) await new Promise(setImmediate);
  };
  const hurried = { timeoutMs: 300 };
  const calls: [string, () => Promise<unknown>][] = [
    ['get', () => mine.get('k', hurried)],
    ['put', () => mine.put('k', 'w', hurried)],
    ['list', () => mine.list(hurried)],
    ['open', () => SecureStorage.open({ ...hurried, backend: 'simulator', simulator: { directory } })],
  ];

  test.each(calls)('%s: a process that is stopped, and how to let it go on', async (_what, call) => {
    holder.kill('SIGSTOP');
    await untilState('T');
    const error = await errorOf(call());
    // It has not begun.
    expect(error).toMatchObject({ code: 'ERR_TIMEOUT', outcomeUnknown: false });
    expect(error.message).toContain(
      `process ${String(holder.pid)} (a\\u001b[31mb) uses its storage and was stopped by a signal`,
    );
    expect(error.message).toContain(`kill -CONT ${String(holder.pid)}`);
    expect(error.message).not.toContain('supplicant');
  });

  test.each(calls)('%s: a process that runs', async (_what, call) => {
    const error = await errorOf(call());
    expect(error.message).toContain(`process ${String(holder.pid)} (a\\u001b[31mb) uses its storage. Allow more time`);
    expect(error.message).not.toMatch(/supplicant|stopped/);
  });

  test('every call that waits says so, those behind the first too; afterwards all goes on', async () => {
    holder.kill('SIGSTOP');
    await untilState('T');
    const errors = await Promise.all([1, 2, 3].map(() => errorOf(mine.put('k', 'w', hurried))));
    for (const { message } of errors) expect(message).toContain('was stopped by a signal');
    holder.kill('SIGKILL');
    expect(await mine.get('k', { encoding: 'utf8' })).toBe('v');
  });

  test('a change that waits is not made once it was given up, or aborted', async () => {
    const abort = new AbortController();
    const aborted = mine.put('k', 'aborted', { signal: abort.signal });
    const late = errorOf(mine.put('k', 'late', hurried));
    abort.abort('enough');
    await expect(aborted).rejects.toBe('enough');
    await late;
    holder.kill('SIGKILL');
    expect(await mine.get('k', { encoding: 'utf8' })).toBe('v');
  });
});
