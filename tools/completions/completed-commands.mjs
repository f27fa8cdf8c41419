// SPDX-License-Identifier: MIT
// @ts-check
import { createRequire } from 'node:module';
import path from 'node:path';
import { ROOT } from '../lib/paths.mjs';

/** What src-ts/cli/command.ts says of an argument. @typedef {'key' | 'variable' | 'file' | 'program' | readonly string[]} Completion */
/** And of an option. @typedef {{ type: string, multiple?: boolean, argument?: string, completes?: Completion, help: string }} OptionSpec */
/** And of a command. @typedef {{ completes?: Completion }} Command */

/**
 * A command as a shell completes it.
 * @typedef {object} CompletedCommand
 * @property {string} name
 * @property {string} summary
 * @property {Completion | undefined} completes
 * @property {readonly (OptionSpec & { readonly name: string })[]} options
 */

/** Options that say which store is meant: with them on the line its keys are to be completed from that store. */
export const storeOptions = ['--domain', '--group', '--ta-uuid', '--backend', '--simulator-dir'];

/** How keys are asked for: whoever waits at a prompt waits not long, wants to see no errors, and has nothing made. */
export const listing = 'optee-storage list --limit 1000 --timeout 2 --existing';

/** The command line as it was compiled. */
function commandLine() {
  const load = createRequire(path.join(ROOT, 'dist', 'cli', 'main.js'));
  /** @type {{ summaries: Record<string, string>, loadCommand: (name: string) => Command | undefined }} */
  const { summaries, loadCommand } = load('./registry.js');
  /** @type {{ optionsOf: (command: Command) => Record<string, OptionSpec> }} */
  const { optionsOf } = load('./command-line.js');
  return { summaries, loadCommand, optionsOf };
}

/**
 * Every command with its options. One of two words, such as `ta build`, is a word that the first takes.
 * @returns {CompletedCommand[]}
 */
export function completedCommands() {
  const { summaries, loadCommand, optionsOf } = commandLine();
  const names = Object.keys(summaries);
  const firsts = new Set(names.map((name) => name.split(' ')[0] ?? ''));
  return [...firsts].map((name) => {
    const within = names.filter((other) => other.startsWith(`${name} `));
    // `owners` is a command itself, and has `owners remove` too.
    const whole = names.filter((other) => other === name);
    const members = [...whole, ...within].map(loadCommand).filter((command) => command !== undefined);
    const options = Object.fromEntries(members.flatMap((member) => Object.entries(optionsOf(member))));
    const completes = within.length > 0 ? within.map((other) => other.slice(name.length + 1)) : members[0]?.completes;
    const summary = within.length > 0 && whole.length === 0 ? `commands ${within.join(', ')}` : (summaries[name] ?? '');
    return {
      name,
      summary,
      completes,
      options: Object.entries(options).map(([option, spec]) => ({ name: option, ...spec })),
    };
  });
}

/** A text as one word of a shell, the same in bash, zsh and fish as long as it has no backslash. @param {string} text */
export function quoted(text) {
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}
