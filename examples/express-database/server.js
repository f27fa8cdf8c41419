// SPDX-License-Identifier: MIT
'use strict';
/**
 * An Express service over PostgreSQL. The database's password is in OP-TEE: store it once, as the service's user, with
 * "optee-storage put db/password". Everything else about the database is in the environment (PGHOST, PGUSER, …).
 */
const { once } = require('node:events');
const express = require('express');
const { Pool } = require('pg');
const { SecureStorage, isSecureStorageError } = require('optee-secure-storage');

const KEY = 'db/password';
const stopping = new AbortController();
const { signal } = stopping;

async function main() {
  // Without a handler SIGTERM ends Node.js at once, in the middle of a call too.
  const stopped = once(signal, 'abort');
  process.once('SIGTERM', () => stopping.abort());

  const store = await SecureStorage.open({ waitMs: 60_000, callTimeoutMs: 5_000, signal });
  try {
    // Without the password it does not start.
    await store.getMany([KEY], { required: true, signal });
    await serve(store, stopped);
  } finally {
    await store.close();
  }
}

async function serve(store, stopped) {
  // Asked for by each new connection, so that a new password needs no restart.
  const pool = new Pool({ password: () => passwordFrom(store) });
  // A connection that breaks while nobody uses it; the next query makes another one.
  pool.on('error', report);

  const app = express();
  app.get('/', async (_request, response) => {
    try {
      const { rows } = await pool.query('SELECT current_user AS name');
      response.json(rows[0]);
    } catch (error) {
      report(error);
      response.sendStatus(503);
    }
  });

  const server = app.listen(Number(process.env.PORT ?? 8080), '127.0.0.1');
  await once(server, 'listening');
  console.log('listening on', server.address());

  await stopped;
  server.close();
  server.closeIdleConnections();
  await once(server, 'close');
  await pool.end();
}

/** pg wants a string, which cannot be wiped; it lives until the garbage collector takes it. */
async function passwordFrom(store) {
  const values = await store.getMany([KEY], { required: true, encoding: 'utf8' });
  return values.get(KEY);
}

function report(error) {
  console.error(isSecureStorageError(error) ? `${error.code}: ${error.message}` : `${error.code ?? error}`);
}

main().catch((error) => {
  if (signal.aborted) return;
  report(error);
  process.exitCode = 1;
});
