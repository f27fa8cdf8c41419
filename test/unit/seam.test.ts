// SPDX-License-Identifier: MIT
/** What both sides of the seam have to agree on. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { CLOSE_MS, giveUp, limit, QueueLimit, type Reached } from '../../src-ts/tee/limits.js';
import { TeeFailure } from '../../src-ts/tee/seam.js';
import { parseStat } from '../../src-ts/util/proc-stat.js';
import { encodeUuid, formatUuid, isUuid, swapUuid } from '../../src-ts/util/uuid.js';
import { root } from './support/soft-tee.js';

test('the addon lets as much wait in a session as TypeScript says', () => {
  const source = readFileSync(path.join(root, 'src-native/session.cc'), 'utf8');
  const constant = (name: string) => {
    const [, product = ''] = new RegExp(`constexpr size_t ${name} = ([\\d *]+);`).exec(source) ?? [];
    return product.split('*').reduce((value, factor) => value * Number(factor), 1);
  };
  expect([constant('kMaxQueuedRequests'), constant('kMaxQueuedBytes')]).toEqual([
    QueueLimit.REQUESTS,
    QueueLimit.BYTES,
  ]);
});

describe('a request under limits', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  function request(reached: Reached) {
    const reasons: unknown[] = [];
    const revocable = {
      withdraw: () => reached === 'queued',
      abandon: () => reached,
      reject: (reason: unknown) => reasons.push(reason),
    };
    return { revocable, reasons };
  }

  test.each([
    ['queued', 'timeout: the request has waited behind others for 50 ms', false],
    ['running', 'timeout: the TEE has not answered for 50 ms', true],
  ] as const)('that is %s is given up at its deadline', (reached, message, started) => {
    const { revocable, reasons } = request(reached);
    limit(revocable, { timeoutMs: 50 }, 'the TEE');
    jest.advanceTimersByTime(49);
    expect(reasons).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(reasons).toEqual([expect.objectContaining({ message, started })]);
  });

  test('that has finished keeps its outcome', () => {
    const { revocable, reasons } = request('finished');
    limit(revocable, { timeoutMs: 50 }, 'the TEE');
    jest.advanceTimersByTime(50);
    giveUp(revocable, () => new TeeFailure('no-supplicant', ''));
    expect(reasons).toEqual([]);
  });

  test('is rejected with the reason of its signal only as long as it has not begun', () => {
    const controller = new AbortController();
    const [queued, running] = [request('queued'), request('running')];
    for (const { revocable } of [queued, running])
      limit(revocable, { timeoutMs: CLOSE_MS, signal: controller.signal }, 'the TEE');
    const reason = new Error('enough');
    controller.abort(reason);
    expect([queued.reasons, running.reasons]).toEqual([[reason], []]);
  });

  test('is left alone when the watch has ended', () => {
    const controller = new AbortController();
    const { revocable, reasons } = request('queued');
    limit(revocable, { timeoutMs: 50, signal: controller.signal }, 'the TEE')();
    controller.abort();
    jest.advanceTimersByTime(50);
    expect(reasons).toEqual([]);
  });
});

test('a UUID is the same as text, as octets, and as the TEE keeps it', () => {
  const text = '00112233-4455-6677-8899-aabbccddeeff';
  const octets = encodeUuid(text);
  expect(formatUuid(octets)).toBe(text);
  expect(Buffer.from(swapUuid(octets)).toString('hex')).toBe('33221100554477668899aabbccddeeff');
  expect(formatUuid(swapUuid(swapUuid(octets)))).toBe(text);
  expect(() => swapUuid(octets.subarray(1))).toThrow(RangeError);
  expect([isUuid(text.toUpperCase()), isUuid(`${text}0`), isUuid('')]).toEqual([true, false, false]);
});

test('the fields of /proc/PID/stat are found behind a name that looks like some of them', () => {
  const fields = ['S', '1', '77', '70', '34816', '78', ...Array.from({ length: 13 }, () => '0'), '4711', '0'];
  expect(parseStat(`12 (a) R 1 (b)) ${fields.join(' ')}\n`)).toEqual({
    name: 'a) R 1 (b)',
    state: 'S',
    group: '77',
    terminal: '34816',
    foreground: '78',
    startTime: '4711',
  });
  expect([parseStat(''), parseStat('12 a S'), parseStat('12 (a)')]).toEqual([undefined, undefined, undefined]);
});
