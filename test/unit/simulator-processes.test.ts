// SPDX-License-Identifier: MIT
/**
 * Eight processes at once on one directory of the simulator, two of them killed and started again all the time: nothing
 * that was acknowledged is lost, and nothing is there that nobody wrote. OPTEE_TEST_HAMMER says for how many seconds.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { SecureStorage } from '../../src-ts/index.js';
import { freshFolder } from './support/folders.js';

const SECONDS = Number(process.env.OPTEE_TEST_HAMMER ?? 8);
const PROCESSES = 8;
const KILLED = 2;
const script = path.join(__dirname, 'support', 'hammer.cjs');

const directory = freshFolder();

/** A process that is started again when it was killed; its log goes on. */
class Hammer {
  log = '';
  starts = 0;
  #child: ChildProcess | undefined;
  #ended: Promise<unknown> | undefined;

  constructor(readonly name: string) {}

  start(): void {
    const child = spawn(process.execPath, [script, directory, this.name], { stdio: ['ignore', 'pipe', 'ignore'] });
    child.stdout.setEncoding('latin1').on('data', (text: string) => (this.log += text));
    this.#child = child;
    this.#ended = new Promise((resolve) => child.on('close', resolve));
    this.starts++;
  }

  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#ended;
    // A last line that was cut off says less than nothing.
    this.log = this.log.slice(0, this.log.lastIndexOf('\n') + 1);
  }

  count(line: string): number {
    return this.log.split('\n').filter((other) => other === line).length;
  }

  /** For each key the rounds that it may be at: the one last acknowledged, and those begun since. */
  rounds(): Map<string, (string | undefined)[]> {
    const rounds = new Map<string, (string | undefined)[]>();
    for (const [, verb, key = '', round] of this.log.matchAll(/^(put|done) (\S+) (\d+)$/gm)) {
      rounds.set(key, verb === 'put' ? [...(rounds.get(key) ?? [undefined]), round] : [round]);
    }
    return rounds;
  }
}

test(
  'processes that share a directory, some of them killed, lose nothing',
  async () => {
    const hammers = Array.from({ length: PROCESSES }, (_, index) => new Hammer(`p${String(index)}`));
    for (const hammer of hammers) hammer.start();
    const end = Date.now() + SECONDS * 1000;
    const steady = hammers.slice(KILLED);
    const isOver = () => hammers.some(({ log }) => log.includes('failed'));
    const isEnough = () => Date.now() >= end && steady.every((hammer) => hammer.count('added') > 0);
    // On a busy machine it takes longer until each has something acknowledged.
    while (!isEnough() && !isOver()) {
      await sleep(200 + Math.random() * 600);
      const victim = hammers[Math.floor(Math.random() * KILLED)];
      await victim?.kill();
      victim?.start();
    }
    await Promise.all(hammers.map((hammer) => hammer.kill()));

    const store = await SecureStorage.open({ backend: 'simulator', simulator: { directory } });
    let acknowledged = 0;
    for (const hammer of hammers) {
      expect(hammer.log).not.toContain('failed');
      for (const [key, possible] of hammer.rounds()) {
        const value = await store.get(key, { encoding: 'utf8' });
        const round = value?.split(';')[0];
        expect(possible).toContain(round);
        if (value === null) continue;
        expect(value).toBe(`${String(round)};`.padEnd(Number(round) % 10 === 0 ? 20_000 : 40, `${hammer.name}.`));
        acknowledged++;
      }
    }
    expect(acknowledged).toBeGreaterThan(0);

    const added = hammers.reduce((sum, hammer) => sum + hammer.count('added'), 0);
    const unknown = hammers.reduce(
      (sum, hammer) => sum + hammer.count('add') - hammer.count('added') - hammer.count('not added'),
      0,
    );
    const counter = Number(await store.get('counter', { encoding: 'utf8' }));
    expect(counter).toBeGreaterThanOrEqual(added);
    expect(counter).toBeLessThanOrEqual(added + unknown);
    await store.close();

    const puts = hammers.reduce((sum, { log }) => sum + (log.match(/^done/gm)?.length ?? 0), 0);
    const kills = hammers.reduce((sum, { starts }) => sum + starts - 1, 0);
    process.stdout.write(
      `${String(PROCESSES)} processes, ${String(SECONDS)} s: ${String(puts)} puts and ${String(added)} additions acknowledged, ${String(kills)} processes killed\n`,
    );
  },
  SECONDS * 1000 + 240_000,
);
