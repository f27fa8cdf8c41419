// SPDX-License-Identifier: MIT
/** What is wiped is gone: looked for in the memory of a process that did nothing but make and wipe such copies. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import path from 'node:path';

const HOOK = path.resolve(__dirname, '../native/support/typescript_hook.cjs');
const SOURCES = path.resolve(__dirname, '../../src-ts');
const SEED = 1_000_003;
const PIECE = 8;

// All of a process's memory is read, which takes a busy machine a while: this only bounds what hangs.
jest.setTimeout(300_000);

/** Up to 64 bytes are what V8 would keep in its heap. */
const SIZES = [24, 64];

describe.each(SIZES)('a secret of %i bytes', (size) => {
  test.each([
    ['that was to be stored', `require('arguments/keys.ts').valueBytes(secret)`],
    [
      'that was to be stored by a batch',
      `(({ checkBatch, wipe }, { packBatch }) => {
        const { operations } = checkBatch([{ type: 'put', key: 'k', value: secret }]);
        const packed = packBatch(operations);
        wipe(operations);
        return packed;
      })(require('arguments/batch.ts'), require('protocol/encode.ts'))`,
    ],
    [
      'that was read',
      `new (require('protocol/packing.ts').PackedReader)(Buffer.from(secret.buffer)).copy(${String(size)})`,
    ],
  ])('%s leaves nothing behind', async (_name, copy) => {
    expect(await piecesLeft(size, copy)).toEqual({ held: size / PIECE, wiped: 0 });
  });

  test('in a Buffer of another kind is left behind, and found', async () => {
    const { wiped } = await piecesLeft(
      size,
      `(copy => (copy.set(secret), copy))(Buffer.allocUnsafeSlow(${String(size)}))`,
    );
    expect(wiped).toBeGreaterThanOrEqual(size / PIECE);
  });
});

/**
 * How many pieces of the secret a process has in its memory before and after it made a copy, wiped it as native code saw
 * it, and then the secret.
 */
async function piecesLeft(size: number, copy: string): Promise<{ held: number; wiped: number }> {
  const program = `
    require(${JSON.stringify(HOOK)});
    const sources = ${JSON.stringify(SOURCES)};
    const load = require;
    ((require) => {
      const makeSecret = ${makeSecret.toString()};
      // Everything is loaded before.
      for (const name of ['arguments/batch.ts', 'arguments/keys.ts', 'protocol/encode.ts', 'protocol/packing.ts']) require(name);
      process.stdin.once('data', () => {
        {
          const secret = makeSecret(${String(SEED)}, ${String(size)});
          const copy = ${copy};
          // What native functions do with a Buffer that they are given.
          copy.buffer;
          copy.fill(0);
          process.stdout.write('held');
          process.stdin.once('data', () => {
            secret.fill(0);
            process.stdout.write('wiped');
          });
        }
      });
      process.stdout.write('ready');
    })((name) => load(sources + '/' + name));`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['pipe', 'pipe', 'inherit'] });
  const said = async (word: string) => {
    const [data] = (await once(child.stdout, 'data')) as [Buffer];
    expect(data.toString()).toBe(word);
  };
  const left = () => count(child.pid ?? 0, makeSecret(SEED, size));
  try {
    await said('ready');
    child.stdin.write('go');
    await said('held');
    const held = left();
    child.stdin.write('go');
    await said('wiped');
    return { held, wiped: left() };
  } finally {
    child.kill();
  }
}

/** Printable bytes made from a number, so that no text has them; in memory outside of V8's heap. */
function makeSecret(seed: number, size: number): Uint8Array {
  const secret = new Uint8Array(new ArrayBuffer(size));
  let state = seed;
  for (let n = 0; n < size; n++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    secret[n] = 33 + ((state >>> 0) % 94);
  }
  return secret;
}

/** Reads of another process's memory; 0 bytes of what it has given back meanwhile. */
function readMapped(memory: number, region: Buffer, position: number): number {
  try {
    return readSync(memory, region, 0, region.length, position);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EIO') throw error;
    return 0;
  }
}

/** How many pieces of the secret are in what the process can write to. */
function count(pid: number, secret: Uint8Array): number {
  const memory = openSync(`/proc/${String(pid)}/mem`, 'r');
  let found = 0;
  for (const line of readFileSync(`/proc/${String(pid)}/maps`, 'latin1').split('\n')) {
    const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line) ?? [];
    if (from === undefined || to === undefined) continue;
    const region = Buffer.alloc(parseInt(to, 16) - parseInt(from, 16));
    const size = readMapped(memory, region, parseInt(from, 16));
    for (let at = 0; at < secret.length; at += PIECE) {
      const piece = secret.subarray(at, at + PIECE);
      for (let hit = region.indexOf(piece); hit >= 0 && hit < size; hit = region.indexOf(piece, hit + 1)) found++;
    }
  }
  closeSync(memory);
  return found;
}
