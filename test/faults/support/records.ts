// SPDX-License-Identifier: MIT
/** What was tried so far, kept in files so that a long run can be gone on with, and its report be written. */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The folder that tools/faults.mjs gives a run. */
const FOLDER = process.env.OPTEE_FAULTS_RECORDS;

/** Records of one kind, one JSON text a line; those of the same key replace one another. Without a folder: none are kept. */
export class Records<T> {
  readonly #file: string | undefined;
  readonly #keyOf: (record: T) => string;
  readonly #known = new Map<string, T>();

  /** @param name of the file */
  constructor(name: string, keyOf: (record: T) => string) {
    this.#keyOf = keyOf;
    this.#file = FOLDER === undefined ? undefined : path.join(FOLDER, `${name}.jsonl`);
    if (this.#file === undefined || !existsSync(this.#file)) return;
    // A run that was ended amid writing leaves half a line.
    const lines = readFileSync(this.#file, 'utf8').split('\n').slice(0, -1);
    for (const line of lines.filter((text) => text.endsWith('}'))) this.#keep(JSON.parse(line) as T);
  }

  #keep(record: T): void {
    this.#known.set(this.#keyOf(record), record);
  }

  get(key: string): T | undefined {
    return this.#known.get(key);
  }

  get all(): readonly T[] {
    return [...this.#known.values()];
  }

  add(record: T): void {
    this.#keep(record);
    if (this.#file === undefined) return;
    mkdirSync(path.dirname(this.#file), { recursive: true });
    appendFileSync(this.#file, `${JSON.stringify(record)}\n`);
  }
}

/** Says where a long run is, past jest, which would keep it until the end. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
