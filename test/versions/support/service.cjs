// SPDX-License-Identifier: MIT
'use strict';
/**
 * A service as examples/systemd/my-application.service runs one: it reads its secret at start, tries what it must not be
 * able to do, and stores one value after another until it is stopped. What it prints is for the test.
 */
const { openSync, writeFileSync } = require('node:fs');
const { setTimeout: pause } = require('node:timers/promises');

const { SecureStorage } = require('optee-secure-storage');

function refusal(attempt) {
  try {
    attempt();
    return 'none';
  } catch (error) {
    return error.code;
  }
}

async function main() {
  const store = await SecureStorage.open({ waitMs: 120_000, timeoutMs: 60_000 });
  const password = await store.get('db/password');
  console.log('secret of', password.length, 'bytes, as user', process.getuid());
  console.log(
    'disk:',
    refusal(() => openSync('/dev/vdb', 'r')),
  );
  console.log(
    'device of the supplicant:',
    refusal(() => openSync('/dev/teepriv0', 'r+')),
  );
  console.log(
    'own folder:',
    refusal(() => writeFileSync('/opt/my-application/new', '')),
  );
  let stops = false;
  let rests = false;
  process.once('SIGTERM', () => (stops = true));
  process.on('SIGUSR2', () => (rests = !rests));
  for (let n = 1; !stops; n++) {
    if (rests) console.log('at rest');
    while (rests && !stops) await pause(50);
    const key = `load/${process.pid}/${n}`;
    await store.put(key, key).then(
      () => console.log('stored', key),
      ({ code, outcomeUnknown }) => console.log('not stored:', code, { outcomeUnknown }),
    );
    await pause(50);
  }
  await store.close();
  console.log('closed');
}

void main();
