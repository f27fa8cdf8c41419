// SPDX-License-Identifier: MIT
// @ts-check
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ensureAptGroups, updateApt } from '../lib/apt.mjs';
import { withLock } from '../lib/lock.mjs';
import { CACHE } from '../lib/paths.mjs';
import { step } from '../lib/progress.mjs';
import { run, SetupError } from '../lib/run.mjs';

/** The release whose OP-TEE, kernel and root file system the machine runs, whatever the host's own release is. */
export const SUITE = 'trixie';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const LISTS_MAX_AGE_MS = 24 * 3600 * 1000;

/** An apt of our own, beside the host's: its lists, its cache, its sources. */
const APT = path.join(CACHE, 'apt');

/** The mirror the host itself uses for Debian. @returns {Promise<string>} */
async function debianMirror() {
  const listed = await listedMirror();
  if (listed) return listed;
  await updateApt(); // apt names the mirrors of lists it has read only
  const found = await listedMirror();
  if (found) return found;
  throw new SetupError(
    "No Debian mirror was found in this machine's apt sources (`apt-get indextargets` lists none of origin Debian). " +
      'The OP-TEE machine is made of Debian packages; add a Debian mirror to /etc/apt/sources.list and run apt-get update.',
  );
}

async function listedMirror() {
  const format = '$(ORIGIN)|$(LABEL)|$(REPO_URI)';
  const targets = await run('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']);
  const debian = targets.split('\n').map((line) => line.split('|'));
  return debian.find(([origin, label]) => origin === 'Debian' && label === 'Debian')?.[2];
}

/** Settings as apt's -o options: they win over every file of the host's configuration. @returns {string[]} */
export function aptOptions() {
  const settings = {
    'Dir::State': `${APT}/state`,
    'Dir::State::lists': `${APT}/lists`,
    'Dir::State::status': `${APT}/status`,
    'Dir::Cache': `${APT}/cache`,
    'Dir::Etc::sourcelist': `${APT}/sources.list`,
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::Etc::preferences': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
    'APT::Architecture': 'arm64',
    'APT::Architectures': 'arm64',
    'APT::Sandbox::User': 'root',
    'Acquire::Retries': '3',
    'Acquire::Languages': 'none',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

/** The lines for sources.list: packages and sources of our suite, believed only with Debian's signature. */
export async function sourcesList() {
  const mirror = await debianMirror();
  return ['deb', 'deb-src'].map((kind) => `${kind} [signed-by=${KEYRING}] ${mirror} ${SUITE} main\n`).join('');
}

function listsAreFresh() {
  const stamp = path.join(APT, 'updated');
  return existsSync(stamp) && Date.now() - statSync(stamp).mtimeMs < LISTS_MAX_AGE_MS;
}

async function updateLists() {
  await ensureAptGroups('fetch');
  for (const folder of ['lists/partial', 'cache/archives/partial', 'state'])
    mkdirSync(path.join(APT, folder), { recursive: true });
  writeFileSync(path.join(APT, 'status'), '');
  writeFileSync(path.join(APT, 'sources.list'), await sourcesList());
  await step(`Reading the package lists of Debian ${SUITE}/arm64`, () =>
    run('apt-get', [...aptOptions(), '-q', '-o', 'APT::Update::Error-Mode=any', 'update']),
  );
  writeFileSync(path.join(APT, 'updated'), '');
}

/**
 * Runs one command of our apt, with lists not older than a day.
 *
 * @template T
 * @param {() => Promise<T>} command
 * @returns {Promise<T>}
 */
function withLists(command) {
  return withLock(path.join(CACHE, 'apt.lock'), async () => {
    if (!listsAreFresh()) await updateLists();
    return command();
  });
}

/** @param {string} folder @param {string[]} args */
function aptGet(folder, args) {
  return withLists(() => run('apt-get', [...aptOptions(), '-q', ...args], { cwd: folder }));
}

/**
 * Unpacks packages over one another, without running anything of theirs.
 *
 * @param {string} folder has the package files in `download`; these are gone afterwards.
 * @returns {Promise<string>} the folder with the unpacked files.
 */
async function unpackAll(folder) {
  const download = path.join(folder, 'download');
  const root = path.join(folder, 'root');
  mkdirSync(root, { recursive: true });
  const debs = readdirSync(download).filter((name) => name.endsWith('.deb'));
  for (const deb of debs) await run('dpkg-deb', ['-x', path.join(download, deb), root]);
  rmSync(download, { recursive: true });
  return root;
}

/**
 * Fetches packages and unpacks them.
 *
 * @param {string} folder where the unpacked `root` goes.
 * @param {readonly string[]} packages names, of the arm64 architecture or of all.
 * @returns {Promise<string>} the folder with the unpacked files.
 */
export async function unpackDebs(folder, packages) {
  const download = path.join(folder, 'download');
  mkdirSync(download, { recursive: true });
  await aptGet(download, ['download', ...packages]);
  return unpackAll(folder);
}

/**
 * Fetches packages with all they depend on, and unpacks them. The result is no installed system: no maintainer script
 * has run, so it needs neither root nor a processor that understands it.
 *
 * @param {string} folder where the unpacked `root` goes.
 * @param {readonly string[]} packages
 * @returns {Promise<string>} the folder with the unpacked files.
 */
export async function unpackClosure(folder, packages) {
  const download = path.join(folder, 'download');
  mkdirSync(path.join(download, 'partial'), { recursive: true });
  const options = ['--no-install-recommends', '-o', `Dir::Cache::archives=${download}`];
  await aptGet(folder, ['install', '--download-only', '-y', ...options, ...packages]);
  return unpackAll(folder);
}

/** The names of the packages that a package depends on. @param {string} name */
export async function dependenciesOf(name) {
  const text = await withLists(() => run('apt-cache', [...aptOptions(), 'depends', '--important', name]));
  return [...text.matchAll(/^\s*(?:Pre)?Depends: (\S+)$/gm)].map((match) => match[1] ?? '');
}

/**
 * Fetches a source package and unpacks it, its Debian patches applied.
 *
 * @param {string} folder
 * @param {string} name
 * @returns {Promise<string>} the folder of the source tree.
 */
export async function unpackSource(folder, name) {
  await aptGet(folder, ['source', '--only-source', name]);
  const tree = readdirSync(folder, { withFileTypes: true }).find((entry) => entry.isDirectory());
  if (!tree) throw new SetupError(`apt-get source ${name} left no source tree`);
  return path.join(folder, tree.name);
}
