// SPDX-License-Identifier: MIT
/** The package managers, each installing a tarball into an application's folder without any network. */
import path from 'node:path';

import { npmProgram, type App } from './place.js';

export interface Manager {
  readonly name: string;
  /** Settings of the manager, by file. */
  readonly files?: Readonly<Record<string, string>>;
  /** Its program, where it is not npm's, in node_modules of test/package. */
  readonly program?: string;
  readonly args: (tarball: string) => string[];
  readonly ignoreScripts: readonly string[];
}

const YARN_SETTINGS = 'nodeLinker: node-modules\nenableNetwork: false\nenableTelemetry: false\n';

export const MANAGERS: readonly Manager[] = [
  {
    name: 'npm',
    args: (tarball) => ['install', '--offline', '--no-audit', '--no-update-notifier', tarball],
    ignoreScripts: ['--ignore-scripts'],
  },
  {
    name: 'pnpm',
    program: 'pnpm/bin/pnpm.cjs',
    args: (tarball) => ['add', '--offline', tarball],
    ignoreScripts: ['--ignore-scripts'],
  },
  {
    // Root's cache would be one for the machine, and this version of the package be taken from there.
    name: 'yarn 1',
    program: 'yarn/bin/yarn.js',
    args: (tarball) => ['add', '--offline', '--non-interactive', '--cache-folder', '.cache', `file:${tarball}`],
    ignoreScripts: ['--ignore-scripts'],
  },
  {
    name: 'yarn 4',
    program: '@yarnpkg/cli-dist/bin/yarn.js',
    files: { '.yarnrc.yml': YARN_SETTINGS, 'yarn.lock': '' },
    args: (tarball) => ['add', `optee-secure-storage@file:${tarball}`],
    ignoreScripts: ['--mode=skip-build'],
  },
];

/** Installs the tarball. @returns what the manager printed */
export async function install(
  app: App,
  { program, files = {}, args, ignoreScripts }: Manager,
  { tools, tarball, scripts = false }: { tools: string; tarball: string; scripts?: boolean },
): Promise<string> {
  for (const [name, content] of Object.entries(files)) app.write(name, content);
  const file = program === undefined ? npmProgram() : path.join(tools, program);
  return app.node(file, ...args(tarball), ...(scripts ? [] : ignoreScripts));
}
