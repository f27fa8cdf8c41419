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
  readonly damage: string;
  readonly alice: Seen;
  readonly bob: Seen;
}

const DIRECTORY = 'dirf.db';
const cases = new Records<Case>('damaged', ({ file, damage }) => `${file}|${damage}`);
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

/** Damages a file and says what is seen then; undefined where there is no older copy to replace it by. */
async function tryOne(file: string, damage: string): Promise<Case | undefined> {
  const spoil = damages[damage] ?? '';
  if (spoil.includes('$older') && files.get(file) !== true) return undefined;
  const found = await laboratory.damage(file, spoil);
  const seenBy = {
    alice: seen(found.alice, prepared.new, prepared.old),
    bob: seen(found.bob, prepared.ofBob, prepared.ofBob),
  };
  cases.add({ file, damage, ...seenBy });
  say(`${file} ${damage}: ${seenBy.alice}; the other user: ${seenBy.bob}`);
  return { file, damage, ...seenBy };
}

describe("OP-TEE's directory of objects", () => {
  test.each(Object.keys(damages))(
    '%s',
    async (damage) => {
      expect(await tryOne(DIRECTORY, damage)).toMatchObject({ alice: 'all', bob: 'all' });
    },
    HOUR_MS,
  );
});

describe('the file of an object', () => {
  test.each(Object.keys(damages))(
    '%s: nothing is lost',
    async (damage) => {
      const tried: Case[] = [];
      for (const file of files.keys()) {
        const one = file === DIRECTORY ? undefined : await tryOne(file, damage);
        if (one !== undefined) tried.push(one);
      }
      expect(tried.length).toBeGreaterThan(0);
      expect(tried.filter(({ alice, bob }) => alice !== 'all' || bob !== 'all')).toEqual([]);
    },
    HOUR_MS,
  );
});
