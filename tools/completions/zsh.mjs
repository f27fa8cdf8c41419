// SPDX-License-Identifier: MIT
// @ts-check
import { listing, quoted, storeOptions } from './completed-commands.mjs';

/** @typedef {import('./completed-commands.mjs').CompletedCommand} CompletedCommand */
/** @typedef {import('./completed-commands.mjs').Completion} Completion */

/**
 * The script for zsh: to be sourced, or as the file _optee-storage in a folder of fpath.
 * @param {readonly CompletedCommand[]} commands
 */
export function zshScript(commands) {
  return `#compdef optee-storage
# Completion of optee-storage for zsh.

# Keys of the store that the options on the line name.
_optee_storage_keys() {
    local -a store keys
    local i
    for ((i = 2; i < CURRENT; i++)); do
        case $words[i] in
            (${storeOptions.join('|')}) store+=("$words[i]" "\${(Q)words[i + 1]}") ;;
            (${storeOptions.map((option) => `${option}=*`).join('|')}) store+=("\${(Q)words[i]}") ;;
            (--) break ;;
        esac
    done
    keys=(\${(f)"$(${listing} $store -- "\${(Q)PREFIX}" 2> /dev/null < /dev/null)"})
    compadd -a keys
}

_optee_storage_variables() {
    if compset -P 1 '*='; then _optee_storage_keys; else _message NAME=KEY; fi
}

_optee_storage() {
    local -a commands
    if ((CURRENT == 2)); then
        commands=(
${commands.map(({ name, summary }) => `            ${quoted(`${name}:${summary}`)}`).join('\n')}
        )
        _describe command commands
        return
    fi
    local command=$words[2]
    shift words
    ((CURRENT--))
    case $command in
${commands.map(branch).join('\n')}
    esac
}

if [[ $funcstack[1] == _optee_storage ]]; then
    _optee_storage "$@"
else
    compdef _optee_storage optee-storage
fi
`;
}

/** @param {CompletedCommand} command */
function branch({ name, completes, options }) {
  const specs = options.map(specification);
  if (completes === 'program') specs.push("'*:::program:_normal'");
  else if (completes !== undefined) specs.push(quoted(`*:argument:${action(completes)}`));
  return `        (${name}) _arguments -S \\\n${specs.map((spec) => `            ${spec}`).join(' \\\n')} ;;`;
}

/** @param {CompletedCommand['options'][number]} option */
function specification({ name, type, multiple, argument = '', completes, help }) {
  const explained = `--${name}${type === 'string' ? '=' : ''}[${help.replace(/[[\]]/g, '\\$&')}]`;
  return quoted(
    `${multiple === true ? '*' : ''}${explained}${type === 'string' ? `:${argument}:${action(completes)}` : ''}`,
  );
}

/** @param {Completion | undefined} completes */
function action(completes) {
  if (completes === undefined) return '';
  if (typeof completes === 'object') return `(${completes.join(' ')})`;
  return { key: '_optee_storage_keys', variable: '_optee_storage_variables', file: '_files', program: '_normal' }[
    completes
  ];
}
