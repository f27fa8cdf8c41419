// SPDX-License-Identifier: MIT
'use strict';
/** A service that does not start without its secrets. docs/services.md explains it; service.ts is the same in TypeScript. */
const { timingSafeEqual } = require('node:crypto');
const { once } = require('node:events');
const { createServer } = require('node:http');
const { setTimeout: pause } = require('node:timers/promises');
const { isSecureStorageError, SecureStorage } = require('optee-secure-storage');

const REQUIRED = ['api/token', 'db/password'];
const TRIES = 5;

const stopping = new AbortController();
const { signal } = stopping;

async function main() {
  // Without a handler SIGTERM ends Node.js at once, in the middle of a call too.
  const stopped = once(signal, 'abort');
  for (const name of ['SIGTERM', 'SIGINT']) process.once(name, () => stopping.abort());

  // At boot, tee-supplicant or its storage may not be ready yet.
  const store = await SecureStorage.open({ waitMs: 60_000, callTimeoutMs: 5_000, signal });
  try {
    await serve(store, stopped);
  } finally {
    // Waits for the calls under way.
    await store.close();
  }
}

async function serve(store, stopped) {
  let secrets = await readSecrets(store);
  process.on('SIGHUP', () => {
    const replace = (fresh) => {
      wipe(secrets);
      secrets = fresh;
      console.log('secrets read again');
    };
    // If that fails, the service goes on with what it has.
    readSecrets(store).then(replace, report);
  });

  const server = createServer((request, response) => {
    response.statusCode = isEqual(request.headers.authorization, secrets.get('api/token')) ? 204 : 401;
    response.end();
  });
  server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1');
  await once(server, 'listening');
  console.log('listening on', server.address());

  await stopped;
  server.close();
  server.closeAllConnections();
  wipe(secrets);
}

/** All of them, or one error that names every key that is missing. */
function readSecrets(store) {
  return retry(() => store.getMany(REQUIRED, { required: true, signal }));
}

/** Calls again while the error says that nothing was changed and that the same call may succeed a little later. */
async function retry(call) {
  for (let tried = 1; ; tried++) {
    try {
      return await call();
    } catch (error) {
      if (tried === TRIES || !isSecureStorageError(error) || !error.retryable) throw error;
      await pause(100 * 2 ** tried, undefined, { signal });
    }
  }
}

/** Takes as long for a wrong character at the beginning as for one at the end. */
function isEqual(given, wanted) {
  if (given === undefined || wanted === undefined) return false;
  const bytes = Buffer.from(given.replace(/^Bearer /, ''));
  return bytes.length === wanted.length && timingSafeEqual(bytes, wanted);
}

function wipe(secrets) {
  for (const value of secrets.values()) value.fill(0);
}

/** Code and message say what to do, and never have a value. */
function report(error) {
  if (signal.aborted) return;
  console.error(isSecureStorageError(error) ? `${error.code}: ${error.message}` : error);
}

main().catch((error) => {
  report(error);
  process.exitCode = signal.aborted ? 0 : 1;
});
