// SPDX-License-Identifier: MIT
import { optionsOf } from '../../command-line.js';
import type { Completion, OptionSpec } from '../../command.js';
import { loadCommand, summaries } from '../../registry.js';

/** A command as a shell completes it. */
export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly completes: Completion | undefined;
  readonly options: readonly (OptionSpec & { readonly name: string })[];
}

/** Options that say which store is meant: with them on the line its keys are to be completed from that store. */
export const storeOptions = ['--domain', '--group', '--ta-uuid', '--backend', '--simulator-dir'];

/** How keys are asked for: whoever waits at a prompt waits not long, and wants to see no errors. */
export const listing = 'optee-storage list --limit 1000 --timeout 2';

/** Every command with its options. One of two words, such as `ta build`, is a word that the first takes. */
export function completedCommands(): CompletedCommand[] {
  const names = Object.keys(summaries);
  const firsts = new Set(names.map((name) => name.split(' ')[0] ?? ''));
  return [...firsts].map((name) => {
    const within = names.filter((other) => other.startsWith(`${name} `));
    const members = (within.length > 0 ? within : [name]).map(loadCommand).filter((command) => command !== undefined);
    const options = Object.fromEntries(members.flatMap((member) => Object.entries(optionsOf(member))));
    const completes = within.length > 0 ? within.map((other) => other.slice(name.length + 1)) : members[0]?.completes;
    const summary = within.length > 0 ? `commands ${within.join(', ')}` : summaries[name as keyof typeof summaries];
    return {
      name,
      summary,
      completes,
      options: Object.entries(options).map(([option, spec]) => ({ name: option, ...spec })),
    };
  });
}

/** A text as one word of a shell, the same in bash, zsh and fish as long as it has no backslash. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}
