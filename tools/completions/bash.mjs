// SPDX-License-Identifier: MIT
// @ts-check
import { listing, storeOptions } from './completed-commands.mjs';

/** @typedef {import('./completed-commands.mjs').CompletedCommand} CompletedCommand */
/** @typedef {import('./completed-commands.mjs').Completion} Completion */

/** The script for bash, 3.2 and later. @param {readonly CompletedCommand[]} commands */
export function bashScript(commands) {
  return `# Completion of optee-storage for bash.

# Splits $1 into the words that bash would make of it, in typed. What is left of a quote that is open is in quote.
_optee_storage_split() {
    local rest=$1 part= within= special='"\\$\`'
    typed=() quote=
    while [[ -n $rest ]]; do
        part=\${rest:0:1}
        rest=\${rest:1}
        if [[ $quote == \\' || ( $quote == \\" && $part != '\\' ) ]]; then
            if [[ $part == "$quote" ]]; then quote=; else word+=$part; fi
        elif [[ $part == '\\' ]]; then
            # Between double quotes a backslash is one but before what it is for.
            [[ $quote == \\" && $special != *"\${rest:0:1}"* ]] && word+=$part
            word+=\${rest:0:1}
            rest=\${rest:1}
        elif [[ $part == [[:space:]] ]]; then
            [[ -n $within ]] && typed+=("$word")
            word= within=
            continue
        elif [[ $part == [\\'\\"] ]]; then
            quote=$part
        else
            word+=$part
        fi
        within=yes
    done
    typed+=("$word")
}

# Offers each line of standard input, after $1, that begins with what was typed.
_optee_storage_offer() {
    local candidate
    while IFS= read -r candidate; do
        candidate=$1$candidate
        [[ $candidate == "$word"* ]] || continue
        candidate=\${candidate#"$replaced"}
        [[ -z $quote ]] && printf -v candidate %q "$candidate"
        COMPREPLY+=("$candidate")
    done
}

_optee_storage_files() {
    local file
    compopt -o filenames 2> /dev/null
    while IFS= read -r file; do
        COMPREPLY+=("$file")
    done < <(compgen -f -- "\${word#"$replaced"}")
}

# Keys that begin with $1, of the store that the options on the line name.
_optee_storage_keys() {
    local -a store=()
    local i
    for ((i = 2; i < last; i++)); do
        case \${typed[i]} in
            ${storeOptions.join(' | ')}) store+=("\${typed[i]}" "\${typed[i + 1]}") ;;
            ${storeOptions.map((option) => `${option}=*`).join(' | ')}) store+=("\${typed[i]}") ;;
            --) break ;;
        esac
    done
    ${listing} "\${store[@]}" -- "$1" 2> /dev/null < /dev/null
}

# The program that comes after --, and its arguments.
_optee_storage_program() {
    local i
    for ((i = 2; i < COMP_CWORD; i++)); do
        [[ \${COMP_WORDS[i]} == -- ]] && break
    done
    if declare -F _command_offset > /dev/null; then
        _command_offset $((i + 1))
    elif ((COMP_CWORD == i + 1)); then
        _optee_storage_offer < <(compgen -c -- "$word")
    else
        _optee_storage_files
    fi
}

_optee_storage() {
    local -a typed
    local word= quote=
    # The word at the cursor as bash has it: it ends at : and = too, and only this part is replaced.
    local current=\${COMP_WORDS[COMP_CWORD]}
    [[ $current == [:=] ]] && current=
    _optee_storage_split "$current"
    current=\${typed[\${#typed[@]} - 1]}
    word=
    _optee_storage_split "\${COMP_LINE:0:COMP_POINT}"
    local last=$((\${#typed[@]} - 1))
    word=\${typed[last]}
    local previous=\${typed[last - 1]} replaced=\${word%"$current"}
    if [[ $word == --*=* && $replaced == "\${word%%=*}="* ]]; then
        previous=\${word%%=*} replaced=\${replaced#"\${word%%=*}="} word=\${word#*=}
    fi
    COMPREPLY=()
    if ((last == 1)); then
        _optee_storage_offer < <(printf '%s\\n' ${commands.map(({ name }) => name).join(' ')})
        return
    fi
    case \${typed[1]} in
${commands.map(branch).join('\n')}
    esac
}

complete -F _optee_storage optee-storage
`;
}

/**
 * What is offered after a command: what its previous option takes, else options or what the command takes.
 * @param {CompletedCommand} command
 */
function branch({ name, completes, options }) {
  const taking = options.filter(({ type }) => type === 'string');
  const patterns = [...new Set(taking.map((option) => offer(option.completes)))].map((action) => {
    const alike = taking.filter((option) => offer(option.completes) === action);
    return `${alike.map((option) => `--${option.name}`).join(' | ')}) ${action}; return ;;`;
  });
  const names = options.map((option) => `--${option.name}`).join(' ');
  return [
    `        ${name})`,
    ...(completes === 'program'
      ? ['            if [[ " ${typed[*]:2:last-2} " == *" -- "* ]]; then _optee_storage_program; return; fi']
      : []),
    '            case $previous in',
    ...patterns.map((line) => `                ${line}`),
    '            esac',
    '            if [[ $word == -* ]]; then',
    `                _optee_storage_offer < <(printf '%s\\n' ${names})`,
    '            else',
    `                ${completes === 'program' ? ':' : offer(completes)}`,
    '            fi',
    '            ;;',
  ].join('\n');
}

/** @param {Completion | undefined} completes */
function offer(completes) {
  if (completes === 'key') return '_optee_storage_offer < <(_optee_storage_keys "$word")';
  if (completes === 'variable') {
    return '[[ $word == *=* ]] && _optee_storage_offer "${word%%=*}=" < <(_optee_storage_keys "${word#*=}")';
  }
  if (completes === 'file') return '_optee_storage_files';
  if (completes === 'program') return '_optee_storage_program';
  return completes === undefined ? ':' : `_optee_storage_offer < <(printf '%s\\n' ${completes.join(' ')})`;
}
