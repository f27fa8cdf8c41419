// SPDX-License-Identifier: MIT
/** examples/express-database, with the Express and pg that are published, and a stand-in for PostgreSQL. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import path from 'node:path';

import { buildCommandLine, opteeProcess } from '../unit/support/cli.js';
import { FAULTY, portOf, Service, useExample } from '../unit/support/example.js';
import { freshFolder } from '../unit/support/folders.js';
import { PACKAGES, ROOT, usePackages } from './support/tools.js';

usePackages();
const folder = useExample('express-database');
beforeAll(buildCommandLine);

const int32 = (number: number) => Buffer.from([number >> 24, number >> 16, number >> 8, number]);
const int16 = (number: number) => Buffer.from([number >> 8, number]);
const text = (string: string) => Buffer.from(`${string}\0`);

/** A message of PostgreSQL's protocol 3: a letter, its length, and what it says. */
function message(letter: string, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(letter), int32(body.length + 4), body]);
}

/** As much of PostgreSQL as it takes to check a password in the clear, and to answer each query with a name. */
class FakePostgres {
  readonly #server: Server = createServer((socket) => {
    this.#serve(socket);
  });
  readonly #sockets = new Set<Socket>();
  readonly passwords: string[] = [];

  constructor(public password: string) {}

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return String((this.#server.address() as AddressInfo).port);
  }

  /** Ends its connections, as a restart does. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.drop();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    let [begun, rest] = [false, Buffer.alloc(0)];
    socket.on('close', () => this.#sockets.delete(socket)).on('error', () => {});
    socket.on('data', (data: Buffer) => {
      rest = Buffer.concat([rest, data]);
      for (;;) {
        // The first message has no letter.
        const at = begun ? 1 : 0;
        if (rest.length < at + 4) return;
        const end = at + rest.readInt32BE(at);
        if (rest.length < end) return;
        const letter = begun ? rest.toString('latin1', 0, 1) : 'start';
        const body = rest.subarray(at + 4, end);
        rest = rest.subarray(end);
        begun = true;
        this.#answer(socket, letter, body);
      }
    });
  }

  #answer(socket: Socket, letter: string, body: Buffer): void {
    const ready = message('Z', Buffer.from('I'));
    if (letter === 'start') socket.write(message('R', int32(3)));
    if (letter === 'p') {
      const given = body.toString('utf8', 0, body.length - 1);
      this.passwords.push(given);
      if (given === this.password) socket.write(Buffer.concat([message('R', int32(0)), ready]));
      else socket.end(message('E', text('SFATAL'), text('C28P01'), text('Mno'), Buffer.from([0])));
    }
    if (letter === 'Q') {
      const column = [text('name'), int32(0), int16(0), int32(25), int16(-1), int32(-1), int16(0)];
      const row = [int16(1), int32(3), Buffer.from('app')];
      socket.write(
        Buffer.concat([message('T', int16(1), ...column), message('D', ...row), message('C', text('SELECT 1')), ready]),
      );
    }
    if (letter === 'X') socket.end();
  }
}

let postgres: FakePostgres;
let database: Record<string, string>;
beforeEach(async () => {
  postgres = new FakePostgres('s3cret');
  const environment = { PGHOST: '127.0.0.1', PGUSER: 'app', PGDATABASE: 'app', PGSSLMODE: 'disable' };
  database = { ...environment, PGPORT: await postgres.listen(), NODE_PATH: path.join(PACKAGES, 'node_modules') };
});
afterEach(() => postgres.close());

async function answer(port: string): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${port}/`);
  return response.ok ? response.json() : response.status;
}

test('has its password from the store, a new one without a restart, and ends at SIGTERM', async () => {
  const env = { ...database, OPTEE_STORAGE_BACKEND: 'simulator', OPTEE_STORAGE_SIMULATOR_DIR: freshFolder() };
  const put = (value: string) => {
    expect(opteeProcess(['put', 'db/password'], { ...process.env, ...env }, value).code).toBe(0);
  };
  put('s3cret');
  const service = new Service(folder, ['server.js'], env);
  const port = await portOf(service);
  expect(await answer(port)).toEqual({ name: 'app' });

  put('another');
  postgres.password = 'another';
  postgres.drop();
  // A connection that was dropped may still be in the pool.
  await service.says(/ECONNRESET|terminated/);
  expect(await answer(port)).toEqual({ name: 'app' });
  expect(postgres.passwords).toEqual(['s3cret', 'another']);

  service.kill('SIGTERM');
  const { code, text: said } = await service.ended;
  expect([code, said]).toEqual([0, expect.not.stringMatching(/s3cret|another/)]);
});

test('goes on when the database refuses it, and shows no password', async () => {
  const service = new Service(folder, [...FAULTY, 'server.js'], {
    ...database,
    STORED: JSON.stringify({ 'db/password': 'wrong-one' }),
  });
  const port = await portOf(service);
  expect([await answer(port), await answer(port)]).toEqual([503, 503]);
  service.kill('SIGTERM');
  const { code, text: said } = await service.ended;
  expect([code, said]).toEqual([0, expect.stringContaining('28P01')]);
  expect(said).not.toContain('wrong-one');
});

test('does not start without its password, and never asks the database', async () => {
  const { code, text: said } = await new Service(folder, [...FAULTY, 'server.js'], database).ended;
  expect([code, said]).toEqual([1, expect.stringMatching(/ERR_NOT_FOUND.*db\/password/s)]);
  expect([said.includes('listening'), postgres.passwords]).toEqual([false, []]);
});

test('its unit gives it what it needs, and no secret', () => {
  const unit = readFileSync(path.join(ROOT, 'examples/express-database/express-database.service'), 'utf8');
  const settings = [...unit.matchAll(/^Environment=(.*)$/gm)].flatMap(([, values = '']) => values.split(' '));
  expect(settings.map((setting) => setting.split('=')[0])).toEqual([
    'NODE_ENV',
    'PORT',
    'PGHOST',
    'PGUSER',
    'PGDATABASE',
  ]);
  for (const line of ['ExecStart=/usr/bin/node server.js', 'DeviceAllow=/dev/tee0 rw', 'LimitCORE=0']) {
    expect(unit.split('\n')).toContain(line);
  }
});
