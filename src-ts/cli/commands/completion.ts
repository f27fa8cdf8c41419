// SPDX-License-Identifier: MIT
import { Exit } from '../../errors/table.js';
import { usageError } from '../command-line.js';
import type { Command } from '../command.js';
import { bashScript } from './completion/bash.js';
import { fishScript } from './completion/fish.js';
import { completedCommands } from './completion/completed-commands.js';
import { zshScript } from './completion/zsh.js';

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript };

export const command: Command = {
  usage: 'bash|zsh|fish',
  help: [
    'Prints a script that makes the shell complete commands and options, and keys where one that exists is meant. To use it',
    '  in bash:  source <(optee-storage completion bash)                 (in ~/.bashrc)',
    '  in zsh:   source <(optee-storage completion zsh)                  (in ~/.zshrc, after compinit)',
    '  in fish:  optee-storage completion fish | source                  (in ~/.config/fish/config.fish)',
  ],
  positionals: [1, 1],
  completes: Object.keys(scripts),
  options: {},
  async run({ positionals: [shell = ''], io }) {
    if (!Object.hasOwn(scripts, shell)) throw usageError('there are scripts for bash, zsh and fish');
    await io.write(scripts[shell as keyof typeof scripts](completedCommands()));
    return Exit.OK;
  },
};
