// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { readlinkSync, readdirSync, readFileSync } from 'node:fs';
import { loadAddon, type Addon } from '../../../src-ts/native/addon.js';
import { contextFailure } from '../../../src-ts/native/open-failure.js';
import { nativeBackend, redirectStdioToStderr } from '../../../src-ts/native/backend.js';
import { failure, invoke, open, PATIENT } from '../support/common.js';
import { Command, target } from '../support/fake.js';

export async function openAndUse() {
  const session = await open();
  const data = Buffer.alloc(70_000, 1);
  const outcome = await invoke(
    session,
    Command.COPY,
    { type: 'memref-in', data },
    { type: 'memref-out', size: 70_000 },
  );
  await session.close();
  return { result: outcome.result, equal: data.equals((outcome.params[1] as { data: Buffer }).data) };
}

export function openFails() {
  return failure(() => nativeBackend().open(target(), PATIENT));
}

export async function openRefused() {
  return nativeBackend().open(target('refused'), PATIENT);
}

/** Which library is in use, by the files mapped into the process. */
export async function library() {
  const session = await open();
  const names = readFileSync('/proc/self/maps', 'utf8').match(/libteec\.so\.\d/g) ?? [];
  await session.close();
  return [...new Set(names)];
}

/** The descriptors of /dev/null that a session adds to this process, and how many of them a child process gets. */
export async function inheritance() {
  const before = new Set(nullDescriptors());
  const session = await open();
  const added = nullDescriptors().filter((fd) => !before.has(fd));
  const closeOnExec = added.map((fd) => {
    const flags = /^flags:\s+(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '0';
    return (parseInt(flags, 8) & 0o2000000) !== 0;
  });
  const inherited = spawnSync('ls', ['/proc/self/fd'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  await session.close();
  return { closeOnExec, inherited: added.filter((fd) => inherited.stdout.split('\n').includes(fd)) };
}

const nullDescriptors = () =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === '/dev/null';
    } catch {
      return false;
    }
  });

export async function print(redirect: boolean) {
  const redirected = redirect ? redirectStdioToStderr() : false;
  const session = await open();
  await invoke(session, Command.PRINT);
  await session.close();
  process.stdout.write('value');
  return redirected;
}

/** As an ordinary user, if that can be had. */
export function contextFailureIn(folder: string) {
  if (process.geteuid?.() === 0) process.seteuid?.(65534);
  const { kind, detail } = contextFailure(folder);
  return { kind, detail };
}

/** The addon's own checks: whoever uses it without the TypeScript layer gets a TypeError, not a crash. */
export async function rawMisuse() {
  const text = (string: string) => Buffer.from(`${string}\0`);
  const addon = loadAddon() as unknown as Record<keyof Addon, (...args: unknown[]) => unknown>;
  const session = addon.createSession(() => undefined, []);
  const uuid = new Uint8Array(16);
  const calls: [keyof Addon, unknown[]][] = [
    ['createSession', []],
    ['createSession', [{}]],
    ['createSession', [() => undefined]],
    ['createSession', [() => undefined, [-1]]],
    ['createSession', [() => undefined, Array(17).fill(1)]],
    ['open', []],
    ['open', [{}, 1, uuid, 0, 0, []]],
    ['open', [Object.create(session as object), 1, uuid, 0, 0, []]],
    ['open', [session, 0, uuid, 0, 0, []]],
    ['open', [session, 1, new Uint8Array(15), 0, 0, []]],
    ['open', [session, 1, new Uint16Array(16), 0, 0, []]],
    ['open', [session, 1, uuid, -1, 0, []]],
    ['open', [session, 1, uuid, 0, 2 ** 32, []]],
    ['open', [session, 1, uuid, 0, 0, {}]],
    ['open', [session, 1, uuid, 0, 0, [null]]],
    ['open', [session, 1, uuid, 0, 0, [{ type: 4 }]]],
    ['open', [session, 1, uuid, 0, 0, [{ type: 13, data: uuid, size: 16 }]]],
    ['invoke', [session, 1, NaN, []]],
    ['invoke', [session, 1, 0, Array(5).fill({ type: 0 })]],
    ['invoke', [session, 1, 0, [{ type: 1, a: 1 }]]],
    ['invoke', [session, 1, 0, [{ type: 5, data: uuid, size: 15 }]]],
    ['invoke', [session, 1, 0, [{ type: 5, data: uuid.buffer, size: 16 }]]],
    ['invoke', [session, 1, 0, [{ type: 6, data: uuid, size: 16 }]]],
    ['invoke', [session, 1, 0, [{ type: 6, size: 2 ** 31 }]]],
    ['invoke', [session, 1, 0, Array(3).fill({ type: 6, size: 1.5 * 2 ** 20 })]],
    ['close', [session]],
    ['withdraw', [session, '1']],
    ['abandon', [undefined, 1]],
    ['runningThread', [session]],
    ['sealedFile', []],
    ['sealedFile', ['text']],
    ['sealedFile', [new Uint16Array(2)]],
    ['reapChildren', [-1]],
    ['replaceProcess', []],
    ['replaceProcess', [text('/bin/true'), [text('true')], [text('A=1')]]],
    ['replaceProcess', [text('/bin/true'), [text('true')], [text('A=1')], [-1]]],
    ['replaceProcess', [text('/bin/true'), [text('true')], ['A=1'], []]],
    ['replaceProcess', [text('/bin/true'), [Buffer.from('no end')], [], []]],
    ['replaceProcess', [text('/bin/true'), [text('an end\0amid')], [], []]],
    ['replaceProcess', [Buffer.alloc(0), [text('true')], [], []]],
  ];
  const wrong = calls.filter(([name, args]) => !throwsTypeError(() => addon[name](...args)));
  // The session has taken no harm; without an open session the addon answers by itself.
  const outcome = await new Promise((resolve) => {
    const other = addon.createSession((_id: number, result: unknown) => {
      resolve(result);
    }, []);
    addon.invoke(other, 7, 0, []);
  });
  return { wrong: wrong.map(([name, args]) => [name, args.length]), outcome };
}

function throwsTypeError(call: () => unknown): boolean {
  try {
    call();
    return false;
  } catch (error) {
    return error instanceof TypeError;
  }
}
