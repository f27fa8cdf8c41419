// SPDX-License-Identifier: MIT
import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';

import { run } from '../../../src-ts/cli/run.js';
import type { Streams } from '../../../src-ts/cli/terminal/io.js';
import { libraryFolder, openSoftStore, root } from './soft-tee.js';

export interface Ran {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Streams that keep what is written to them. */
export function recordingIo(stdin: Streams['stdin'] | string | Buffer): { io: Streams; ran: () => Omit<Ran, 'code'> } {
  const written: Buffer[] = [];
  let stderr = '';
  const io: Streams = {
    stdin: typeof stdin === 'string' || Buffer.isBuffer(stdin) ? Readable.from([Buffer.from(stdin as string)]) : stdin,
    write: (data) => {
      // A copy: the command may wipe what it has written.
      written.push(Buffer.from(data as string));
      return Promise.resolve();
    },
    note: (text) => {
      stderr += text;
    },
  };
  return { io, ran: () => ({ stdout: Buffer.concat(written), stderr }) };
}

/** Runs optee-storage in this process over the software TEE. */
export async function optee(args: readonly string[], stdin: Streams['stdin'] | string | Buffer = ''): Promise<Ran> {
  const { io, ran } = recordingIo(stdin);
  const code = await run(args, io, { open: openSoftStore });
  return { code, ...ran() };
}

/** The program itself. */
export const main = path.join(root, 'dist/cli/main.js');

/** Compiles src-ts if dist is older. */
export function buildCommandLine(): void {
  if (newest(path.join(root, 'src-ts')) < newest(path.join(root, 'dist'))) return;
  execFileSync(process.execPath, ['tools/typescript.mjs'], { cwd: root });
}

/** When the file that was changed last was changed; 0 if there is none. */
function newest(folder: string): number {
  const files = readdirSync(path.dirname(folder)).includes(path.basename(folder))
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' })
    : [];
  return Math.max(
    0,
    ...files.filter((name) => name.endsWith('s')).map((name) => statSync(path.join(folder, name)).mtimeMs),
  );
}

/** The environment of a process whose libteec is the software TEE's, with storage in a folder. */
export function softEnvironment(storage: string): NodeJS.ProcessEnv {
  return { ...process.env, LD_LIBRARY_PATH: libraryFolder, SOFT_TEE_STORAGE: storage };
}

/** Runs optee-storage as a process. */
export function opteeProcess(args: readonly string[], env: NodeJS.ProcessEnv, input: string | Buffer = ''): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { env, input, maxBuffer: 1e7 });
  return { code: status ?? -1, stdout, stderr: stderr.toString() };
}

/** A shell line in which `optee-storage` is the command. */
export function shell(line: string, env: NodeJS.ProcessEnv): Ran {
  const script = `optee-storage() { '${process.execPath}' '${main}' "$@"; }; ${line}`;
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script], { env });
  return { code: status ?? -1, stdout, stderr: stderr.toString() };
}
