// SPDX-License-Identifier: MIT
/**
 * Every file of the storage damaged in every way, one at a time: its twin serves instead of an object, and what nothing
 * can make up for is told, not shown as an empty or a smaller store.
 */
import { Laboratory, type Prepared } from './support/laboratory';
import type { Digests, Finding } from './support/guest';
import { operations } from './support/operations';
import { Records, say } from './support/records';

const HOUR_MS = 3600_000;
const START_MS = 20 * 60_000;

/** What is done to a file; $file is its path, $older that of its copy from before the last change. */
const damages: Readonly<Record<string, string>> = {
  'changed in a bit at its beginning': flip('0'),
  'changed in a bit in its middle': flip('$(($(stat -c %s "$file") / 2))'),
  'truncated to half': 'truncate -s $(($(stat -c %s "$file") / 2)) "$file"',
  emptied: 'truncate -s 0 "$file"',
  removed: 'rm "$file"',
  'replaced by an older copy': 'cp "$older" "$file"',
};

/** The shell's way to change one bit of $file. @param offset of its byte */
function flip(offset: string): string {
  const byte = 'dd if="$file" bs=1 skip=$at count=1 2> /dev/null | od -An -tu1';
  const changed = `$(printf %03o $(($(${byte}) ^ 16)))`;
  return `at=${offset}; printf "\\\\${changed}" | dd of="$file" bs=1 seek=$at conv=notrunc 2> /dev/null`;
}

/** What a user sees of a store after the damage. */
type Seen = 'all' | 'an older state' | 'nothing' | 'something else' | `told: ${string}`;

interface Case {
  readonly file: string;
  readonly whose: string;
  readonly damage: string;
  readonly alice: Seen;
  readonly bob: Seen;
}

const DIRECTORY = 'dirf.db';
const keyOf = ({ file, damage }: Pick<Case, 'file' | 'damage'>): string => `${file}|${damage}`;
const cases = new Records<Case>('damaged', keyOf);
let laboratory: Laboratory;
let prepared: Prepared;
/** Each file, and whether there is an older copy of it. */
let files: ReadonlyMap<string, boolean>;

beforeAll(async () => {
  const operation = operations.find(({ name }) => name === 'batch of five');
  if (operation === undefined) throw new Error('there is no such operation');
  laboratory = await Laboratory.open();
  prepared = await laboratory.prepare(operation);
  files = await laboratory.keepOlderFiles(prepared);
}, START_MS);

afterAll(async () => {
  await laboratory.close();
}, 60_000);

const equal = (a: Digests, b: Digests): boolean =>
  JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());

function seen({ digests, broken }: Finding, wanted: Digests, older: Digests): Seen {
  if (broken !== '') return `told: ${broken.replace(/^(reading|opening): /, '').split(' ')[0] ?? ''}`;
  if (equal(digests, wanted)) return 'all';
  if (equal(digests, older)) return 'an older state';
  return Object.keys(digests).length === 0 ? 'nothing' : 'something else';
}

function whose(file: string): string {
  if (file === DIRECTORY) return 'directory of objects';
  return prepared.ofOptee.includes(file) ? "another of OP-TEE's own" : 'object';
}

/** Damages a file and says what is seen then; undefined where there is no older copy to replace it by. */
async function tryOne(file: string, damage: string): Promise<Case | undefined> {
  const spoil = damages[damage] ?? '';
  if (spoil.includes('$older') && files.get(file) !== true) return undefined;
  const found = await laboratory.damage(file, spoil);
  const seenBy = {
    alice: seen(found.alice, prepared.new, prepared.old),
    bob: seen(found.bob, prepared.ofBob, prepared.ofBob),
  };
  const one = { file, whose: whose(file), damage, ...seenBy };
  cases.add(one);
  say(`${file} ${damage}: ${seenBy.alice}; the other user: ${seenBy.bob}`);
  return one;
}

const TOLD = 'told: ERR_CORRUPT';

/** Tries each file, and tells which outcomes are not among those that may be. */
async function tryAll(which: readonly string[], damage: string, may: readonly Seen[]): Promise<void> {
  const isFine = ({ alice, bob }: Case) => may.includes(alice) && may.includes(bob);
  const tried: Case[] = [];
  for (const file of which) {
    const known = cases.get(keyOf({ file, damage }));
    // A case that failed is tried again.
    const done = known?.whose === whose(file) && isFine(known) ? known : undefined;
    const one = done ?? (await tryOne(file, damage));
    if (one !== undefined) tried.push(one);
  }
  expect(tried.length).toBeGreaterThan(0);
  expect(tried.filter((one) => !isFine(one))).toEqual([]);
}

// A bit changed, or a file cut: parts of a file that nothing refers to any more may be hit.
const notRemoved = Object.keys(damages).filter((damage) => damage !== 'removed');

describe("OP-TEE's directory of objects", () => {
  test.each(notRemoved)(
    '%s: it is told, or serves',
    async (damage) => {
      await tryAll([DIRECTORY], damage, ['all', TOLD]);
    },
    HOUR_MS,
  );

  // What no TA can tell from a new device; docs/security.md says so.
  test(
    'removed: OP-TEE begins an empty storage',
    async () => {
      await tryAll([DIRECTORY], 'removed', ['nothing']);
    },
    HOUR_MS,
  );
});

test.each(Object.keys(damages))(
  "a file of OP-TEE's own, %s: it is told, or serves",
  async (damage) => {
    const own = prepared.ofOptee.filter((file) => file !== DIRECTORY);
    await tryAll(own, damage, ['all', TOLD]);
  },
  HOUR_MS,
);

test.each(Object.keys(damages))(
  'the file of an object, %s: nothing is lost',
  async (damage) => {
    const objects = [...files.keys()].filter((file) => file !== DIRECTORY && !prepared.ofOptee.includes(file));
    await tryAll(objects, damage, ['all']);
  },
  HOUR_MS,
);
