// SPDX-License-Identifier: MIT
// @ts-check
'use strict';
/**
 * One of several processes that use a simulator's directory at once: node hammer.cjs DIRECTORY NAME
 *
 * It overwrites keys of its own, and adds one to a counter that all share. What it is about to do and what was
 * acknowledged goes to its standard output, so that somebody can tell afterwards what must be stored, whenever it is
 * killed. It ends with code 1 when it reads back what it did not write.
 */
const { writeSync } = require('node:fs');
const process = require('node:process');
const path = require('node:path');
/** By a path that only exists after the build, which is no matter of types. */
const { SecureStorage } = require(path.resolve(__dirname, '../../../dist/index.js'));

const [, , directory = '', name = ''] = process.argv;
const KEYS = 20;
/** Now and then a value that is an object of its own. */
const valueOf = (/** @type {number} */ round) => `${round};`.padEnd(round % 10 === 0 ? 20_000 : 40, `${name}.`);
/** At once: a line in a buffer would die with the process. @param {string} line */
const say = (line) => writeSync(1, `${line}\n`);

async function main() {
  const store = await SecureStorage.open({ backend: 'simulator', simulator: { directory }, timeoutMs: 60_000 });
  /** @type {Map<string, string>} */
  const written = new Map();
  for (let round = Date.now(); ; round++) {
    const key = `${name}/${Math.floor(Math.random() * KEYS)}`;
    say(`put ${key} ${round}`);
    await store.put(key, valueOf(round));
    say(`done ${key} ${round}`);
    written.set(key, valueOf(round));

    const any = [...written.keys()][Math.floor(Math.random() * written.size)] ?? key;
    const found = await store.get(any, { encoding: 'utf8' });
    if (found !== written.get(any)) throw new Error(`${any} is ${found?.slice(0, 60)}, not what was written`);

    const counter = await store.getEntry('counter', { encoding: 'utf8' });
    say('add');
    const added = await store
      .put('counter', String(Number(counter?.value ?? 0) + 1), { ifRevision: counter?.revision ?? 0 })
      .then(() => true)
      .catch((/** @type {{ code?: string }} */ error) => {
        if (error.code === 'ERR_CONFLICT' || error.code === 'ERR_EXISTS') return false;
        throw error;
      });
    say(added ? 'added' : 'not added');
  }
}

main().catch((error) => {
  say(`failed: ${error.stack}`);
  process.exitCode = 1;
});
