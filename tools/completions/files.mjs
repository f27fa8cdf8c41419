// SPDX-License-Identifier: MIT
// @ts-check
/** The files by which shells complete optee-storage, made of the tables of its commands. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../lib/paths.mjs';
import { bashScript } from './bash.mjs';
import { fishScript } from './fish.mjs';
import { completedCommands } from './completed-commands.mjs';
import { zshScript } from './zsh.mjs';

/** Each has the name that its shell looks for. `optee-storage completion` knows them by these names, too. */
const SCRIPTS = Object.freeze({
  'dist/completions/optee-storage.bash': bashScript,
  'dist/completions/optee-storage.fish': fishScript,
  'dist/completions/_optee-storage': zshScript,
});

export const COMPLETION_FILES = Object.keys(SCRIPTS);

/** Writes them; dist/cli must have been compiled. */
export function writeCompletions() {
  const commands = completedCommands();
  mkdirSync(path.join(ROOT, 'dist', 'completions'), { recursive: true });
  for (const [file, script] of Object.entries(SCRIPTS)) writeFileSync(path.join(ROOT, file), script(commands));
}
