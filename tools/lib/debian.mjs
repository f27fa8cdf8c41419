// SPDX-License-Identifier: MIT
// @ts-check
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ensureAptGroups, updateApt } from './apt.mjs';
import { withLock } from './lock.mjs';
import { CACHE } from './paths.mjs';
import { step } from './progress.mjs';
import { run, SetupError } from './run.mjs';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const LISTS_MAX_AGE_MS = 24 * 3600 * 1000;

/** The mirror the host itself uses for Debian. @returns {Promise<string>} */
async function debianMirror() {
  const listed = await listedMirror();
  if (listed) return listed;
  await updateApt(); // apt names the mirrors of lists it has read only
  const found = await listedMirror();
  if (found) return found;
  throw new SetupError(
    "No Debian mirror was found in this machine's apt sources (`apt-get indextargets` lists none of origin Debian). " +
      'Parts of other Debian releases are needed; add a Debian mirror to /etc/apt/sources.list and run apt-get update.',
  );
}

async function listedMirror() {
  const format = '$(ORIGIN)|$(LABEL)|$(REPO_URI)';
  const targets = await run('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']);
  const debian = targets.split('\n').map((line) => line.split('|'));
  return debian.find(([origin, label]) => origin === 'Debian' && label === 'Debian')?.[2];
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
 * The packages of one release of Debian for one architecture, whatever the host's own are: fetched by an apt beside the
 * host's, with lists, cache and sources of its own, from the mirror that the host itself uses, and believed only with
 * Debian's signature.
 */
export class DebianRelease {
  #suite;
  #architecture;
  #apt;

  /** @param {string} suite @param {string} architecture in Debian's words, as `arm64` or `armhf`. */
  constructor(suite, architecture) {
    this.#suite = suite;
    this.#architecture = architecture;
    this.#apt = path.join(CACHE, 'apt', `${suite}-${architecture}`);
  }

  /**
   * Fetches packages and unpacks them.
   *
   * @param {string} folder where the unpacked `root` goes.
   * @param {readonly string[]} packages names, of this architecture or of all.
   * @returns {Promise<string>} the folder with the unpacked files.
   */
  async unpackDebs(folder, packages) {
    const download = path.join(folder, 'download');
    mkdirSync(download, { recursive: true });
    await this.#aptGet(download, ['download', ...packages]);
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
  async unpackClosure(folder, packages) {
    const download = path.join(folder, 'download');
    mkdirSync(path.join(download, 'partial'), { recursive: true });
    const options = ['--no-install-recommends', '-o', `Dir::Cache::archives=${download}`];
    await this.#aptGet(folder, ['install', '--download-only', '-y', ...options, ...packages]);
    return unpackAll(folder);
  }

  /** The names of the packages that a package depends on. @param {string} name */
  async dependenciesOf(name) {
    const text = await this.#withLists(() => run('apt-cache', [...this.#options(), 'depends', '--important', name]));
    return [...text.matchAll(/^\s*(?:Pre)?Depends: (\S+)$/gm)].map((match) => match[1] ?? '');
  }

  /**
   * Fetches a source package and unpacks it, its Debian patches applied.
   *
   * @param {string} folder
   * @param {string} name
   * @returns {Promise<string>} the folder of the source tree.
   */
  async unpackSource(folder, name) {
    await this.#aptGet(folder, ['source', '--only-source', name]);
    const tree = readdirSync(folder, { withFileTypes: true }).find((entry) => entry.isDirectory());
    if (!tree) throw new SetupError(`apt-get source ${name} left no source tree`);
    return path.join(folder, tree.name);
  }

  /** @param {string} folder @param {string[]} args */
  #aptGet(folder, args) {
    return this.#withLists(() => run('apt-get', [...this.#options(), '-q', ...args], { cwd: folder }));
  }

  /**
   * Runs one command of this apt, with lists not older than a day.
   *
   * @template T
   * @param {() => Promise<T>} command
   * @returns {Promise<T>}
   */
  #withLists(command) {
    return withLock(`${this.#apt}.lock`, async () => {
      if (!this.#listsAreFresh()) await this.#updateLists();
      return command();
    });
  }

  #listsAreFresh() {
    const stamp = path.join(this.#apt, 'updated');
    return existsSync(stamp) && Date.now() - statSync(stamp).mtimeMs < LISTS_MAX_AGE_MS;
  }

  async #updateLists() {
    await ensureAptGroups('fetch');
    for (const folder of ['lists/partial', 'cache/archives/partial', 'state'])
      mkdirSync(path.join(this.#apt, folder), { recursive: true });
    writeFileSync(path.join(this.#apt, 'status'), '');
    writeFileSync(path.join(this.#apt, 'sources.list'), await this.#sourcesList());
    await step(`Reading the package lists of Debian ${this.#suite}/${this.#architecture}`, () =>
      run('apt-get', [...this.#options(), '-q', '-o', 'APT::Update::Error-Mode=any', 'update']),
    );
    writeFileSync(path.join(this.#apt, 'updated'), '');
  }

  /** The lines for sources.list: packages and sources of the suite, believed only with Debian's signature. */
  async #sourcesList() {
    const mirror = await debianMirror();
    return ['deb', 'deb-src'].map((kind) => `${kind} [signed-by=${KEYRING}] ${mirror} ${this.#suite} main\n`).join('');
  }

  /** Settings as apt's -o options: they win over every file of the host's configuration. @returns {string[]} */
  #options() {
    const apt = this.#apt;
    const settings = {
      'Dir::State': `${apt}/state`,
      'Dir::State::lists': `${apt}/lists`,
      'Dir::State::status': `${apt}/status`,
      'Dir::Cache': `${apt}/cache`,
      'Dir::Etc::sourcelist': `${apt}/sources.list`,
      'Dir::Etc::sourceparts': '/dev/null',
      'Dir::Etc::preferences': '/dev/null',
      'Dir::Etc::preferencesparts': '/dev/null',
      'APT::Architecture': this.#architecture,
      'APT::Architectures': this.#architecture,
      'APT::Sandbox::User': 'root',
      'Acquire::Retries': '3',
      'Acquire::Languages': 'none',
    };
    return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  }
}
