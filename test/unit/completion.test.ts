// SPDX-License-Identifier: MIT
/** Completion, in the real shells on a terminal and with keys of a store over the software TEE. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { summaries } from '../../src-ts/cli/registry.js';
import { buildCommandLine, main, opteeProcess, softEnvironment } from './support/cli.js';
import { freshFolder } from './support/folders.js';
import { buildSoftTee } from './support/soft-tee.js';
import { onTerminal } from './support/terminal.js';

const folder = freshFolder();
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  const apt = await import('../../tools/lib/apt.mjs');
  await apt.ensureAptGroups('shells');
  buildSoftTee();
  buildCommandLine();
  const bin = path.join(folder, 'bin');
  mkdirSync(bin);
  symlinkSync(process.execPath, path.join(bin, 'node'));
  writeFileSync(path.join(bin, 'optee-storage'), program);
  chmodSync(path.join(bin, 'optee-storage'), 0o755);
  const storage = path.join(folder, 'storage');
  mkdirSync(storage);
  env = { ...softEnvironment(storage), PATH: `${bin}:${String(process.env.PATH)}`, TERM: 'dumb', HOME: folder };
  for (const key of ['db/password', 'db/user name', 'db/host:port', 'other']) opteeProcess(['put', key], env, 'x');
  opteeProcess(['put', 'elsewhere', '--domain', 'second'], env, 'x');
  writeFileSync(path.join(folder, 'secrets.json'), '{}');
  for (const shell of ['bash', 'zsh', 'fish']) {
    writeFileSync(script(shell), opteeProcess(['completion', shell], env).stdout);
  }
}, 10 * 60_000);

/** As it is installed, but for the time that keys may take: who waits at a prompt has less patience than a test. */
const program = `#!/bin/sh
case "$*" in
    *' --timeout 2 '*) shift 5; set -- list --limit 1000 --timeout 50 "$@" ;;
esac
exec '${process.execPath}' '${main}' "$@"
`;

const script = (shell: string) => path.join(folder, `completion.${shell}`);

/** What is offered after a line: each candidate as the whole word that it makes. */
const offers: Record<string, (line: string) => string[]> = {
  bash: (line) => {
    // Words as bash makes them, which breaks at : and = as well.
    const words: string[] = line.match(/(?:\\.|"[^"]*"?|'[^']*'?|[^\s:="'\\])+|[:=]+/g) ?? [];
    if (/(?<!\\)\s$/.test(line)) words.push('');
    const call = `source "$1"; COMP_LINE=$2 COMP_POINT=\${#2}; shift 2; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1));
      _optee_storage; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return lines('bash', ['-c', call, 'bash', script('bash'), line, ...words]);
  },
  fish: (line) => lines('fish', ['-c', `source $argv[1]; complete -C $argv[2]`, script('fish'), line]),
};

function lines(shell: string, args: readonly string[]): string[] {
  const { status, stdout, stderr } = spawnSync(shell, args, { env, encoding: 'utf8', cwd: folder });
  expect([status, stderr]).toEqual([0, '']);
  const candidates = stdout.split('\n').filter((line) => line !== '');
  return candidates.map((candidate) => candidate.split('\t')[0] ?? '');
}

test('what is printed is the file of the package that the shell knows by its name', async () => {
  const { COMPLETION_FILES } = await import('../../tools/completions/files.mjs');
  const files = [
    'dist/completions/optee-storage.bash',
    'dist/completions/optee-storage.fish',
    'dist/completions/_optee-storage',
  ];
  expect(COMPLETION_FILES).toEqual(files);
  for (const [index, shell] of ['bash', 'fish', 'zsh'].entries()) {
    expect(readFileSync(script(shell), 'utf8')).toBe(readFileSync(files[index] ?? '', 'utf8'));
  }
  expect(opteeProcess(['completion', 'csh'], env)).toMatchObject({ code: 2 });
});

describe.each(['bash', 'fish'])('%s offers', (shell) => {
  const offered = (line: string) => offers[shell]?.(line) ?? [];

  test('every command', () => {
    const commands = new Set(Object.keys(summaries).map((name) => name.split(' ')[0]));
    expect(offered('optee-storage ').sort()).toEqual([...commands].sort());
    expect(offered('optee-storage ge').sort()).toEqual(['generate', 'get']);
  });

  test('the options of a command, and the words that one takes', () => {
    expect(offered('optee-storage put --if').sort()).toEqual(['--if-absent', '--if-revision']);
    expect(offered('optee-storage list --l').sort()).toEqual(['--limit', '--long']);
    expect(offered('optee-storage get k --backend s')).toEqual(['simulator']);
    expect(offered('optee-storage import --format ')).toEqual(expect.arrayContaining(['json', 'dotenv']));
    expect(offered('optee-storage completion z')).toEqual(['zsh']);
    expect(offered('optee-storage ta in')).toEqual(['install']);
    expect(offered('optee-storage get --domain ')).toEqual([]);
  });

  test('keys where one that exists is meant, quoted as the shell needs it', () => {
    const escaped = shell === 'bash' ? 'db/user\\ name' : 'db/user name';
    for (const command of ['get', 'delete', 'exec --prefix']) {
      expect(offered(`optee-storage ${command} db/`).sort()).toEqual(['db/host:port', 'db/password', escaped]);
    }
    expect(offered('optee-storage get o')).toEqual(['other']);
    expect(offered('optee-storage put ')).toEqual([]);
    expect(offered('optee-storage generate o')).toEqual([]);
  });

  test('keys of the store that the options say, and none where there is none', () => {
    expect(offered('optee-storage get --domain second e')).toEqual(['elsewhere']);
    expect(offered('optee-storage get --domain=second e')).toEqual(['elsewhere']);
    expect(offered('optee-storage get --ta-uuid 00000000-0000-4000-8000-000000000000 d')).toEqual([]);
  });

  test('keys of a simulator that is there, and makes none', () => {
    const there = path.join(folder, 'simulator');
    expect(opteeProcess(['put', 'here', '--simulator-dir', there, '--backend', 'simulator'], env, 'x').code).toBe(0);
    expect(offered(`optee-storage get --backend simulator --simulator-dir ${there} h`)).toEqual(['here']);
    const none = path.join(folder, `none-${shell}`);
    for (const line of [
      `optee-storage get --backend simulator --simulator-dir ${none} h`,
      `optee-storage get --backend=simulator --simulator-dir=${none} h`,
      `optee-storage clear --backend simulator --simulator-dir ${none}/deeper `,
      `optee-storage exec --backend simulator --simulator-dir ${none} --env A=`,
      // The default, below HOME.
      'optee-storage get --backend simulator h',
    ])
      expect([line, offered(line)]).toEqual([line, []]);
    expect([existsSync(none), existsSync(path.join(folder, '.local', 'share', 'optee-secure-storage'))]).toEqual([
      false,
      false,
    ]);
  });

  test('keys after NAME=, and what is broken at a colon', () => {
    const whole = (word: string) => (shell === 'bash' ? word.replace(/.*[:=]/, '') : word);
    expect(offered('optee-storage exec --env A=db/p')).toEqual([whole('A=db/password')]);
    expect(offered('optee-storage exec --env A=')).toContain(whole('A=other'));
    expect(offered('optee-storage get db/host:p')).toEqual([whole('db/host:port')]);
  });

  test('files, and programs after --', () => {
    expect(offered('optee-storage import sec')).toEqual(['secrets.json']);
    expect(offered('optee-storage put k --file sec')).toEqual(['secrets.json']);
    expect(offered('optee-storage exec --env A=other -- optee-sto')).toContain('optee-storage');
  });
});

describe('bash offers', () => {
  const offered = (line: string) => offers.bash?.(line) ?? [];

  test.each([
    ['optee-storage get db/user\\ n', 'db/user\\ name'],
    ['optee-storage get db/user\\ ', 'db/user\\ name'],
    ['optee-storage get "db/user n', 'db/user name'],
    ["optee-storage get 'db/user n", 'db/user name'],
    ['optee-storage exec --env A=db/user\\ n', 'db/user\\ name'],
    ['optee-storage exec --env "A=db/user n', 'A=db/user name'],
    ['optee-storage get --domain "default" db/user\\ n', 'db/user\\ name'],
    ['optee-storage exec --prefix=db/user\\ n', 'db/user\\ name'],
  ])('the rest of a word with a blank: %s', (line, offer) => {
    expect(offered(line)).toEqual([offer]);
  });

  test('what an option takes after =', () => {
    expect(offered('optee-storage put k --file=sec')).toEqual(['secrets.json']);
    expect(offered('optee-storage get k --backend=s')).toEqual(['simulator']);
    expect(offered('optee-storage exec --prefix=ot')).toEqual(['other']);
  });
});

/** What comes on the screen where the tab key makes `generate` and `other` of their beginnings. */
function completedByTab(argv: readonly string[], more: NodeJS.ProcessEnv = {}): string {
  const { output } = onTerminal(argv, { ...env, ...more }, [
    ['READY> ', 'optee-storage gene\t'],
    ['optee-storage generate', '\u0015optee-storage get ot\t'],
    ['optee-storage get other', '\u0015optee-storage exec --env A=ot\t'],
    ['optee-storage exec --env A=other', '\u0015exit\r'],
  ]);
  return output;
}

describe('the tab key completes commands, keys and NAME=KEY', () => {
  test('in bash', () => {
    const rc = path.join(folder, 'bashrc');
    writeFileSync(rc, `PS1='READY> '; source '${script('bash')}'\n`);
    const bash = ['bash', '--noprofile', '--rcfile', rc, '-i'];
    expect(completedByTab(bash)).toContain('optee-storage exec --env A=other');
    // Words with blanks, and what an option takes after =.
    const { output } = onTerminal(bash, env, [
      ['READY> ', 'optee-storage get db/user\\ n\t'],
      ['optee-storage get db/user\\ name', '\u0015optee-storage get k --backend=s\t'],
      ['optee-storage get k --backend=simulator', '\u0015exit\r'],
    ]);
    expect(output).toContain('--backend=simulator');
  });

  test('in zsh', () => {
    const rc = `PS1='READY> '; autoload -U compinit; compinit -u; bindkey -e; source '${script('zsh')}'\n`;
    writeFileSync(path.join(folder, '.zshrc'), rc);
    expect(completedByTab(['zsh', '-i'], { ZDOTDIR: folder })).toContain('optee-storage exec --env A=other');
  });
});
