// SPDX-License-Identifier: MIT
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { nativeBackend } from '../../../src-ts/native/backend.js';
import type { Param } from '../../../src-ts/tee/seam.js';
import { counter, failure, invoke, open, PATIENT } from '../support/common.js';
import { Command, Counter, target } from '../support/fake.js';

const bytesOf = (result: unknown) => [...(result as { data: Buffer }).data];

export async function values() {
  const session = await open();
  const { result, origin, params } = await invoke(
    session,
    Command.INCREMENT,
    { type: 'value-in', a: 1, b: 2 },
    { type: 'value-out' },
    { type: 'value-inout', a: 0xffffffff, b: 41 },
    { type: 'none' },
  );
  await session.close();
  return { result, origin, params: params.map((param) => param ?? null) };
}

export async function memrefs() {
  const session = await open();
  const data = Buffer.from([1, 2, 3]);
  const { params } = await invoke(
    session,
    Command.INCREMENT,
    { type: 'memref-in', data },
    { type: 'memref-out', size: 5 },
    { type: 'memref-inout', data, size: 4 },
    { type: 'memref-inout', data: Buffer.of(255), size: 1 },
  );
  const untouched = [...data];
  await session.close();
  return {
    input: params[0] ?? null,
    out: bytesOf(params[1]),
    wide: bytesOf(params[2]),
    same: bytesOf(params[3]),
    untouched,
  };
}

export async function types(params: Param[]) {
  const session = await open();
  const { params: results } = await invoke(session, Command.TYPES, { type: 'value-out' }, ...params);
  await session.close();
  return (results[0] as { a: number }).a;
}

export async function emptyMemrefs() {
  const session = await open();
  const none = new Uint8Array();
  const { result, params } = await invoke(
    session,
    Command.INCREMENT,
    { type: 'memref-in', data: none },
    { type: 'memref-out', size: 0 },
    { type: 'memref-inout', data: none, size: 0 },
    { type: 'memref-inout', data: none, size: 2 },
  );
  await session.close();
  return { result, sizes: params.map((param) => (param === undefined ? null : bytesOf(param))) };
}

/** The caller may wipe its bytes as soon as invoke() has returned its promise. */
export async function copiesAtOnce() {
  const session = await open();
  const data = Buffer.from('secret');
  const pending = invoke(session, Command.COPY, { type: 'memref-in', data }, { type: 'memref-out', size: 6 });
  data.fill(0);
  const { params } = await pending;
  await session.close();
  return (params[1] as { data: Buffer }).data.toString();
}

export async function ownBuffers() {
  const session = await open();
  const request = () =>
    invoke(session, Command.COPY, { type: 'memref-in', data: Buffer.from('abc') }, { type: 'memref-out', size: 64 });
  const results = await Promise.all([request(), request()]);
  const [one, other] = results.map(({ params }) => (params[1] as { data: Buffer }).data);
  await session.close();
  return {
    buffers: Buffer.isBuffer(one) && Buffer.isBuffer(other),
    alone: one?.buffer.byteLength === 3 && other?.buffer.byteLength === 3 && one.buffer !== other.buffer,
  };
}

export async function sizes(list: number[]) {
  const session = await open();
  const equal: boolean[] = [];
  const before = await counter(session, Counter.ALLOCATIONS);
  for (const size of list) {
    const data = randomBytes(size);
    const out = { type: 'memref-out', size } as const;
    const { params } = await invoke(session, Command.COPY, { type: 'memref-in', data }, out);
    equal.push(digest((params[1] as { data: Buffer }).data) === digest(data));
  }
  const allocations = (await counter(session, Counter.ALLOCATIONS)) - before;
  const blocks = await counter(session, Counter.BLOCKS);
  await session.close();
  return { equal, allocations, blocks };
}

const digest = (data: Buffer) => createHash('sha256').update(data).digest('hex');

export async function residue() {
  const session = await open();
  const data = Buffer.alloc(3000, 0x77);
  await invoke(session, Command.COPY, { type: 'memref-in', data }, { type: 'memref-out', size: 4000 });
  const { params } = await invoke(session, Command.RESIDUE, { type: 'value-out' });
  await session.close();
  const { a: bytes, b: block } = params[0] as { a: number; b: number };
  return { bytes, block };
}

/** KiB of a session's shared memory that no core dump has: while the session is open, and when it is closed. */
export async function leftOutOfDumps() {
  const session = await open();
  const input = { type: 'memref-in', data: Buffer.alloc(1) } as const;
  await invoke(session, Command.COPY, input, { type: 'memref-out', size: 1 });
  const { params } = await invoke(session, Command.LOCATE, { type: 'value-out' });
  const { a: upper, b: lower } = params[0] as { a: number; b: number };
  const begin = upper * 2 ** 32 + lower;
  const during = dumpless(begin, begin + 65536);
  await session.close();
  return { during, after: dumpless(begin, begin + 65536) };
}

/** By the flag dd of proc(5), /proc/pid/smaps. */
function dumpless(begin: number, end: number): number {
  const maps = readFileSync('/proc/self/smaps', 'latin1').matchAll(/^([0-9a-f]+)-([0-9a-f]+) [^]*?^VmFlags:(.*)$/gm);
  let bytes = 0;
  for (const [, from = '', to = '', flags = ''] of maps) {
    const common = Math.min(end, parseInt(to, 16)) - Math.max(begin, parseInt(from, 16));
    if (common > 0 && / dd\b/.test(flags)) bytes += common;
  }
  return bytes / 1024;
}

/** Asks for `room` bytes, of which the library says that they are `size`, with a result. */
export async function resized({ result, size, room }: { result: number; size: number; room: number }) {
  const session = await open();
  const outcome = await invoke(
    session,
    Command.RESIZE,
    { type: 'value-in', a: result, b: size },
    { type: 'memref-out', size: room },
  );
  await session.close();
  const memref = outcome.params[1] as { size: number; data: Buffer };
  return { result: outcome.result, size: memref.size, data: [...memref.data] };
}

export async function refusedBy({ result, origin }: { result: number; origin: number }) {
  const session = await open();
  const outcome = await invoke(
    session,
    Command.RESULT,
    { type: 'value-in', a: result, b: origin },
    { type: 'memref-out', size: 16 },
  );
  await session.close();
  const memref = outcome.params[1] as { size: number; data: Buffer };
  return { result: outcome.result, origin: outcome.origin, size: memref.size, data: memref.data.length };
}

export async function openParameters(login: { login: number; group?: number }) {
  const params: Param[] = [{ type: 'value-out' }, { type: 'value-out' }];
  const answer = await nativeBackend().open(target('echo', { ...login, params }), PATIENT);
  return 'refused' in answer ? answer.refused : null;
}

export async function misuse() {
  const session = await open();
  const attempt = (...params: unknown[]) => failure(() => session.invoke(0, params as Param[], PATIENT));
  const none = { type: 'none' };
  const wrong = [
    await attempt(none, none, none, none, none),
    await attempt({ type: 'value-in', a: -1, b: 0 }),
    await attempt({ type: 'value-in', a: 0, b: 2 ** 32 }),
    await attempt({ type: 'value-in', a: 0.5, b: 0 }),
    await attempt({ type: 'memref-in', data: 'text' }),
    await attempt({ type: 'memref-inout', data: new Uint8Array(3), size: 2 }),
    await attempt({ type: 'memref-out', size: 4 * 1024 * 1024 + 1 }),
    await attempt({ type: 'memref-out', size: 4 * 1024 * 1024 }, { type: 'memref-out', size: 1 }),
    await attempt({ type: 'memref' }),
    await failure(() => session.invoke(-1, [], PATIENT)),
    await failure(() => session.invoke(0, [], { timeoutMs: 0 })),
    await failure(() => nativeBackend().open(target('plain', { uuid: 'ff06ae7c' }), PATIENT)),
  ];
  const { result } = await invoke(session, Command.INCREMENT);
  await session.close();
  return { wrong: wrong.map(({ kind }) => kind), result };
}
