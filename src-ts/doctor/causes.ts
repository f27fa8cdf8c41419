// SPDX-License-Identifier: MIT
/**
 * Everything that the doctor can find wrong or worth knowing: one table for the checks, the tests and
 * docs/troubleshooting.md. Names in braces stand for what is found on the machine; `example` is what the documentation
 * shows in their place.
 */
import { advice, errorTable, type ErrorCode } from '../errors/table.js';
import { shellWord } from '../util/shell-word.js';
import type { Check, CheckId, CheckStatus } from './diagnosis.js';

interface CauseEntry {
  readonly check: CheckId;
  readonly status: Exclude<CheckStatus, 'ok' | 'unknown'>;
  /** What an application sees of it: the code of an error, or words. */
  readonly symptom: ErrorCode | `${string} ${string}`;
  readonly found: string;
  readonly fix: string;
  readonly example?: Readonly<Record<string, string>>;
}

/** What the table of errors advises, for a cause that is the whole of an error. */
const remedyOf = (code: ErrorCode): string => errorTable[code].remedy;

/** Every cause by its name. */
export const causes = {
  'not-linux': {
    check: 'platform',
    status: 'failed',
    symptom: 'ERR_NO_ADDON',
    found: 'this is {platform}; OP-TEE is reached from Linux',
    fix: "Run it on the board; elsewhere use backend 'simulator' (--backend simulator).",
    example: { platform: 'darwin-arm64' },
  },
  'old-node': {
    check: 'node',
    status: 'failed',
    symptom: 'syntax errors, or methods that are missing',
    found: 'Node.js {version} is older than {minimum}',
    fix: 'Install Node.js {minimum} or later.',
    example: { version: '18.20.4', minimum: '20' },
  },
  'in-container': {
    check: 'container',
    status: 'note',
    symptom: 'ERR_NO_DEVICE or ERR_PERMISSION in the container only',
    found: 'this is a container ({kind}): device, group and supplicant are those of its host',
    fix: 'Where the device or its group is missing here, pass it in: docker run --device /dev/tee0 --group-add GROUP-ID.',
    example: { kind: 'docker' },
  },
  'no-addon': {
    check: 'addon',
    status: 'failed',
    symptom: 'ERR_NO_ADDON',
    found: '{error}',
    fix: remedyOf('ERR_NO_ADDON'),
    example: { error: 'the native addon could not be loaded: linux-riscv64, glibc 2.41: there is no binary for it' },
  },
  'no-libteec': {
    check: 'libteec',
    status: 'failed',
    symptom: 'ERR_NO_LIBTEEC',
    found: 'neither libteec.so.2 nor libteec.so.1 can be loaded',
    fix: remedyOf('ERR_NO_LIBTEEC'),
  },
  'foreign-libteec': {
    check: 'libteec',
    status: 'failed',
    symptom: 'ERR_NO_LIBTEEC',
    found: 'there is a libteec that cannot be used: {error}',
    fix: 'Install the TEE client library of this system again (libteec2 or libteec1 on Debian, nvidia-l4t-optee on Jetson).',
    example: { error: '/lib/libteec.so.2: undefined symbol: TEEC_InitializeContext' },
  },
  'no-firmware': {
    check: 'driver',
    status: 'failed',
    symptom: 'ERR_NO_DEVICE',
    found: 'the kernel has no TEE, and the device tree names no OP-TEE (/firmware/optee)',
    fix: "Boot with firmware that starts OP-TEE and tells Linux so in the device tree; on a machine without OP-TEE develop with backend 'simulator'.",
  },
  'no-driver': {
    check: 'driver',
    status: 'failed',
    symptom: 'ERR_NO_DEVICE',
    found: 'the firmware has OP-TEE, but no driver for it is at work',
    fix: advice.loadDriver,
  },
  'other-tee': {
    check: 'driver',
    status: 'failed',
    symptom: 'ERR_NO_DEVICE',
    found: '{device} is not OP-TEE but {implementation}',
    fix: "This machine has another kind of TEE: use a board with OP-TEE, or backend 'simulator' for development.",
    example: { device: '/dev/tee0', implementation: "AMD's TEE" },
  },
  'no-device': {
    check: 'device',
    status: 'failed',
    symptom: 'ERR_NO_DEVICE',
    found: 'the driver has {device}, but there is no {node}',
    fix: `Let udev or devtmpfs make it (mount -t devtmpfs devtmpfs /dev). ${advice.passDevice}`,
    example: { device: 'tee0', node: '/dev/tee0' },
  },
  'no-permission': {
    check: 'permission',
    status: 'failed',
    symptom: 'ERR_PERMISSION',
    found: 'user {user} may not open {node} (mode {mode}, group {group})',
    fix: '{remedy}',
    example: {
      user: '1000',
      node: '/dev/tee0',
      mode: '0660',
      group: 'tee',
      remedy:
        '/dev/tee0 belongs to group tee: run "sudo usermod -aG tee USER", then log in or start the service again. ' +
        'In a container pass the group in (docker run --group-add).',
    },
  },
  'no-group': {
    check: 'permission',
    status: 'failed',
    symptom: 'ERR_PERMISSION',
    found: '{node} (mode {mode}, group {group}) is open to no group of users',
    fix: '{remedy}',
    example: {
      node: '/dev/tee0',
      mode: '0600',
      group: 'root',
      remedy:
        '/dev/tee0 belongs to group root and is not open to a group of users. Add a udev rule such as ' +
        'KERNEL=="tee[0-9]*", MODE="0660", GROUP="tee" and then this user to that group (usermod -aG tee USER).',
    },
  },
  'no-supplicant': {
    check: 'supplicant',
    status: 'failed',
    symptom: 'ERR_NO_SUPPLICANT',
    found: 'no tee-supplicant is running',
    fix: remedyOf('ERR_NO_SUPPLICANT'),
  },
  'supplicant-stopped': {
    check: 'supplicant',
    status: 'failed',
    symptom: 'ERR_TIMEOUT',
    found: 'tee-supplicant (process {pid}) is stopped by a signal or a debugger',
    fix: 'Let it go on: sudo kill -CONT {pid}.',
    example: { pid: '182' },
  },
  'supplicant-hangs': {
    check: 'supplicant',
    status: 'failed',
    symptom: 'ERR_TIMEOUT',
    found: 'no answer in time from the TEE; tee-supplicant {process}',
    fix: 'Look at the supplicant and the disk that it writes to (dmesg), then restart it: sudo systemctl restart tee-supplicant.',
    example: { process: 'runs as process 182' },
  },
  'no-ta': {
    check: 'ta',
    status: 'failed',
    symptom: 'ERR_TA_NOT_FOUND',
    found: 'Trusted Application {uuid} is not installed in {folder}',
    fix: remedyOf('ERR_TA_NOT_FOUND').replaceAll('UUID', '{uuid}').replace(advice.taFolder, '{folder}'),
    example: { uuid: 'ff06ae7c-d9e8-40c7-ab24-86ad69bffce7', folder: '/lib/optee_armtz' },
  },
  'unreadable-ta': {
    check: 'ta',
    status: 'failed',
    symptom: 'ERR_TA_NOT_FOUND',
    found: '{file} is there (mode {mode}), but OP-TEE does not get it',
    fix: 'Make the file readable for the user of tee-supplicant, and check that this is the directory it was built for or given (--ta-path).',
    example: { file: '/lib/optee_armtz/ff06ae7c-d9e8-40c7-ab24-86ad69bffce7.ta', mode: '0600' },
  },
  'ta-of-newer-kit': {
    check: 'ta-load',
    status: 'failed',
    symptom: 'ERR_NO_MEMORY',
    found: '{file} was built with a kit of OP-TEE 4.0 or later, and this OP-TEE{optee} does not find its header',
    fix: 'Install the one of this package (sudo optee-storage ta install), or build it with "optee-storage ta build": both run on every OP-TEE.',
    example: { file: '/lib/optee_armtz/ff06ae7c-d9e8-40c7-ab24-86ad69bffce7.ta', optee: ' 3.22' },
  },
  'no-memory-to-load': {
    check: 'ta-load',
    status: 'failed',
    symptom: 'ERR_NO_MEMORY',
    found: 'the secure world has no memory left to start the Trusted Application',
    fix: remedyOf('ERR_NO_MEMORY'),
  },
  'optee-files': {
    check: 'ta-load',
    status: 'failed',
    symptom: 'ERR_CORRUPT from open(), for every user',
    found: '{error}',
    fix: '{remedy}',
    example: {
      error: 'OP-TEE starts no TA, for its own files in the storage directory are not as it left them',
      remedy: 'See [ERR_CORRUPT](errors.md#err_corrupt).',
    },
  },
  'ta-signature': {
    check: 'ta-signature',
    status: 'failed',
    symptom: 'ERR_TA_SIGNATURE',
    found: "the Trusted Application is not signed with the key that this board's OP-TEE trusts, or its file is damaged",
    fix: remedyOf('ERR_TA_SIGNATURE'),
  },
  'ta-protocol': {
    check: 'ta-version',
    status: 'failed',
    symptom: 'ERR_TA_VERSION',
    found: 'the Trusted Application does not speak protocol {protocol} of package {package}',
    fix: remedyOf('ERR_TA_VERSION'),
    example: { protocol: '1', package: '0.1.0' },
  },
  'ta-format': {
    check: 'ta-version',
    status: 'failed',
    symptom: 'ERR_FORMAT_TOO_NEW',
    found: 'what is stored was written by a newer Trusted Application; it has been left untouched',
    fix: remedyOf('ERR_FORMAT_TOO_NEW'),
  },
  'old-kernel': {
    check: 'kernel',
    status: 'failed',
    symptom: 'ERR_KERNEL_TOO_OLD',
    found: 'Linux {release} does not tell the TEE which user is calling',
    fix: remedyOf('ERR_KERNEL_TOO_OLD'),
    example: { release: '4.9.337-tegra' },
  },
  'not-in-group': {
    check: 'identity',
    status: 'failed',
    symptom: 'ERR_NOT_IN_GROUP',
    found: 'this process is no member of group {group}',
    fix: remedyOf('ERR_NOT_IN_GROUP').replace('GROUP', '{group}'),
    example: { group: '2000' },
  },
  'other-identity': {
    check: 'identity',
    status: 'failed',
    symptom: 'ERR_UID_MISMATCH',
    found: 'the TEE attests another identity than the one of user {user}',
    fix: `${advice.keepUser} If nothing does, please report this.`,
    example: { user: '1000' },
  },
  'nested-namespace': {
    check: 'identity',
    status: 'failed',
    symptom: 'ERR_UID_MISMATCH',
    found: 'user {user} of this user namespace cannot be mapped to the one that the kernel attests',
    fix: advice.oneNamespace,
    example: { user: '0' },
  },
  'identity-unverified': {
    check: 'identity',
    status: 'note',
    symptom: 'info() says ownerVerified: false',
    found: 'the owner {owner} is attested by the kernel; this process cannot compute it to compare',
    fix: 'Nothing is wrong with the store; mount /proc, or map the user in the user namespace, to have the second look too.',
    example: { owner: 'fc34275c-d8dd-5ba7-968b-504718363b87' },
  },
  'user-namespace': {
    check: 'user-namespace',
    status: 'note',
    symptom: 'a container sees other keys than its host, or the same',
    found: 'user {user} here is user {outside} outside of this user namespace, and has the keys of that one',
    fix: 'Keep the mapping of the namespace as it is for as long as its keys are needed.',
    example: { user: '0', outside: '100000' },
  },
  'storage-missing': {
    check: 'storage',
    status: 'failed',
    symptom: 'ERR_STORAGE',
    found: "{folder}, the supplicant's storage, does not exist",
    fix: 'Mount or make it (mode 0700, owned by the user of tee-supplicant), then restart tee-supplicant.',
    example: { folder: '/var/lib/tee' },
  },
  'storage-read-only': {
    check: 'storage',
    status: 'failed',
    symptom: 'ERR_TA_DEAD or ERR_STORAGE for every change',
    found: "{folder}, the supplicant's storage, is mounted read-only ({type})",
    fix: 'Mount it for writing, or give tee-supplicant a writable directory (--fs-parent-path).',
    example: { folder: '/var/lib/tee', type: 'ext4' },
  },
  'storage-volatile': {
    check: 'storage',
    status: 'warning',
    symptom: 'keys are gone after a reboot',
    found: "{folder}, the supplicant's storage, is on {type}: it is gone at the next boot",
    fix: 'Mount a partition that lasts there before tee-supplicant starts, or give it another directory (--fs-parent-path).',
    example: { folder: '/var/lib/tee', type: 'tmpfs' },
  },
  'storage-overlay': {
    check: 'storage',
    status: 'warning',
    symptom: 'keys are gone after a reboot or an update',
    found: "{folder}, the supplicant's storage, is on an overlay: it may not outlast a reboot or an update",
    fix: 'Mount a partition that lasts there before tee-supplicant starts, or give it another directory (--fs-parent-path).',
    example: { folder: '/data/tee' },
  },
  'storage-open': {
    check: 'storage',
    status: 'warning',
    symptom: 'others can delete what is stored',
    found: "{folder}, the supplicant's storage, may be written by every user (mode {mode})",
    fix: 'sudo chmod 0700 {folder}',
    example: { folder: '/var/lib/tee', mode: '0777' },
  },
  'storage-shared': {
    check: 'storage',
    status: 'warning',
    symptom: 'others can fill the directory, and see what is in it',
    found: "{folder}, the supplicant's storage, is a directory for the files of every user (mode {mode})",
    fix: 'Give tee-supplicant a directory of its own with mode 0700 (--fs-parent-path). Move what OP-TEE stored there while tee-supplicant is stopped.',
    example: { folder: '/tmp', mode: '1777' },
  },
  'dirf-unprotected': {
    check: 'dirf',
    status: 'warning',
    symptom: 'all is gone after tee-supplicant could open no file',
    found:
      '{file} is not a mount of its own, and tee-supplicant may open {limit} files: if it runs out of them, OP-TEE removes what is stored',
    fix: '{how}',
    example: {
      file: '/data/tee/dirf.db',
      limit: '1024',
      how: 'Store the drop-in for nv-tee-supplicant.service that the doctor prints, then: sudo systemctl daemon-reload && sudo systemctl restart nv-tee-supplicant.service.',
    },
  },
  'few-files': {
    check: 'dirf',
    status: 'warning',
    symptom: 'ERR_STORAGE under load',
    found: 'tee-supplicant may open {limit} files only',
    fix: '{how}',
    example: { limit: '1024', how: 'As above.' },
  },
  'no-space': {
    check: 'space',
    status: 'failed',
    symptom: 'ERR_NO_SPACE or ERR_TA_DEAD for every change',
    found: "the supplicant's file system ({point}) is full: {free} left",
    fix: "Make room on the file system that holds tee-supplicant's data.",
    example: { point: '/var/lib/tee', free: '0 KiB' },
  },
  'little-space': {
    check: 'space',
    status: 'warning',
    symptom: 'ERR_NO_SPACE for large values',
    found: "the supplicant's file system ({point}) is nearly full: {free} left",
    fix: 'Make room there: a change writes all its data, twice, before the old is removed.',
    example: { point: '/var/lib/tee', free: '900 KiB' },
  },
  simulator: {
    check: 'simulator',
    status: 'note',
    symptom: 'info() says secure: false',
    found: 'this is the simulator: it protects nothing',
    fix: "For secrets use backend 'optee' on a board.",
  },
  'simulator-fails': {
    check: 'simulator',
    status: 'failed',
    symptom: 'ERR_NO_SIMULATOR or ERR_SIMULATOR_REFUSED',
    found: '{error}',
    fix: '{remedy}',
    example: {
      error: 'the simulator protects nothing, and NODE_ENV is production',
      remedy: "Use backend 'optee', or change NODE_ENV.",
    },
  },
  'store-fails': {
    check: 'store',
    status: 'failed',
    symptom: 'ERR_CORRUPT, ERR_STORAGE, ERR_NO_SPACE, ERR_TA_DEAD, ERR_NO_MEMORY, ERR_BUSY or ERR_TEE',
    found: '{error}',
    fix: '{remedy}',
    example: { error: 'the text of the error', remedy: 'See [errors.md](errors.md).' },
  },
  'store-healed': {
    check: 'store',
    status: 'warning',
    symptom: 'info() says healed: 1 or more',
    found: 'damaged or lost copies that were restored from their twin since the boot: {count}',
    fix: "Nothing was lost. After a power cut, or a supplicant that was killed, that is all; else look at the medium before it gets worse (dmesg, the file system's check, the age of the flash).",
    example: { count: '2' },
  },
  'quota-near': {
    check: 'quota',
    status: 'warning',
    symptom: 'ERR_QUOTA, now or soon',
    found: 'of the quota {keys} keys and {bytes} are used',
    fix: remedyOf('ERR_QUOTA'),
    example: { keys: '9500 of 10000', bytes: '3 of 16384 KiB' },
  },
  'shared-near': {
    check: 'shared',
    status: 'warning',
    symptom: 'ERR_TOO_MANY_OWNERS or ERR_TOO_MANY_OBJECTS, now or soon',
    found: 'of what all users share {stores} places and {objects} objects are taken',
    fix: 'Remove stores that are not needed any more: see optee-storage owners, and optee-storage owners remove.',
    example: { stores: '60 of 64', objects: '900 of 2048' },
  },
  'rollback-claimed': {
    check: 'rollback',
    status: 'note',
    symptom: 'info() says rollbackProtected: null',
    found:
      'OP-TEE says that its hardware protects (level {level}), as it does of every build with CFG_RPMB_FS=y; whether this storage is protected cannot be seen',
    fix: 'Ask who built OP-TEE: CFG_REE_FS_INTEGRITY_RPMB=n leaves files unprotected. If they are protected, an older copy or an emptied directory is refused for ever: see docs/security.md.',
    example: { level: '1000' },
  },
  'no-rollback-protection': {
    check: 'rollback',
    status: 'note',
    symptom: 'info() says rollbackProtected: false',
    found: 'none (level {level}): anybody who can write to the disk can bring back an older state of the storage',
    fix: 'Where the board has RPMB, build OP-TEE with it (CFG_RPMB_FS, CFG_REE_FS_INTEGRITY_RPMB); else see to the disk.',
    example: { level: '100' },
  },
  'emulated-root-key': {
    check: 'root-key',
    status: 'warning',
    symptom: 'none: secrets are not bound to the hardware',
    found: 'a test key, in all likelihood: this is an emulated machine ({machine})',
    fix: 'Good for tests; keep no real secret here.',
    example: { machine: 'linux,dummy-virt' },
  },
  'open-fuses': {
    check: 'root-key',
    status: 'warning',
    symptom: 'none: secrets are not bound to the hardware',
    found: "it may be a test key that everybody knows: the board's fuses are not closed ({file} is {value})",
    fix: "Burn the board's own key and then SecurityMode (NVIDIA's guide: Fuses and Security), before it stores real secrets: what is stored cannot be read after it.",
    example: { file: '/sys/devices/platform/tegra-fuse/odm_production_mode', value: '0x00000000' },
  },
} as const satisfies Record<string, CauseEntry>;

export type Cause = keyof typeof causes;

/** A cause as it was found: the result of its check. */
export function because(cause: Cause, found: Readonly<Record<string, string | number>> = {}): Check {
  const entry: CauseEntry = causes[cause];
  return { id: entry.check, status: entry.status, found: fill(entry.found, found), fix: fix(entry, found) };
}

/** It may be copied into a shell, where each thing that was found has to stay one word. */
function fix({ fix: template }: CauseEntry, found: Readonly<Record<string, string | number>>): string {
  // A whole text has been made where its parts were known.
  if (/^\{\w+\}$/.test(template)) return fill(template, found);
  return fill(template, Object.fromEntries(Object.entries(found).map(([name, of]) => [name, shellWord(String(of))])));
}

/** Puts what was found in place of the names in braces; a line stays one line. */
export function fill(template: string, found: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => String(found[name] ?? `{${name}}`).replace(/\s+/g, ' '));
}
