// SPDX-License-Identifier: MIT
/** The parts of machine and tools/optee that need no machine: command line, values on the wire, archive, cache. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const commandLine = () => import('../../tools/optee/command-line.mjs');
const portable = async () => (await import('../../machine/guest/portable.cjs')).default;

describe('the command line of npm run optee', () => {
  test('ends its options where the command begins', async () => {
    const { parseCommandLine } = await commandLine();
    expect(parseCommandLine(['--log', '--bare', 'ls', '--help', '--log'])).toMatchObject({
      ...{ log: true, bare: true, command: ['ls', '--help', '--log'] },
    });
    expect(parseCommandLine(['--', '--strange'])).toMatchObject({ command: ['--strange'] });
    expect(parseCommandLine([])).toMatchObject({ command: [], tty: false, identity: {} });
    expect(parseCommandLine(['--env', 'A=b=c', '--env=D=', 'x']).env).toEqual({ A: 'b=c', D: '' });
    expect(parseCommandLine(['--disk=/tmp/a=b']).disk).toBe('/tmp/a=b');
    expect(parseCommandLine(['-t', '--user', 'bob', '--', '-t'])).toMatchObject({ tty: true, command: ['-t'] });
  });

  test.each([
    ['1000', { uid: 1000 }],
    ['bob', { uid: 1001 }],
    ['1000:5', { uid: 1000, gid: 5 }],
    ['alice:bob,1,2', { uid: 1000, gid: 1001, groups: [1, 2] }],
    ['1000:1000,', { uid: 1000, gid: 1000, groups: [] }],
  ])('takes the user %s', async (text, identity) => {
    const { parseCommandLine } = await commandLine();
    expect(parseCommandLine(['--user', text]).identity).toEqual(identity);
  });

  test.each([
    [['--user', 'nobody-here']],
    [['--user', '-1']],
    [['--user', '1000:']],
    [['--user']],
    [['--env', 'A']],
    [['--nonsense']],
    [['--nonsense', 'ls']],
    [['--bare=yes']],
  ])('refuses %j', async (args) => {
    const { parseCommandLine } = await commandLine();
    const refuse = async () => Promise.resolve(parseCommandLine(args));
    await expect(refuse()).rejects.toMatchObject({ name: 'UsageError', exitCode: 2 });
  });

  test('puts files and folders of the host into the machine', async () => {
    const { parseCommandLine } = await commandLine();
    const folder = mkdtempSync(path.join(tmpdir(), 'optee-copied-'));
    const app = path.join(folder, 'app');
    mkdirSync(path.join(app, 'lib'), { recursive: true });
    writeFileSync(path.join(app, 'main.js'), '');
    writeFileSync(path.join(app, 'lib', 'a.js'), '');
    symlinkSync('main.js', path.join(app, 'link.js'));
    symlinkSync('nowhere', path.join(app, 'broken.js'));
    const filesOf = (...copy: string[]) => parseCommandLine(copy.flatMap((one) => ['--copy', one])).files;
    expect(filesOf(app)).toEqual({
      '/opt/app/main.js': path.join(app, 'main.js'),
      '/opt/app/link.js': path.join(app, 'link.js'),
      '/opt/app/lib/a.js': path.join(app, 'lib', 'a.js'),
    });
    expect(filesOf(`${app}/main.js`, `${app}/lib:/srv/it`)).toEqual({
      '/opt/main.js': path.join(app, 'main.js'),
      '/srv/it/a.js': path.join(app, 'lib', 'a.js'),
    });
    for (const wrong of [`${folder}/missing`, `${app}:relative`, `${app}:/`, `${app}:`]) {
      expect(() => filesOf(wrong)).toThrow(expect.objectContaining({ name: 'UsageError' }) as Error);
    }
    rmSync(folder, { recursive: true });
  });

  test('finds Ctrl-A X in what is typed', async () => {
    const { escapeFilter } = await import('../../tools/optee/terminal.mjs');
    let quits = 0;
    const filter = escapeFilter(() => quits++);
    expect(filter(Buffer.from('plain x')).toString()).toBe('plain x');
    expect(filter(Buffer.from('\x01')).toString()).toBe('');
    expect(filter(Buffer.from('b')).toString()).toBe('\x01b');
    expect(filter(Buffer.from('\x01\x01x')).toString()).toBe('\x01x');
    expect(quits).toBe(0);
    filter(Buffer.from('a\x01X'));
    expect(quits).toBe(1);
  });
});

describe('values on their way to the machine and back', () => {
  test('keep references shared and circular', async () => {
    const { decode, encode } = await portable();
    const shared = { list: [1] };
    const circle: Record<string, unknown> = { a: shared, b: shared };
    circle.self = circle;
    const back = decode(encode(circle)) as Record<string, unknown>;
    expect(back.self).toBe(back);
    expect(back.a).toBe(back.b);
    expect(back.a).toStrictEqual(shared);
  });

  test('keep errors within errors, and refuse functions', async () => {
    const { decode, encode } = await portable();
    const inner = Object.assign(new RangeError('inner'), { code: 'ERR_INNER' });
    const error = new AggregateError([inner], 'outer', { cause: inner });
    const back = decode(encode([error])) as [AggregateError];
    expect(back[0]).toMatchObject({ name: 'AggregateError', message: 'outer' });
    expect(back[0].errors[0]).toBe(back[0].cause);
    expect(back[0].cause).toBeInstanceOf(RangeError);
    expect(back[0].cause).toMatchObject({ code: 'ERR_INNER', stack: inner.stack });
    expect(() => encode(() => 1)).toThrow(/could not be cloned/);
  });

  test('a prototype is not reached through a name', async () => {
    const { decode, encode } = await portable();
    const back = decode(encode(JSON.parse('{"__proto__": {"polluted": 1}}'))) as object;
    expect('polluted' in back).toBe(false);
    expect(Object.getOwnPropertyDescriptor(back, '__proto__')?.value).toEqual({ polluted: 1 });
  });

  test('messages are found in a stream cut anywhere', async () => {
    const { frame, MessageReader } = await portable();
    const messages = ['', 'a', 'b'.repeat(1000), 'c'].map((text) => Buffer.from(text));
    const stream = Buffer.concat(messages.map((message) => frame(message)));
    for (const size of [1, 3, 5, 700, stream.length]) {
      const found: Buffer[] = [];
      const reader = new MessageReader((message) => found.push(Buffer.from(message)));
      for (let at = 0; at < stream.length; at += size) reader.push(stream.subarray(at, at + size));
      expect(found).toEqual(messages);
    }
  });
});

describe('tools', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'optee-test-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  test('a lock is held by one at a time, and a dead holder is forgotten', async () => {
    const { withLock } = await import('../../tools/lib/lock.mjs');
    const lock = path.join(folder, 'lock');
    const dead = spawnSync('true').pid;
    writeFileSync(lock, String(dead));
    const order: string[] = [];
    const hold = (name: string) =>
      withLock(lock, async () => {
        order.push(`${name} in`);
        await new Promise((resolve) => setTimeout(resolve, 20));
        expect(readFileSync(lock, 'utf8')).toBe(String(process.pid));
        order.push(`${name} out`);
        return name;
      });
    expect(await Promise.all([hold('a'), hold('b')])).toEqual(['a', 'b']);
    expect(order).toEqual(['a in', 'a out', 'b in', 'b out']);
    expect(existsSync(lock)).toBe(false);
    await expect(withLock(lock, () => Promise.reject(new Error('inside')))).rejects.toThrow('inside');
    expect(existsSync(lock)).toBe(false);
  });

  test('an archive has folders before what is in them, each once', async () => {
    const { CpioArchive } = await import('../../machine/cpio.mjs');
    const file = path.join(folder, 'file');
    writeFileSync(file, 'content', { mode: 0o644 });
    const archive = new CpioArchive();
    archive.file('a/b/plain', file);
    archive.file('a/b/program', file, true);
    archive.link('a/link', '/target');
    const names = [
      ...archive
        .finish()
        .toString('latin1')
        .matchAll(/070701.{8}(.{8}).{88}([^\0]+)\0/g),
    ];
    expect(names.map(([, mode = '', name]) => `${Number.parseInt(mode, 16).toString(8)} ${String(name)}`)).toEqual([
      '40755 a',
      '40755 a/b',
      '100644 a/b/plain',
      '100755 a/b/program',
      '120777 a/link',
      '0 TRAILER!!!',
    ]);
  });

  test('a failed program is told with the end of what it wrote', async () => {
    const { run } = await import('../../tools/lib/run.mjs');
    expect(await run('sh', ['-c', 'cat; echo noise >&2'], { input: 'in' })).toBe('in');
    await expect(run('sh', ['-c', 'echo broken >&2; exit 3'])).rejects.toThrow(/failed with exit code 3:\nbroken/);
    await expect(run('/no/such/program', [])).rejects.toMatchObject({ name: 'SetupError' });
  });
});
