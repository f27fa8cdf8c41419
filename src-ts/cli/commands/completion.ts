// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { Exit } from '../../errors/table.js';
import { usageError } from '../command-line.js';
import type { Command } from '../command.js';

/** Made when the package is built, by tools/completions/. This is as far below src-ts/ as below dist/. */
const FOLDER = path.resolve(__dirname, '../../../dist/completions');
const files = { bash: 'optee-storage.bash', zsh: '_optee-storage', fish: 'optee-storage.fish' };

export const command: Command = {
  usage: 'bash|zsh|fish',
  help: [
    'Prints a script that makes the shell complete commands and options, and keys where one that exists is meant. To use it',
    '  in bash:  source <(optee-storage completion bash)                 (in ~/.bashrc)',
    '  in zsh:   source <(optee-storage completion zsh)                  (in ~/.zshrc, after compinit)',
    '  in fish:  optee-storage completion fish | source                  (in ~/.config/fish/config.fish)',
    'The package has these scripts as files, too, in dist/completions.',
  ],
  positionals: [1, 1],
  completes: Object.keys(files),
  isForOutput: true,
  options: {},
  async run({ positionals: [shell = ''], io }) {
    if (!Object.hasOwn(files, shell)) throw usageError('there are scripts for bash, zsh and fish');
    await io.writeBytes(readFileSync(path.join(FOLDER, files[shell as keyof typeof files])));
    return Exit.OK;
  },
};
