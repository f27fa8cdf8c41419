// SPDX-License-Identifier: MIT
// @ts-check
import { listing, quoted, storeOptions } from './completed-commands.mjs';

/** @typedef {import('./completed-commands.mjs').CompletedCommand} CompletedCommand */
/** @typedef {import('./completed-commands.mjs').Completion} Completion */

/** The script for fish, 3.0 and later. @param {readonly CompletedCommand[]} commands */
export function fishScript(commands) {
  return `# Completion of optee-storage for fish.

# Whether the command on the line is $argv[1].
function __optee_storage_is
    set -l words (commandline -opc)
    test (count $words) -gt 1; and test "$words[2]" = "$argv[1]"
end

function __optee_storage_after_dashes
    contains -- -- (commandline -opc)
end

# Keys that begin with $argv[1], of the store that the options on the line name.
function __optee_storage_keys
    set -l words (commandline -opc)
    set -l store
    for i in (seq 3 (count $words))
        switch $words[$i]
            case ${storeOptions.join(' ')}
                set -a store $words[$i] $words[(math $i + 1)]
            case ${storeOptions.map((option) => quoted(`${option}=*`)).join(' ')}
                set -a store $words[$i]
            case --
                break
        end
    end
    ${listing} $store -- "$argv[1]" 2>/dev/null </dev/null
end

function __optee_storage_variables
    set -l parts (string split -m 1 -- = (commandline -ct))
    test (count $parts) -eq 2; or return
    for key in (__optee_storage_keys $parts[2])
        echo $parts[1]=$key
    end
end

complete -c optee-storage -f
${commands.flatMap(lines).join('\n')}
`;
}

/** @param {CompletedCommand} command */
function lines({ name, summary, completes, options }) {
  const on = `complete -c optee-storage -n '__optee_storage_is ${name}'`;
  const first = "complete -c optee-storage -n 'test (count (commandline -opc)) -eq 1'";
  const program = `complete -c optee-storage -n '__optee_storage_is ${name}; and __optee_storage_after_dashes'`;
  return [
    `${first} -a ${name} -d ${quoted(summary)}`,
    ...options.map((option) => {
      const takes = option.type === 'string' ? ` ${argumentOf(option.completes)}` : '';
      return `${on} -l ${option.name}${takes} -d ${quoted(option.help)}`;
    }),
    ...(completes === 'program' ? [`${program} -a '(__fish_complete_subcommand)'`] : []),
    ...(completes === 'file' ? [`${on} -F`] : []),
    ...(completes === undefined || completes === 'program' || completes === 'file'
      ? []
      : [`${on} -a ${candidates(completes)}`]),
  ];
}

/** @param {Completion | undefined} completes */
function argumentOf(completes) {
  if (completes === undefined) return '-x';
  return completes === 'file' ? '-r -F' : `-x -a ${candidates(completes)}`;
}

/** @param {Exclude<Completion, 'file'>} completes */
function candidates(completes) {
  if (typeof completes === 'object') return quoted(completes.join(' '));
  return completes === 'variable' ? "'(__optee_storage_variables)'" : "'(__optee_storage_keys (commandline -ct))'";
}
