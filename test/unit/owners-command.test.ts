// SPDX-License-Identifier: MIT
/** The commands verify and owners over the Trusted Application in memory, where every user can be played. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { SecureStorage } from '../../src-ts/index.js';
import { userName } from '../../src-ts/util/groups.js';
import { run } from '../../src-ts/cli/run.js';
import { MemoryTee } from '../../src-ts/testing/index.js';
import { clientUuid } from '../../src-ts/tee/client-uuid.js';
import { buildCommandLine, recordingIo } from './support/cli.js';
import { freshFolder } from './support/folders.js';
import { Terminal } from './support/played-terminal.js';

const folder = freshFolder();
const ALICE = 1007;
const NOBODY = 4_000_000;

let tee: MemoryTee;
beforeAll(buildCommandLine, 120_000);
beforeEach(async () => {
  tee = await MemoryTee.create();
});
afterEach(async () => {
  await tee.close();
});

/** Runs optee-storage as a user. */
async function as(uid: number, args: readonly string[], stdin: Terminal | string = '') {
  const { io, ran } = recordingIo(stdin);
  const code = await run(args, io, { open: ({ domain, timeoutMs }) => tee.open({ domain, timeoutMs, uid }) });
  const { stdout, stderr } = ran();
  return { code, stdout: stdout.toString(), stderr };
}

async function storeOf(uid: number, keys: readonly string[]) {
  const store = await tee.open({ uid });
  for (const key of keys) await store.put(key, 'value');
  await store.close();
}

async function keysOf(uid: number): Promise<string[]> {
  const store = await tee.open({ uid });
  return store.keys().finally(() => store.close());
}

/** A terminal on which somebody answers. */
function answering(answer: string): Terminal {
  const terminal = new Terminal();
  terminal.write(answer);
  return terminal;
}

describe('owners', () => {
  test('lists who has a store, with names that this system knows', async () => {
    await storeOf(0, ['k']);
    await storeOf(NOBODY, ['one', 'two']);
    const { code, stdout, stderr } = await as(0, ['owners']);
    expect([code, stderr]).toEqual([0, '']);
    const lines = stdout.split('\n');
    expect(lines[0]).toMatch(/^LOGIN +NAME +ID +KEYS +BYTES +OBJECTS$/);
    expect(lines.slice(1, 3).sort()).toEqual([
      expect.stringMatching(/^user +- +4000000 +2 +16 +\d+$/),
      expect.stringMatching(new RegExp(`^user +${String(userName(0))} +0 +1 +6 +\\d+$`)),
    ]);
    expect(lines[3]).toMatch(/^objects of all: \d+ of \d+$/);
  });

  test('as JSON has everything', async () => {
    await storeOf(ALICE, ['k']);
    const { owners, objects } = JSON.parse((await as(0, ['owners', '--json'])).stdout) as {
      owners: unknown[];
      objects: unknown;
    };
    const owner = { owner: clientUuid('uid', ALICE), login: 'user', id: ALICE, keys: 1, bytes: 6, lost: false };
    expect(owners).toContainEqual(expect.objectContaining(owner));
    expect(objects).toEqual({ used: expect.any(Number) as number, total: expect.any(Number) as number });
  });

  test('is for root alone', async () => {
    for (const args of [['owners'], ['owners', 'remove', '--uid', '0', '--yes']]) {
      const { code, stdout, stderr } = await as(ALICE, args);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toContain('[ERR_NOT_ROOT]');
    }
  });

  test('has help of its own, and so has its second word', async () => {
    expect((await as(0, ['owners', '--help'])).stdout).toMatch(/^usage: optee-storage owners \[OPTIONS\]/);
    expect((await as(0, ['owners', 'remove', '--help'])).stdout).toMatch(/^usage: optee-storage owners remove /);
    expect((await as(0, ['help', 'owners', 'remove'])).stdout).toMatch(/^usage: optee-storage owners remove /);
  });
});

describe('owners remove', () => {
  test.each([
    ['--uid', String(ALICE)],
    ['--owner', clientUuid('uid', ALICE)],
  ])('with %s removes that store and no other', async (option, whose) => {
    await storeOf(ALICE, ['one', 'two']);
    await storeOf(NOBODY, ['k']);
    expect(await as(0, ['owners', 'remove', option, whose, '--yes'])).toEqual({ code: 0, stdout: '2\n', stderr: '' });
    expect([await keysOf(ALICE), await keysOf(NOBODY)]).toEqual([[], ['k']]);
    const again = await as(0, ['owners', 'remove', option, whose, '--yes']);
    expect([again.code, again.stdout]).toEqual([3, '']);
    expect(again.stderr).toContain('has no store');
  });

  test('of a group does not take the user with the same number', async () => {
    await storeOf(ALICE, ['k']);
    const group = await tee.open({ uid: ALICE, group: ALICE, groups: [ALICE] });
    await group.put('k', 'of the group');
    for (const whose of [
      ['--gid', String(ALICE)],
      ['--owner', clientUuid('gid', ALICE), '--group-login'],
    ]) {
      await group.put('k', 'of the group');
      expect(await as(0, ['owners', 'remove', ...whose, '--yes', '--json'])).toMatchObject({
        code: 0,
        stdout: '{"removed":1}\n',
      });
      expect([await group.keys(), await keysOf(ALICE)]).toEqual([[], ['k']]);
    }
    await group.close();
  });

  test('asks on a terminal, and takes nothing but yes for yes', async () => {
    await storeOf(ALICE, ['k']);
    for (const answer of ['no\n', '\n', 'y\n', 'yes please\n', 'x'.repeat(100)]) {
      const { code, stderr } = await as(0, ['owners', 'remove', '--uid', String(ALICE)], answering(answer));
      expect([code, await keysOf(ALICE)]).toEqual([2, ['k']]);
      expect(stderr).toContain(`Remove the store of user ${String(ALICE)} with all its keys?`);
    }
    expect(await as(0, ['owners', 'remove', '--uid', String(ALICE)], answering('yes\n'))).toMatchObject({ code: 0 });
    expect(await keysOf(ALICE)).toEqual([]);
  });

  test('without a terminal needs --yes', async () => {
    await storeOf(ALICE, ['k']);
    expect((await as(0, ['owners', 'remove', '--uid', String(ALICE)], 'yes\n')).code).toBe(2);
    expect(await keysOf(ALICE)).toEqual(['k']);
  });

  test.each([
    ['nobody', []],
    ['two', ['--uid', '1', '--gid', '1']],
    ['a name', ['--uid', 'alice']],
    ['an id that none can have', ['--gid', '4294967295']],
    ['no UUID', ['--owner', 'alice']],
    ['a group login without a UUID', ['--uid', '1', '--group-login']],
  ])('of %s is wrong usage', async (_name, args) => {
    expect((await as(0, ['owners', 'remove', '--yes', ...args])).code).toBe(2);
  });
});

describe('verify', () => {
  test('says that all is whole', async () => {
    await storeOf(ALICE, ['k']);
    for (const args of [['verify'], ['verify', '--repair']]) {
      const { code, stdout, stderr } = await as(ALICE, args);
      expect([code, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(/^objects: \d+\nall is whole\n$/);
    }
    const found = JSON.parse((await as(ALICE, ['verify', '--json'])).stdout) as object;
    expect(found).toMatchObject({ lostCopies: 0, repaired: 0, lost: 0 });
  });

  test('finds a damaged copy in the files of the simulator, and repairs it', async () => {
    const directory = path.join(folder, 'data');
    const simulated = async (...args: string[]) => {
      const { io, ran } = recordingIo('value');
      const code = await run([...args, '--backend', 'simulator', '--simulator-dir', directory], io, {
        open: (options) => SecureStorage.open(options),
      });
      return [code, ran().stdout.toString()];
    };
    await simulated('put', 'k');
    const objects = path.join(directory, 'v1', 'objects');
    for (const name of readdirSync(objects).filter((file) => file.startsWith('0100'))) {
      const file = path.join(objects, name);
      const bytes = readFileSync(file);
      bytes.writeUInt8(bytes.readUInt8(40) ^ 1, 40);
      writeFileSync(file, bytes);
    }
    expect(await simulated('verify')).toEqual([1, expect.stringContaining('one copy lost: ') as string]);
    expect(await simulated('verify', '--repair')).toEqual([0, expect.stringMatching(/repaired: [^]*all is whole/)]);
    expect(await simulated('verify')).toEqual([0, expect.stringMatching(/^objects: \d+\nall is whole\n$/)]);
    expect(await simulated('get', 'k')).toEqual([0, 'value']);
  });

  test.each<[string, readonly string[], object, number, RegExp]>([
    ['one copy', [], { lostCopies: 2, repaired: 0, lost: 0 }, 1, /one copy lost: 2; .*--repair/],
    ['one copy, repaired', ['--repair'], { lostCopies: 2, repaired: 2, lost: 0 }, 0, /repaired: 2 [^]*all is whole/],
    ['both copies', ['--repair'], { lostCopies: 1, repaired: 1, lost: 3 }, 1, /repaired: 1 [^]*both copies lost: 3;/],
  ])('says that %s of something is lost', async (_name, args, found, code, words) => {
    const { io, ran } = recordingIo('');
    const open = async () => {
      const store = await tee.open({ uid: ALICE });
      jest.spyOn(store, 'verify').mockResolvedValue({ objects: 9, ...found } as never);
      return store;
    };
    expect(await run(['verify', ...args], io, { open })).toBe(code);
    expect(ran().stdout.toString()).toMatch(words);
    expect(ran().stdout.toString().includes('all is whole')).toBe(words.source.includes('whole'));
  });
});
