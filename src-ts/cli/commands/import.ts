// SPDX-License-Identifier: MIT
import { createReadStream, statSync } from 'node:fs';

import { Exit } from '../../errors/table.js';
import { SecureStorageError } from '../../errors/error.js';
import { prefixBytes } from '../../arguments/keys.js';
import { Limit } from '../../protocol/contract.js';
import { operationSize } from '../../protocol/encode.js';
import type { SecureStorage } from '../../store.js';
import { visible } from '../../util/visible.js';
import { text, usageError } from '../command-line.js';
import type { Command } from '../command.js';
import { parseEntries, wipe, type Format } from './import/entries.js';
import { inputError } from './import/entry.js';
import { type ImportEntry } from './import/entry.js';
import { readAll } from '../terminal/input.js';
import type { Io } from '../terminal/io.js';

/** Of text that JSON or Base64 has blown up. */
const FILE_MAX = 8 * 1024 * 1024;

export const command: Command = {
  usage: '[FILE]',
  help: [
    'Stores every entry of FILE, or of standard input: all of them or none. Prints how many. FILE is one of',
    '  JSON: {"KEY": "text", "OTHER KEY": {"encoding": "base64", "value": "aGV4"}}, and nothing else in it;',
    '  dotenv: lines KEY=VALUE, with the meaning that "node --env-file" gives them: a value in quotes may have lines, \\n in',
    '  double quotes is a newline, nothing else is expanded, and a # after a blank begins a comment.',
    'Each value is stored exactly as the file has it. If a line is not of this form, or other readers of dotenv files would',
    'understand it otherwise, the whole file is refused and the line is named.',
    'A key must not occur twice. One import holds up to 1024 keys and 1152 KiB; what is more must be split, and each part',
    'is then stored all or none.',
  ],
  positionals: [0, 1],
  readsSecret: true,
  completes: 'file',
  options: {
    format: {
      type: 'string',
      argument: 'FORMAT',
      completes: ['json', 'dotenv'],
      help: "json or dotenv (default: by the file's name or its content)",
    },
    prefix: { type: 'string', argument: 'PREFIX', help: 'put this before each key' },
    'if-absent': { type: 'boolean', help: 'only if none of the keys exists yet (else exit code 4)' },
    'allow-empty': { type: 'boolean', help: 'store empty values, which are refused otherwise' },
    'dry-run': { type: 'boolean', help: 'only print the size in bytes and the name of each key' },
  },
  async run({ positionals: [file], options, io, json, open }) {
    const prefix = text(options, 'prefix') ?? '';
    prefixBytes(prefix);
    const path = file === '-' ? undefined : file;
    const format = formatOf(text(options, 'format'));
    if (path === undefined && io.stdin.isTTY === true) throw usageError('give FILE, or the entries on standard input');
    const entries = await read(io, path, { format, prefix });
    try {
      checkSize(entries);
      if (options['allow-empty'] !== true) checkFilled(entries);
      const others = path === undefined || json ? undefined : permissionsForOthers(path);
      if (others !== undefined) io.note(`optee-storage: other users can read this file: its mode is ${others}\n`);
      if (options['dry-run'] === true) await list(io, json, entries);
      else {
        await store(await open(), entries, options['if-absent'] === true);
        await (json ? io.writeJson({ imported: keysOf(entries) }) : io.write(`${String(entries.length)}\n`));
        if (path !== undefined && !json) io.note('optee-storage: the file still has the secrets in plain text\n');
      }
      return Exit.OK;
    } finally {
      wipe(entries);
    }
  },
};

function formatOf(format: string | undefined): Format | undefined {
  if (format === undefined || format === 'json' || format === 'dotenv') return format;
  throw usageError('--format must be json or dotenv');
}

async function read(
  io: Io,
  file: string | undefined,
  how: { format: Format | undefined; prefix: string },
): Promise<ImportEntry[]> {
  const source = file === undefined ? io.stdin : createReadStream(file);
  const tooLarge = () => inputError('it has more than 8 MiB');
  const bytes = await readAll(source, FILE_MAX, { tooLarge, failed: inputError });
  try {
    return parseEntries(bytes, { file, ...how });
  } finally {
    bytes.fill(0);
  }
}

/** Said before anything is sent, and in terms of the file. */
function checkSize(entries: readonly ImportEntry[]): void {
  const sizeOf = ({ key, value }: ImportEntry) => operationSize(Buffer.byteLength(key), value.length);
  const large = entries.find(({ value }) => value.length > Limit.VALUE_MAX);
  if (large) throw new SecureStorageError('ERR_VALUE_TOO_LARGE', { operation: 'import', key: large.key });
  const size = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
  if (entries.length <= Limit.REQUEST_COUNT_MAX && size <= Limit.REQUEST_MAX) return;
  const detail = `${String(entries.length)} keys, ${String(size)} bytes in all, are more than one change can hold`;
  const remedy = 'Split the file; up to 1024 keys and 1152 KiB can be stored all or none.';
  throw new SecureStorageError('ERR_BATCH_TOO_LARGE', { operation: 'import', detail, remedy });
}

/** As put does: mostly it is a secret that somebody forgot to fill in. */
function checkFilled(entries: readonly ImportEntry[]): void {
  const empty = entries.find(({ value }) => value.length === 0);
  if (empty === undefined) return;
  throw inputError('the value is empty', empty.key, 'Nothing was stored. --allow-empty stores empty values.');
}

function store(target: SecureStorage, entries: readonly ImportEntry[], ifAbsent: boolean): Promise<unknown> {
  return target.batch(entries.map(({ key, value }) => ({ type: 'put', key, value, ifAbsent })));
}

async function list(io: Io, json: boolean, entries: readonly ImportEntry[]): Promise<void> {
  if (json) return io.writeJson({ wouldImport: keysOf(entries) });
  const shown = io.isTerminal === true ? visible : (key: string) => key;
  await io.write(entries.map(({ key, value }) => `${String(value.length)}\t${shown(key)}\n`).join(''));
}

function keysOf(entries: readonly ImportEntry[]): { key: string; size: number }[] {
  return entries.map(({ key, value }) => ({ key, size: value.length }));
}

/** The mode of a file that group or others may read, as chmod has it. */
function permissionsForOthers(file: string): string | undefined {
  const mode = statSync(file).mode & 0o777;
  // On Windows the mode tells nothing about others.
  return (mode & 0o044) === 0 || process.platform === 'win32' ? undefined : mode.toString(8);
}
