// SPDX-License-Identifier: MIT
import { optionsOf } from './command-line.js';
import type { Command, OptionSpec } from './command.js';
import { summaries } from './registry.js';
import { lineWidth, wrapped } from './terminal/wrap.js';

/** The help without a command. @param columns of the terminal, if they are known */
export function overview(columns?: number): string {
  const width = lineWidth(columns);
  return [
    'usage: optee-storage COMMAND [ARGUMENTS] [OPTIONS]',
    '',
    ...paragraphs(
      [
        "Keeps secrets in OP-TEE secure storage. Each user has keys of its own; nobody sees another user's.",
        '',
        ...rows(Object.entries(summaries), width),
        '',
        'optee-storage COMMAND --help says more about each.',
        '',
        'In the environment: OPTEE_STORAGE_BACKEND=simulator for --backend simulator, which protects nothing, and',
        'OPTEE_STORAGE_SIMULATOR_DIR=DIRECTORY for its data.',
        '',
        'Exit codes: 0 done, 1 error, 2 wrong usage, 3 no such key, 4 key exists or has changed,',
        '5 secure storage is not available, 124 no answer in time. After exec: those of the program.',
      ],
      width,
    ),
    '',
  ].join('\n');
}

/** The help of a command. @param columns of the terminal, if they are known */
export function commandHelp(name: string, command: Command, columns?: number): string {
  const width = lineWidth(columns);
  // What follows a program is its own.
  const words = command.startsProgram === true ? ['[OPTIONS]', command.usage] : [command.usage, '[OPTIONS]'];
  return [
    `usage: optee-storage ${[name, ...words].filter((word) => word !== '').join(' ')}`,
    '',
    ...paragraphs(command.help, width),
    '',
    ...rows(Object.entries(optionsOf(command)).map(optionRow), width),
    '',
  ].join('\n');
}

function optionRow([name, { short, argument, help }]: [string, OptionSpec]): [string, string] {
  const letter = short === undefined ? '' : `-${short}, `;
  return [`${letter}--${name}${argument === undefined ? '' : ` ${argument}`}`, help];
}

function rows(entries: readonly (readonly [string, string])[], width: number): string[] {
  const left = Math.max(...entries.map(([name]) => name.length));
  return entries.flatMap(([name, text]) => wrapped(`  ${name.padEnd(left)}  `, text, width));
}

/** Lines that belong together become paragraphs of the terminal's width. What is indented stays a line of its own. */
function paragraphs(lines: readonly string[], width: number): string[] {
  const texts: string[] = [];
  for (const line of lines) {
    const last = texts.at(-1) ?? '';
    if (isProse(line) && isProse(last)) texts[texts.length - 1] = `${last} ${line}`;
    else texts.push(line);
  }
  return texts.flatMap((text) => {
    const indent = /^ */.exec(text)?.[0] ?? '';
    return text.length <= width ? [text] : wrapped(indent, text.slice(indent.length), width);
  });
}

const isProse = (line: string): boolean => line !== '' && !line.startsWith(' ');
