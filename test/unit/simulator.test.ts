// SPDX-License-Identifier: MIT
/** What is particular to the simulator: its directory, and that nobody uses it unawares. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';

import { SecureStorage, type OpenOptions } from '../../src-ts/index.js';
import { isGone, presentHolder } from '../../src-ts/simulator/holder.js';
import { now } from '../../src-ts/simulator/messages.js';
import { makeToken, newNote, Token } from '../../src-ts/simulator/token.js';
import { errorOf } from '../conformance/errors.js';
import { freshFolder } from './support/folders.js';
import { rootTest } from './support/root.js';

const main = path.resolve(__dirname, '../../dist/cli/main.js');
const open = (directory: string, options: OpenOptions = {}) =>
  SecureStorage.open({
    timeoutMs: 60_000,
    ...options,
    backend: 'simulator',
    simulator: { directory, ...options.simulator },
  });

/** Runs optee-storage with the simulator of a directory. */
const cli = (directory: string, args: string[], { input = '', env = {} } = {}) => {
  const settings = { OPTEE_STORAGE_BACKEND: 'simulator', OPTEE_STORAGE_SIMULATOR_DIR: directory };
  return execFileSync(process.execPath, [main, ...args], {
    input,
    env: { ...process.env, NODE_ENV: 'test', ...settings, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    encoding: 'utf8',
  });
};

/** The files of all objects. */
const objectsOf = (directory: string) => {
  const folder = path.join(directory, 'v1', 'objects');
  return readdirSync(folder).map((name) => path.join(folder, name));
};
const flipBit = (file: string, at: number) => {
  const bytes = readFileSync(file);
  bytes.writeUInt8((bytes.at(at) ?? 0) ^ 1, (at + bytes.length) % bytes.length);
  writeFileSync(file, bytes);
};

describe('what is stored', () => {
  test('is there for the next process, and seen by one that is there already', async () => {
    const directory = freshFolder();
    const store = await open(directory);
    await store.put('db/password', 's3cret');
    expect(cli(directory, ['get', 'db/password'])).toBe('s3cret');
    cli(directory, ['put', 'db/password'], { input: 'changed elsewhere' });
    expect(await store.get('db/password', { encoding: 'utf8' })).toBe('changed elsewhere');
    await store.close();
  });

  test('is seen at once by another thread, and by sessions opened before', async () => {
    const directory = freshFolder();
    const store = await open(directory);
    const code = `
      const { workerData, parentPort } = require('node:worker_threads');
      const { SecureStorage } = require(workerData.package);
      (async () => {
        const store = await SecureStorage.open({ backend: 'simulator', simulator: { directory: workerData.directory } });
        for (let n = 0; n < 20; n++) await store.put('k' + n, String(n));
        await store.close();
      })();`;
    const workerData = { directory, package: path.resolve(__dirname, '../../dist/index.js') };
    const worker = new Worker(code, { eval: true, workerData, stderr: true });
    const ended = new Promise((resolve) => worker.on('exit', resolve));
    const before = await store.put('mine', 'x');
    await ended;
    expect(await store.keys()).toHaveLength(21);
    const { revision } = await store.put('mine', 'y', { ifRevision: before.revision });
    expect(revision).toBeGreaterThan(20);
    await store.close();
  });

  test('does not show in its files, which are for their owner only', async () => {
    const directory = freshFolder();
    const store = await open(directory);
    await store.put('a key', 'plain s3cret '.repeat(1000));
    await store.close();
    const files = [...objectsOf(directory), path.join(directory, 'v1', 'key')];
    for (const file of files) {
      expect(readFileSync(file, 'latin1')).not.toMatch(/s3cret|a key/);
      expect(statSync(file).mode & 0o777).toBe(0o600);
    }
    expect(statSync(path.join(directory, 'v1')).mode & 0o777).toBe(0o700);
  });

  test('is restored from its twin where one file was tampered with', async () => {
    const directory = freshFolder();
    const first = await open(directory);
    await first.put('k', 'value');
    await first.close();
    for (const file of objectsOf(directory)) {
      const before = readFileSync(file);
      flipBit(file, 20);
      const store = await open(directory);
      expect(await store.get('k', { encoding: 'utf8' })).toBe('value');
      await store.close();
      writeFileSync(file, before);
    }
  });

  test.each([
    [
      'its beginning',
      (file: string) => {
        flipBit(file, 0);
      },
    ],
    [
      'its middle',
      (file: string) => {
        flipBit(file, 100);
      },
    ],
    [
      'its end',
      (file: string) => {
        flipBit(file, -1);
      },
    ],
    [
      'its length',
      (file: string) => {
        writeFileSync(file, readFileSync(file).subarray(0, 10));
      },
    ],
    [
      'its place',
      (file: string, other: string) => {
        writeFileSync(file, readFileSync(other));
      },
    ],
  ])('is reported as damaged when every copy was changed in %s, and clear() begins anew', async (_where, damage) => {
    const directory = freshFolder();
    const first = await open(directory);
    await first.put('k', 'value');
    await first.close();
    const files = objectsOf(directory);
    const others = files.map((_, index) => files[(index + 1) % files.length] ?? '');
    files.forEach((file, index) => {
      damage(file, others[index] ?? '');
    });

    const store = await open(directory);
    expect(await errorOf(store.get('k'))).toMatchObject({ code: 'ERR_CORRUPT' });
    await store.clear({ confirm: true });
    expect(await store.get('k')).toBeNull();
    await store.put('k', 'again');
    expect(await store.get('k', { encoding: 'utf8' })).toBe('again');
    await store.close();
  });

  test('of one value alone is mended by storing or deleting its key, as the error advises', async () => {
    const directory = freshFolder();
    const first = await open(directory);
    await first.put('db/pw2', 'sound');
    const sound = new Set(objectsOf(directory));
    const names = ['db/pw', 'db/other'];
    for (const key of names) await first.put(key, Buffer.alloc(50_000));
    await first.close();
    const large = objectsOf(directory).filter((file) => !sound.has(file) && statSync(file).size > 40_000);
    for (const file of large) rmSync(file);

    const store = await open(directory);
    for (const key of names) {
      const error = await errorOf(store.get(key));
      expect([error.code, error.message]).toEqual([
        'ERR_CORRUPT',
        expect.stringMatching(
          /from memory\. Otherwise store the key again, or delete it\..* deletes every sound key that begins/,
        ),
      ]);
    }
    await store.put('db/pw', 'again');
    expect(await store.delete('db/other')).toBe(true);
    expect(await store.get('db/pw', { encoding: 'utf8' })).toBe('again');
    expect(await store.get('db/other')).toBeNull();
    expect(await store.get('db/pw2', { encoding: 'utf8' })).toBe('sound');
    await store.close();
  });

  test('is left alone when the key is another one or is gone', async () => {
    const directory = freshFolder();
    const first = await open(directory);
    await first.put('k', 'value');
    await first.close();
    const key = path.join(directory, 'v1', 'key');
    renameSync(key, `${key}.kept`);
    const lost = await errorOf(open(directory));
    expect([lost.code, lost.message]).toEqual([
      'ERR_STORAGE',
      expect.stringContaining(`there is no ${key}: it was removed, or`),
    ]);
    expect(lost.message).toContain(`Put it back, or remove ${path.dirname(key)} if what is stored in it may be lost.`);
    writeFileSync(key, Buffer.alloc(32));
    const error = await errorOf(open(directory));
    expect(error.message).toContain('is not the key that its objects were encrypted with');
    renameSync(`${key}.kept`, key);
    const store = await open(directory);
    expect(await store.get('k', { encoding: 'utf8' })).toBe('value');
    await store.close();
  });

  test('a directory that was removed under an open store is told, and made anew for the next call', async () => {
    const directory = freshFolder();
    const store = await open(directory);
    await store.put('k', 'value');
    rmSync(directory, { recursive: true });
    expect(await errorOf(store.put('k', 'value'))).toMatchObject({ code: 'ERR_STORAGE', outcomeUnknown: false });
    await store.put('k', 'anew');
    expect(await store.keys()).toEqual(['k']);
    await store.close();
  });

  test('a directory that cannot be written says why and what to do', async () => {
    const file = path.join(freshFolder(), 'file');
    writeFileSync(file, '');
    const error = await errorOf(open(file));
    expect(error).toMatchObject({ code: 'ERR_STORAGE' });
    expect(error.message).toContain('simulator.directory');
  });

  if (process.geteuid?.() === 0) {
    test('the directory of another user is not touched', async () => {
      const directory = freshFolder();
      await (await open(directory)).close();
      execFileSync('chown', ['-R', '12345', directory]);
      expect((await errorOf(open(directory))).message).toContain('belongs to user 12345');
    });
  } else {
    test('a directory without permission is told', async () => {
      const directory = freshFolder();
      chmodSync(directory, 0o500);
      expect(await errorOf(open(directory))).toMatchObject({ code: 'ERR_STORAGE' });
    });
  }
});

describe('nobody uses it unawares', () => {
  test('it says once on standard error that it protects nothing, and info() tells', async () => {
    const script = `
      const { SecureStorage } = require(${JSON.stringify(path.resolve(__dirname, '../../dist/index.js'))});
      (async () => {
        for (let n = 0; n < 3; n++) await (await SecureStorage.open({ backend: 'simulator' })).close();
      })();`;
    const env = { ...process.env, NODE_ENV: '', OPTEE_STORAGE_SIMULATOR_DIR: freshFolder() };
    const child = spawn(process.execPath, ['-e', script], { env });
    let stderr = '';
    child.stderr.on('data', (text) => (stderr += String(text)));
    await new Promise((resolve) => child.on('close', resolve));
    expect(stderr.match(/the simulator protects nothing/g)).toHaveLength(1);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);

    const store = await open(freshFolder());
    expect(await store.info()).toMatchObject({ backend: 'simulator', secure: false, rollbackProtected: false });
    await store.close();
  });

  test.each([
    ['list', '--existing'],
    ['list', '--existing', '--json', 'k'],
  ])('%s %s makes no directory', (...args) => {
    const directory = path.join(freshFolder(), 'deep', 'down');
    expect(() => cli(directory, args)).toThrow(expect.objectContaining({ status: 5 }) as Error);
    expect(existsSync(path.dirname(directory))).toBe(false);
    cli(directory, ['put', 'k'], { input: 'v' });
    expect(cli(directory, args)).toContain('k');
  });

  test.each(['key', 'key-check', 'objects'])(
    'a pipe in the place of %s is not waited for',
    (part) => {
      const directory = freshFolder();
      cli(directory, ['put', 'k'], { input: 'v' });
      for (const file of part === 'objects' ? objectsOf(directory) : [path.join(directory, 'v1', part)]) {
        rmSync(file);
        execFileSync('mkfifo', [file]);
      }
      // With the way that it hung, the process goes on after its deadline.
      const env = { ...process.env, OPTEE_STORAGE_BACKEND: 'simulator', OPTEE_STORAGE_SIMULATOR_DIR: directory };
      const options = { env, encoding: 'utf8', timeout: 60_000, killSignal: 'SIGKILL' } as const;
      const { status, stderr } = spawnSync(process.execPath, [main, 'get', 'k'], options);
      expect([status, stderr]).toEqual([expect.any(Number), expect.stringMatching(/ERR_(STORAGE|CORRUPT)/)]);
    },
    120_000,
  );

  test('opening without simulator.create makes no directory', async () => {
    const directory = path.join(freshFolder(), 'new');
    const options = { simulator: { create: false } };
    expect(await errorOf(open(directory, options))).toMatchObject({ code: 'ERR_STORAGE' });
    expect(existsSync(directory)).toBe(false);
    await (await open(directory)).close();
    await (await open(directory, options)).close();
  });

  test('it is refused in production, unless an option allows it', async () => {
    const { NODE_ENV } = process.env;
    process.env.NODE_ENV = 'production';
    try {
      const directory = freshFolder();
      expect(await errorOf(open(directory))).toMatchObject({ code: 'ERR_SIMULATOR_REFUSED' });
      await (await open(directory, { simulator: { allowInProduction: true } })).close();
      const refused = () => cli(directory, ['list'], { env: { NODE_ENV: 'production' } });
      expect(refused).toThrow(expect.objectContaining({ status: 5 }) as Error);
    } finally {
      process.env.NODE_ENV = NODE_ENV;
    }
  });

  test.each(['Production', 'PRODUCTION', ' production ', 'production\n', 'prod', 'Prod'])(
    'it is refused in production, however that is written: %j',
    async (written) => {
      const { NODE_ENV } = process.env;
      process.env.NODE_ENV = written;
      try {
        expect(await errorOf(open(freshFolder()))).toMatchObject({ code: 'ERR_SIMULATOR_REFUSED' });
      } finally {
        process.env.NODE_ENV = NODE_ENV;
      }
    },
  );

  /** Other users can be played by root only. */
  rootTest.each(['home', 'home/.local', 'a link in it'])(
    'root makes nothing below what is another user’s: %s',
    (whose) => {
      const folder = freshFolder();
      const home = path.join(folder, 'home');
      mkdirSync(path.join(home, '.local'), { recursive: true });
      mkdirSync(path.join(folder, 'precious'));
      if (whose === 'a link in it') symlinkSync(path.join(folder, 'precious'), path.join(home, '.local/share'));
      const name = path.join(folder, whose === 'a link in it' ? 'home/.local/share' : whose);
      execFileSync('chown', ['-h', '4001', name]);
      const env = { HOME: home, OPTEE_STORAGE_SIMULATOR_DIR: '', XDG_DATA_HOME: '' };
      expect(() => cli('', ['put', 'k'], { input: 'v', env })).toThrow(/another user can change .*\[ERR_STORAGE\]/);
      expect(readdirSync(path.join(folder, 'precious'))).toEqual([]);
      execFileSync('chown', ['-h', '0', name]);
      expect(cli('', ['put', 'k'], { input: 'v', env })).toBe('');
    },
  );

  test('a name in the environment that is no backend is refused', async () => {
    process.env.OPTEE_STORAGE_BACKEND = 'simulatr';
    try {
      const error = await errorOf(SecureStorage.open());
      expect([error.code, error.message]).toEqual([
        'ERR_INVALID_ARG',
        expect.stringContaining("must be 'optee' or 'simulator'. Set it to one of these, or unset it."),
      ]);
      const command = cli.bind(null, freshFolder(), ['list'], { env: process.env as Record<string, string> });
      expect(command).toThrow(/Set it to one of these, or unset it/);
    } finally {
      delete process.env.OPTEE_STORAGE_BACKEND;
    }
  });

  test.each([
    [{ directory: 5 }, 'options.simulator.directory must be a string'],
    [{ directory: '' }, 'options.simulator.directory must not be empty'],
    [{ dir: '/tmp' }, "options.simulator has an unknown property 'dir'"],
    ['/tmp', 'options.simulator must be an object'],
  ])('options that are wrong are refused: %j', async (simulator, text) => {
    const error = await errorOf(SecureStorage.open({ backend: 'simulator', simulator: simulator as never }));
    expect(error).toMatchObject({ code: 'ERR_INVALID_ARG' });
    expect(error.message).toContain(text);
  });
});

test('an open store does not keep a process from ending, a call under way does', () => {
  const script = `
    const { SecureStorage } = require(${JSON.stringify(path.resolve(__dirname, '../../dist/index.js'))});
    SecureStorage.open({ backend: 'simulator' })
      .then((store) => store.put('k', 'v'))
      .then(() => process.stdout.write('done'));`;
  const env = { ...process.env, NODE_ENV: '', OPTEE_STORAGE_SIMULATOR_DIR: freshFolder() };
  const output = execFileSync(process.execPath, ['-e', script], {
    env,
    timeout: 20_000,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  expect(output.toString()).toBe('done');
});

test('calls from a hundred stores at once do not hold up the main thread', async () => {
  const directory = freshFolder();
  const stores = await Promise.all(Array.from({ length: 100 }, (_, n) => open(directory, { domain: `d${String(n)}` })));
  let stored = 0;
  let turns = 0;
  const count = () => {
    turns++;
    if (stored < stores.length) setImmediate(count);
  };
  setImmediate(count);
  await Promise.all(stores.map((store) => store.put('k', Buffer.alloc(20_000)).then(() => stored++)));
  // The main thread had time for something else between any two answers, and more than that.
  expect(turns).toBeGreaterThan(stores.length);
  await Promise.all(stores.map((store) => store.close()));
});

describe('the token of a directory', () => {
  const folderWithToken = () => {
    const folder = freshFolder();
    makeToken(folder);
    return folder;
  };
  const soon = () => now() + 300;

  test('is had by one at a time', () => {
    const folder = folderWithToken();
    const [first, second] = ['one', 'other'].map((name) => new Token(folder, `${presentHolder()}-${name}`)) as [
      Token,
      Token,
    ];
    first.take(soon());
    expect(() => {
      second.take(soon());
    }).toThrow('another process');
    first.give();
    second.take(soon());
    expect([first.taken, second.taken]).toEqual([false, true]);
  });

  test('is taken from a process that ended, at once', () => {
    const folder = folderWithToken();
    const note = newNote();
    const source = `
      const { Token } = require(${JSON.stringify(path.resolve(__dirname, '../../dist/simulator/token.js'))});
      const token = new Token(${JSON.stringify(folder)});
      token.take(Infinity);
      token.note = '${note}';`;
    execFileSync(process.execPath, ['-e', source]);
    expect(readdirSync(folder)).not.toContain('free');
    const token = new Token(folder);
    expect(token.take(soon())).toBe(true);
    expect(token.note).toBe(note);
  });

  test('is taken from a thread that ended within this process, at once', async () => {
    const folder = folderWithToken();
    const source = `
      const { workerData } = require('node:worker_threads');
      new (require(workerData.module).Token)(workerData.folder).take(Infinity);`;
    const workerData = { folder, module: path.resolve(__dirname, '../../dist/simulator/token.js') };
    const worker = new Worker(source, { eval: true, workerData });
    await new Promise((resolve) => worker.on('exit', resolve));
    expect(readdirSync(folder)).not.toContain('free');
    new Token(folder).take(soon());
  });

  test('that could not be given back is taken up again, by this thread', () => {
    const folder = folderWithToken();
    const token = new Token(folder);
    expect(token.take(soon())).toBe(false);
    mkdirSync(path.join(folder, 'free'));
    token.give();
    rmdirSync(path.join(folder, 'free'));
    expect(token.taken).toBe(true);
    new Token(folder).take(soon());
  });

  test('that is missing is told', () => {
    expect(() => {
      new Token(freshFolder()).take(now() + 5000);
    }).toThrow('lock is missing');
  });

  test('a holder is known to be there, to be gone, or is not known', () => {
    expect(isGone(presentHolder())).toBe(false);
    const [thread = '', start, ...place] = presentHolder().split('.');
    expect(isGone([thread, `${String(start)}1`, ...place].join('.'))).toBe(true);
    expect(isGone([thread, start, ...place.slice(0, -1), 'another boot'].join('.'))).toBeUndefined();
    expect(isGone(String(process.pid))).toBeUndefined();
    // A bare number is of another system that shares the folder.
    expect(isGone('4194305')).toBe(process.platform === 'linux' ? undefined : true);
  });
});
