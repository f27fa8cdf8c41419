// SPDX-License-Identifier: MIT
/** A program that uses the adapter under Keyv 6; keyv.test.ts runs it with the Node.js that Keyv 6 needs. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import Keyv, { KeyvBridgeAdapter } from 'keyv6';

const { KeyvSecureStorage } = createRequire(import.meta.url)('../../../dist/keyv/index.js');
const { SecureStorage } = createRequire(import.meta.url)('../../../dist/index.js');

/** @param {string} [namespace] */
const open = (namespace) => new Keyv({ store: new KeyvSecureStorage(), namespace });
/** @param {{ iterator(): AsyncIterable<unknown> }} keyv */
const all = async (keyv) => {
  const found = [];
  for await (const entry of keyv.iterator()) found.push(entry);
  return found;
};

const [one, other] = [open('one'), open('other')];
assert(one.store instanceof KeyvBridgeAdapter, 'Keyv 6 takes it as an adapter of the generation before');

// What was set is had, in its own namespace only.
assert.equal(await one.set('k', { nested: [1, 'zwei'] }), true);
assert.deepEqual(await one.get('k'), { nested: [1, 'zwei'] });
assert.equal(await other.get('k'), undefined);
assert.equal(await one.has('k'), true);

// Many at once.
assert.deepEqual(
  await one.setMany([
    { key: 'a', value: 1 },
    { key: 'b', value: 2 },
  ]),
  [true, true],
);
assert.deepEqual(await one.getMany(['a', 'x', 'b']), [1, undefined, 2]);
assert.deepEqual(await one.hasMany(['a', 'x']), [true, false]);
assert.deepEqual(await one.deleteMany(['a', 'b']), [true, true]);
assert.equal(await one.delete('a'), false);

// Time to live.
await one.set('short', 'x', 60_000);
assert.equal(await one.get('short'), 'x');
const { now } = Date;
Date.now = () => now() + 59_000;
assert.equal(await one.has('short'), true);
Date.now = () => now() + 60_001;
assert.equal(await one.has('short'), false);
Date.now = now;
const store = await SecureStorage.open({ domain: 'keyv' });
assert.deepEqual(await store.keys(), ['one::k']);

// Walking and clearing keep to the namespace.
await other.set('k', 'of the other');
assert.deepEqual(await all(one), [['k', { nested: [1, 'zwei'] }]]);
await one.clear();
assert.deepEqual(await all(one), []);
assert.equal(await other.get('k'), 'of the other');

// A failure is an event.
/** @type {{ code?: string }[]} */
const errors = [];
one.on('error', (/** @type {{ code?: string }} */ error) => errors.push(error));
assert.equal(await one.set('k'.repeat(2000), 'v'), false);
assert.equal(await one.get('k'.repeat(2000)), undefined);
assert(errors.length >= 2 && errors.every(({ code }) => code === 'ERR_KEY_TOO_LONG'));

await one.disconnect();
await other.disconnect();
process.stdout.write('Keyv 6 done\n');
