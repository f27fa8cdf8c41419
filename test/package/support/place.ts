// SPDX-License-Identifier: MIT
/** Empty folders, as on a machine that has Node.js and nothing to build with, and the package to install there. */
import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

import { freshFolder } from '../../unit/support/folders.js';

export { freshFolder };

const APPS = path.resolve(__dirname, '../apps');
/** Installing may fetch and build what is missing the first time. */
export const SETUP_MS = 20 * 60_000;

/** Packs the package, from what there is now. @returns the tarball */
export async function packPackage(): Promise<string> {
  const { ensurePackage } = await import('../../../tools/package.mjs');
  return ensurePackage();
}

/** The node_modules of test/package, installed where they are missing. */
export async function ensureTools(): Promise<string> {
  const { ensureNpm } = await import('../../../tools/lib/npm.mjs');
  return path.join(await ensureNpm('test/package'), 'node_modules');
}

/** What the shell scripts of package managers use, beyond node. */
const PROGRAMS = ['sh', 'env', 'basename', 'dirname', 'readlink', 'sed', 'uname'];

/** A folder for PATH with Node.js and a shell, and neither a compiler, make nor Python. */
export function barePath(node = process.execPath): string {
  const folder = freshFolder();
  symlinkSync(node, path.join(folder, 'node'));
  for (const program of PROGRAMS) {
    const found = ['/usr/bin', '/bin'].map((at) => path.join(at, program)).find((file) => existsSync(file));
    if (found !== undefined) symlinkSync(found, path.join(folder, program));
  }
  return folder;
}

/** The folder of an application that has nothing but its package.json and its programs. */
export class App {
  readonly folder = path.join(freshFolder(), 'app');
  readonly env: Readonly<Record<string, string>>;

  constructor(node?: string) {
    mkdirSync(this.folder);
    const home = path.dirname(this.folder);
    const simulator = { OPTEE_STORAGE_BACKEND: 'simulator', OPTEE_STORAGE_SIMULATOR_DIR: path.join(home, 'data') };
    this.env = { PATH: barePath(node), HOME: home, ...simulator };
    this.write('package.json', '{ "private": true }');
  }

  write(name: string, content: string): void {
    writeFileSync(path.join(this.folder, name), content);
  }

  /** Copies programs of apps/ to here. */
  copy(...names: string[]): void {
    for (const name of names) copyFileSync(path.join(APPS, name), path.join(this.folder, name));
  }

  /** Puts a program of the shell's on the PATH. */
  program(name: string, line: string): void {
    writeFileSync(path.join(this.env.PATH ?? '', name), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
  }

  /** Runs a program here, with nothing of the tests' own environment. @returns its standard output; rejects if it fails */
  async run(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
    const options = { cwd: this.folder, env: { ...this.env, ...env }, timeout: 120_000 };
    const { stdout } = await promisify(execFile)(program, args, options).catch((error: unknown) => {
      const { message, stdout, stderr } = error as Error & { stdout: string; stderr: string };
      throw new Error(`${message}\n${stdout}\n${stderr}`);
    });
    return stdout;
  }

  /** By the Node.js of the PATH. */
  node(...args: string[]): Promise<string> {
    return this.run(path.join(this.env.PATH ?? '', 'node'), args);
  }
}

/** npm's own program, which is not on the bare PATH. */
export function npmProgram(): string {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const found = folders.map((folder) => path.join(folder, 'npm')).find((file) => existsSync(file));
  if (found === undefined) throw new Error('there is no npm on the PATH');
  return realpathSync(found);
}
