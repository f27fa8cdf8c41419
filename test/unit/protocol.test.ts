// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import path from 'node:path';

import * as protocol from '../../src-ts/protocol/contract.js';
import { root } from './support/soft-tee.js';

const header = readFileSync(path.join(root, 'ta/include/secstor_ta.h'), 'utf8');

/** Every numeric macro of the header by its name without SECSTOR_. */
function macros(): Record<string, number | bigint> {
  const found: Record<string, number | bigint> = {};
  for (const [, name = '', text = ''] of header.matchAll(/^#define SECSTOR_(\w+)[ \t]+(.+?)[ \t]*(?:\/\*.*)?$/gm)) {
    const value = evaluate(text, found);
    if (value !== undefined) found[name] = value;
  }
  return found;
}

function evaluate(text: string, known: Record<string, number | bigint>): number | bigint | undefined {
  if (text === 'UINT64_MAX') return 2n ** 64n - 1n;
  if (text === 'UINT32_MAX') return 2 ** 32 - 1;
  const wide = /^UINT64_C\((\w+)\)$/.exec(text)?.[1];
  if (wide !== undefined) return BigInt(wide);
  const expression = text.replaceAll(/SECSTOR_(\w+)/g, (_, name: string) => String(known[name]));
  if (!/^[\d\sa-fxu()*+]+$/.test(expression)) return undefined;
  // Sums of products of literals, as all sizes of the header are.
  return expression
    .replaceAll(/[()]/g, '')
    .split('+')
    .map((sum) => sum.split('*').reduce((product, factor) => product * Number(factor.trim().replace(/u$/, '')), 1))
    .reduce((total, product) => total + product, 0);
}

/** protocol.ts under the names of the header. */
function declared(): Record<string, number | bigint> {
  const { Limit, Quota, Shared, Command, BatchKind, Info, Owners, Owner, TaError, REVISION_ANY } = protocol;
  const groups: [string, Record<string, number>][] = [
    ['', Limit],
    ['QUOTA_', Quota],
    ['', Shared],
    ['CMD_', Command],
    ['BATCH_', BatchKind],
    ['INFO_', Info],
    ['OWNERS_', Owners],
    ['OWNER_', Owner],
    ['ERROR_', TaError],
  ];
  return {
    PROTOCOL_VERSION: protocol.PROTOCOL_VERSION,
    FORMAT_VERSION: protocol.FORMAT_VERSION,
    INDEX_NONE: protocol.INDEX_NONE,
    REVISION_ABSENT: BigInt(protocol.REVISION_ABSENT),
    REVISION_ANY: (BigInt(REVISION_ANY.b) << 32n) | BigInt(REVISION_ANY.a),
    ...Object.fromEntries(
      groups.flatMap(([prefix, group]) => Object.entries(group).map(([name, value]) => [prefix + name, value])),
    ),
  };
}

test('every number of ta/include/secstor_ta.h is the same in protocol.ts, and there is no other', () => {
  const inHeader = macros();
  expect(Object.keys(inHeader).length).toBeGreaterThan(45);
  expect(declared()).toEqual(inHeader);
});

test('the UUID of the TA is that of the header', () => {
  const text = header.slice(header.indexOf('#define SECSTOR_TA_UUID')).split('#endif')[0] ?? '';
  const digits = [...text.matchAll(/0x([0-9a-f]+)/g)].map(([, hex]) => hex).join('');
  expect(protocol.TA_UUID.replaceAll('-', '')).toBe(digits);
});
