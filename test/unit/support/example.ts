// SPDX-License-Identifier: MIT
/** Examples as their users have them: in a folder of their own, beside the package, started as processes. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';

import { freshFolder } from './folders.js';

const ROOT = path.resolve(__dirname, '../../..');

/** @returns the folder, with the example's files and the package of this checkout */
export function useExample(name: string): string {
  const folder = freshFolder();
  cpSync(path.join(ROOT, 'examples', name), folder, { recursive: true });
  mkdirSync(path.join(folder, 'node_modules'));
  symlinkSync(ROOT, path.join(folder, 'node_modules/optee-secure-storage'));
  return folder;
}

/** The arguments of node by which stores are in a TEE in memory, with faults. */
export const FAULTY = ['--require', path.join(__dirname, 'faulty-store.cjs')];

/** The port that a server of an example says it listens on. */
export async function portOf(service: Service): Promise<string> {
  return /\d+$/.exec(await service.says(/port: \d+/))?.[0] ?? '';
}

const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

/** A program of an example, as a process. */
export class Service {
  #text = '';
  readonly #child: ChildProcess;
  readonly ended: Promise<{ code: number | null; text: string }>;

  constructor(folder: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    const given = { ...process.env, NODE_ENV: 'test', NODE_OPTIONS: '', PORT: '0', ...env };
    this.#child = spawn(process.execPath, args, { env: given, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    running.push(this.#child);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.#text += text));
    }
    this.ended = once(this.#child, 'close').then(([code]) => ({ code: code as number | null, text: this.#text }));
  }

  /** Waits for something that it prints; fails if it ends without. */
  async says(pattern: RegExp): Promise<string> {
    for (;;) {
      const [found] = pattern.exec(this.#text) ?? [];
      if (found !== undefined) return found;
      if (this.#child.exitCode !== null) throw new Error(`it has ended, and said only: ${this.#text}`);
      const { stdout, stderr } = this.#child;
      await Promise.race([once(stdout ?? this.#child, 'data'), once(stderr ?? this.#child, 'data'), this.ended]);
    }
  }

  kill(signal: 'SIGTERM' | 'SIGINT' | 'SIGHUP'): void {
    this.#child.kill(signal);
  }
}
