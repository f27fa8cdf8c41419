// SPDX-License-Identifier: MIT
// @ts-check
import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureAptGroups } from '../tools/lib/apt.mjs';
import { cachedFolder, digestOf } from '../tools/lib/cached.mjs';
import { ensureNodeBinary, nodeBinariesFor } from '../tools/lib/node-binaries.mjs';
import { run, SetupError } from '../tools/lib/run.mjs';
import { mergeUsr, releaseOf } from './debian.mjs';
import { group, passwd } from './users.mjs';
import { partOf } from './versions.mjs';

/** What the machine has besides the product: OP-TEE's own client side and tests, and tools to look around. */
const PACKAGES = [
  ...['tee-supplicant', 'libstdc++6'],
  ...['base-files', 'bash', 'busybox-static', 'coreutils', 'dash', 'findutils', 'grep', 'less', 'mawk', 'mount'],
  ...['ncurses-base', 'procps', 'sed', 'strace', 'util-linux'],
];

/** A board's own first process, and what makes its devices. */
const SYSTEMD = ['systemd', 'udev'];

/** Units that need what is not there (a D-Bus, terminals, a network), or would make what every boot would make again. */
const MASKED = [
  ...['systemd-logind.service', 'systemd-firstboot.service', 'systemd-networkd.service', 'systemd-networkd.socket'],
  ...['getty@tty1.service', 'getty-static.service', 'serial-getty@ttyAMA0.service', 'systemd-hwdb-update.service'],
  ...['ldconfig.service', 'systemd-journal-catalog-update.service', 'systemd-sysusers.service'],
  ...['systemd-update-done.service', 'proc-sys-fs-binfmt_misc.automount'],
];

/** OP-TEE's client library, and its tests where a release has them, by the release; all others have what the last one says. */
const CLIENTS = { bookworm: ['libteec1'], others: ['libteec2', 'optee-test-qemu'] };

/** Tools from busybox, where no package of the release brings them. */
const APPLETS = ['clear', 'gzip', 'hexdump', 'insmod', 'ip', 'lsmod', 'nc', 'pidof', 'rmmod', 'tar', 'vi', 'xxd'];

/** Parts of packages that nothing in the machine reads. */
const UNUSED = [
  ...['include', 'share/doc', 'share/info', 'share/lintian', 'share/locale', 'share/man', 'share/perl5'],
  ...['share/bash-completion', 'share/zoneinfo', 'lib/aarch64-linux-gnu/gconv', 'lib/aarch64-linux-gnu/perl-base'],
];

/** How the host gets into the machine. */
const AGENT_UNIT = `[Unit]
Description=The host's way into this machine

[Service]
ExecStart=/usr/lib/optee-machine/start agent
KillMode=process
`;

/** The disk of the secure storage, for units that require the mount. */
const STORAGE_UNIT = `[Unit]
Description=The disk of the secure storage

[Mount]
What=/dev/vdb
Where=/var/lib/optee-client/data
Type=ext4
Options=noatime
`;

/** Mount points, and what packages' scripts would have made. */
const FOLDERS = ['dev', 'proc', 'sys', 'run', 'tmp', 'home', 'root', 'opt', 'mnt', 'etc', 'var/lib/optee-client/data'];

/** @param {string} root */
function placeSettings(root) {
  for (const folder of FOLDERS) mkdirSync(path.join(root, folder), { recursive: true });
  // Where supplicants before 4.0 store.
  symlinkSync('var/lib/optee-client/data', path.join(root, 'data'));
  const etc = path.join(root, 'etc');
  writeFileSync(path.join(etc, 'passwd'), passwd());
  writeFileSync(path.join(etc, 'group'), group());
  writeFileSync(path.join(etc, 'hostname'), 'optee\n');
  writeFileSync(path.join(etc, 'hosts'), '127.0.0.1 localhost optee\n');
  writeFileSync(path.join(etc, 'profile'), "PS1='\\u@\\h:\\w\\$ '\n");
}

/** @param {string} root */
function linkBusybox(root) {
  for (const applet of APPLETS) {
    const at = path.join(root, 'usr', 'bin', applet);
    if (!existsSync(at)) symlinkSync('busybox', at);
  }
}

/**
 * The project's own build, as most boards have it. Debian's lacks V8's snapshot and code cache; on an emulated processor
 * it takes four times as long to start.
 *
 * @param {string} root
 * @param {import('../tools/lib/node-binaries.mjs').NodeBinary} binary
 */
async function placeNode(root, binary) {
  const program = path.join(root, 'usr', 'bin', 'node');
  copyFileSync(await ensureNodeBinary(binary), program);
  chmodSync(program, 0o755);
}

/** What installing systemd would have made, and the agent as one of its services. @param {string} root */
function placeUnits(root) {
  const units = path.join(root, 'etc', 'systemd', 'system');
  const wanted = path.join(units, 'multi-user.target.wants');
  mkdirSync(wanted, { recursive: true });
  writeFileSync(path.join(root, 'etc', 'machine-id'), `${'0'.repeat(31)}1\n`);
  for (const name of MASKED) symlinkSync('/dev/null', path.join(units, name));
  symlinkSync('/usr/lib/systemd/system/multi-user.target', path.join(units, 'default.target'));
  writeFileSync(path.join(units, 'optee-machine.service'), AGENT_UNIT);
  symlinkSync('../optee-machine.service', path.join(wanted, 'optee-machine.service'));
  writeFileSync(path.join(units, 'var-lib-optee\\x2dclient-data.mount'), STORAGE_UNIT);
}

/** @param {string} folder @param {Root} parts */
async function buildRoot(folder, { suite, systemd, node }) {
  const client = suite === 'bookworm' ? CLIENTS.bookworm : CLIENTS.others;
  const packages = [...PACKAGES, ...client, ...(systemd ? SYSTEMD : [])];
  const root = await releaseOf(suite).unpackClosure(folder, packages);
  const unused = systemd ? UNUSED : [...UNUSED, 'lib/systemd'];
  for (const name of unused) rmSync(path.join(root, 'usr', name), { recursive: true, force: true });
  mergeUsr(root);
  if (systemd) placeUnits(root);
  placeSettings(root);
  linkBusybox(root);
  await placeNode(root, node);
  const image = path.join(folder, 'root.squashfs');
  // lz4 is cheap to unpack on an emulated processor and halves what is read.
  await run('mksquashfs', [root, image, '-all-root', '-no-xattrs', '-no-progress', '-comp', 'lz4']);
  copyFileSync(path.join(root, 'usr', 'bin', 'busybox'), path.join(folder, 'busybox'));
  rmSync(root, { recursive: true });
}

/** @typedef {{ suite: string, systemd: boolean, node: import('../tools/lib/node-binaries.mjs').NodeBinary }} Root */

/**
 * The machine's root file system: Debian packages, unpacked, never installed. It is read only; each boot lays a
 * file system in memory over it.
 *
 * @param {string} suite
 * @param {boolean} [systemd] whether systemd is its first process
 * @returns {Promise<string>} a folder with `root.squashfs`, and `busybox` for use before it is mounted.
 */
export function ensureRootImage(suite, systemd = false) {
  const here = fileURLToPath(import.meta.url);
  const [node] = nodeBinariesFor('arm64');
  if (!node) throw new SetupError('tools/lib/node-binaries.json has no Node.js for the machine');
  const root = { suite, systemd, node };
  const inputs = { ...root, files: digestOf([here, path.join(path.dirname(here), 'users.mjs')]) };
  return cachedFolder(
    partOf(systemd ? 'root-systemd' : 'root', suite),
    inputs,
    "Fetching the machine's root file system",
    async (unfinished) => {
      await ensureAptGroups('machine-images');
      await buildRoot(unfinished, root);
    },
  );
}
