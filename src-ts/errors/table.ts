// SPDX-License-Identifier: MIT
/** The exit codes of the command line. */
export const Exit = {
  OK: 0,
  ERROR: 1,
  USAGE: 2,
  NOT_FOUND: 3,
  CONFLICT: 4,
  NOT_AVAILABLE: 5,
  TIMEOUT: 124,
  COMMAND_NOT_STARTED: 126,
  COMMAND_NOT_FOUND: 127,
} as const;

/** Whether the same call may be made again as it was, if it is known to have changed nothing. */
export const Retry = {
  /** It fails in the same way until something else is changed. */
  NO: 'no',
  /** It may succeed a little later, without anybody doing anything. */
  LATER: 'later',
  /** Somebody else has made a change: read the key, then decide. */
  READ_FIRST: 'read-first',
} as const;

interface ErrorEntry {
  /** What happened, without a full stop. */
  readonly meaning: string;
  /** What usually leads to it, each without a full stop. */
  readonly causes: readonly string[];
  /** What to do next, as whole sentences. */
  readonly remedy: string;
  /** One of {@link Retry}. */
  readonly retry: (typeof Retry)[keyof typeof Retry];
  /** Whether a change that fails so may have been made nevertheless: `outcomeUnknown` of the error tells. */
  readonly undecided?: true;
  /** The exit code of the command line, one of {@link Exit}. */
  readonly exit: number;
}

/** Advice for one of several causes of an error, for whoever knows which it is: the doctor. */
export const advice = {
  loadDriver:
    'Load the driver: sudo modprobe optee, at every boot by a line "optee" in /etc/modules-load.d/optee.conf; then see ' +
    'dmesg | grep -i tee.',
  passDevice: 'In a container pass the device in: docker run --device /dev/tee0.',
  taFolder: 'the directory from which tee-supplicant loads Trusted Applications, usually /lib/optee_armtz',
  keepUser: 'Do not change the user while a store is being opened.',
  oneNamespace: 'Run the process in the outermost user namespace or one level below, not in nested ones.',
} as const;

/**
 * Every error of this package by its stable code: what it means, where it comes from, what to do next, whether to try
 * again, and the command line's exit code. Messages, exit codes and docs/errors.md come from here.
 */
export const errorTable = {
  ERR_INVALID_ARG: {
    meaning: 'an argument or option is not valid',
    causes: [
      'a value of the wrong type or out of range',
      'an option that the method does not have, for example one that is misspelt',
      'ifAbsent and ifRevision together',
      'OPTEE_STORAGE_BACKEND in the environment names no backend',
    ],
    remedy: 'See docs/api.md of the package, which has the types and limits of each method.',
    retry: Retry.NO,
    exit: Exit.USAGE,
  },
  ERR_INVALID_KEY: {
    meaning: 'the key is not valid',
    causes: [
      'an empty key',
      'a control character (U+0000 to U+001F, U+007F), for example the line break at the end of a line that was read',
      'half of a surrogate pair, so that the string is not well-formed Unicode',
    ],
    remedy: 'Use 1 to 1024 bytes of UTF-8 without control characters.',
    retry: Retry.NO,
    exit: Exit.USAGE,
  },
  ERR_KEY_TOO_LONG: {
    meaning: 'the key is longer than 1024 bytes in UTF-8',
    causes: [
      'bytes are counted, not characters: in UTF-8 a character has up to four',
      'a value was given in place of the key',
    ],
    remedy: 'Use a shorter key.',
    retry: Retry.NO,
    exit: Exit.USAGE,
  },
  ERR_VALUE_TOO_LARGE: {
    meaning: 'the value is larger than 1 MiB',
    causes: ['a file of data rather than a secret'],
    remedy: 'Keep the data encrypted in a file and only its key in secure storage.',
    retry: Retry.NO,
    exit: Exit.ERROR,
  },
  ERR_BATCH_TOO_LARGE: {
    meaning: 'the batch is larger than one request can hold',
    causes: ['more than 1024 operations', 'more than 1152 KiB of keys and values together'],
    remedy: 'Split it; a batch holds up to 1024 operations and 1152 KiB of keys and values.',
    retry: Retry.NO,
    exit: Exit.ERROR,
  },
  ERR_NOT_UTF8: {
    meaning: 'the value is not well-formed UTF-8',
    causes: ['the value is not text, or text of another encoding'],
    remedy: 'Read it without an encoding, as a Buffer.',
    retry: Retry.NO,
    exit: Exit.ERROR,
  },
  ERR_USAGE: {
    meaning: 'the command line is not valid',
    causes: [
      'an unknown command or option',
      'a missing or surplus argument',
      'a value on the command line, where other users could read it',
    ],
    remedy: 'See "optee-storage --help".',
    retry: Retry.NO,
    exit: Exit.USAGE,
  },
  ERR_INPUT: {
    meaning: 'the value could not be read',
    causes: [
      'the file is not there or not readable',
      'the two entries at the prompt differ, or a text of several lines was pasted there',
      'there is neither standard input nor a terminal',
      'the value is empty, as where the program before a pipe has failed',
    ],
    remedy: 'Give it on standard input, with --file, or at the prompt of a terminal.',
    retry: Retry.NO,
    exit: Exit.ERROR,
  },
  ERR_ENV_VALUE: {
    meaning: 'the value cannot be put into an environment variable',
    causes: ['the value is not UTF-8 text, or has a NUL byte', 'it is larger than 128 KiB'],
    remedy:
      'Give the command a file instead, with --file-env; an environment variable is UTF-8 text of at most 128 KiB.',
    retry: Retry.NO,
    exit: Exit.ERROR,
  },
  ERR_COMMAND: {
    meaning: 'the command cannot be started',
    causes: ['the file is not executable', 'it is for another machine, or its interpreter is not there'],
    remedy: 'Check that it is an executable file for this machine, and what it needs.',
    retry: Retry.NO,
    exit: Exit.COMMAND_NOT_STARTED,
  },
  ERR_NO_COMMAND: {
    meaning: 'the command was not found',
    causes: ['it is not in a folder of PATH, which services have a short one of', 'its name is misspelt'],
    remedy: 'Give its path, or check PATH.',
    retry: Retry.NO,
    exit: Exit.COMMAND_NOT_FOUND,
  },
  ERR_NOT_FOUND: {
    meaning: 'there is no such key for this user and domain',
    causes: [
      'another user stored it: a service has a user of its own, and sudo makes one root',
      'it is in another domain, or belongs to a group',
      'it was stored on another device: secrets do not travel with an image of the disk',
    ],
    remedy: 'List the keys that exist with "optee-storage list"; another user or domain has keys of its own.',
    retry: Retry.NO,
    exit: Exit.NOT_FOUND,
  },
  ERR_EXISTS: {
    meaning: 'the key exists already',
    causes: ['the key was stored before, maybe by another process of the same user'],
    remedy: 'Read it, or store without the condition to replace it.',
    retry: Retry.READ_FIRST,
    exit: Exit.CONFLICT,
  },
  ERR_CONFLICT: {
    meaning: 'the key does not have the expected revision: it was changed or deleted meanwhile',
    causes: ['another process of the same user was quicker', 'the revision was kept from long ago'],
    remedy: 'Read it again and decide anew.',
    retry: Retry.READ_FIRST,
    exit: Exit.CONFLICT,
  },
  ERR_QUOTA: {
    meaning: 'the change would exceed the quota of this user',
    causes: [
      'more keys or bytes than one user may have (10 000 keys and 16 MiB, unless the Trusted Application was built with other numbers)',
    ],
    remedy:
      'Delete what is not needed any more, in every domain of this owner; or build the Trusted Application with a larger ' +
      'quota. info() shows the quota and what is used of it.',
    retry: Retry.NO,
    exit: Exit.ERROR,
  },
  ERR_TOO_MANY_OWNERS: {
    meaning: 'there is no place for the store of another user or group; nothing has changed',
    causes: [
      'stores of users or groups that are not used any more still have their places (64, unless the Trusted Application was built with another number)',
      'the id of this user or group is 65536 or higher, or not known, and the 16 places that such ids share are taken',
    ],
    remedy:
      'As root, list the stores with "optee-storage owners" and remove those that are not needed any more with ' +
      '"optee-storage owners remove". A store without keys gives up its place by itself.',
    retry: Retry.NO,
    exit: Exit.ERROR,
  },
  ERR_TOO_MANY_OBJECTS: {
    meaning: 'the objects that all users of the TEE share are used up; nothing has changed',
    causes: [
      'this user and others have stored many keys and large values (all of them share 2048 objects, unless the Trusted Application was built with another number)',
      'the id of this user or group is 65536 or higher, or not known: such ids share 256 objects',
    ],
    remedy:
      'Delete keys that are not needed any more, large values first. As root, see who has how many with "optee-storage ' +
      'owners", and remove stores that are not needed any more with "optee-storage owners remove".',
    retry: Retry.NO,
    exit: Exit.ERROR,
  },
  ERR_NOT_ROOT: {
    meaning: 'only root may list and remove the stores of others',
    causes: [
      'the process runs as another user than root (user 0 outside of all user namespaces)',
      "the store was opened for a group: root's own store is needed",
    ],
    remedy: 'Run it as root (sudo), with a store that was opened without a group.',
    retry: Retry.NO,
    exit: Exit.ERROR,
  },
  ERR_NO_SPACE: {
    meaning: 'the storage of the TEE is full',
    causes: [
      "the file system with tee-supplicant's data is full, or its quota or inodes are used up",
      'OP-TEE stores in RPMB alone (CFG_REE_FS=n), and that small partition of the eMMC is full, whatever room the file system has',
    ],
    remedy:
      "Make room on the file system that holds tee-supplicant's data, or the simulator's. If it has room, OP-TEE stores " +
      'in RPMB, whose size is fixed: delete keys that are not needed, or store smaller values.',
    retry: Retry.NO,
    exit: Exit.ERROR,
  },
  ERR_CORRUPT: {
    meaning: 'what is stored was damaged or lost on the medium, both copies of it',
    causes: [
      'files of the secure storage were deleted, changed, or restored only in part',
      "one of OP-TEE's own files in the directory of tee-supplicant is damaged: then no store opens, and all is there once it is put back",
      'OP-TEE keeps the state of the storage in RPMB, and the directory is an older copy, or was removed or emptied: then no store opens, and only the newest state is accepted',
      'the medium fails',
    ],
    remedy:
      'Find out what damaged the storage before anything else; other keys may still work. If there is a copy of the whole ' +
      'storage directory, and OP-TEE has no rollback protection (with it, info() shows antiRollback 1000, and older copies are refused), put it back with tee-supplicant stopped, then reboot: until then reads may answer from memory. Otherwise store the key again, or delete it. Where that ' +
      'is refused in the same way, keys beside it are lost too: clear({ prefix, confirm: true }), or "optee-storage clear ' +
      'PREFIX --yes", forgets them, and deletes every sound key that begins with PREFIX; copy those first. Where no key ' +
      'can be read and there is no copy, "optee-storage clear --all --yes" begins anew, with nothing.',
    retry: Retry.NO,
    exit: Exit.ERROR,
  },
  ERR_STORAGE: {
    meaning: 'the storage of the TEE is not available',
    causes: [
      "tee-supplicant's data directory is not mounted yet, not writable, or on a failing medium",
      'tee-supplicant cannot open more files: restart it before anything else is stored (docs/security.md has why, and what prevents it)',
      'the directory of the simulator is not usable',
    ],
    remedy:
      'Check that tee-supplicant runs, that its data directory is mounted and writable, or that of the simulator whole, ' +
      'then try again.',
    retry: Retry.LATER,
    undecided: true,
    exit: Exit.NOT_AVAILABLE,
  },
  ERR_FORMAT_TOO_NEW: {
    meaning: 'what is stored was written by a newer Trusted Application; it has been left untouched',
    causes: ['the Trusted Application was replaced by an older one, for example by an update that was rolled back'],
    remedy: 'Install the newer Trusted Application again.',
    retry: Retry.NO,
    exit: Exit.NOT_AVAILABLE,
  },
  ERR_SIMULATOR_REFUSED: {
    meaning: 'the simulator protects nothing, and NODE_ENV is production',
    causes: ['OPTEE_STORAGE_BACKEND=simulator was left in the environment of a device'],
    remedy:
      "Use backend 'optee'. Where nothing secret is stored, open with simulator: { allowInProduction: true }; " +
      'for the command line, change NODE_ENV.',
    retry: Retry.NO,
    exit: Exit.NOT_AVAILABLE,
  },
  ERR_NO_SIMULATOR: {
    meaning: 'the simulator does not run',
    causes: [
      'a bundler has put the package into one file',
      'worker threads are not allowed',
      'the current directory of the process was deleted',
    ],
    remedy:
      'It is loaded from files of this package in a thread: a bundler must leave optee-secure-storage out (external), ' +
      'and Node.js must allow worker threads.',
    retry: Retry.NO,
    undecided: true,
    exit: Exit.NOT_AVAILABLE,
  },
  ERR_NO_ADDON: {
    meaning: 'the native addon could not be loaded',
    causes: [
      'the package has no binary for this platform or C library',
      'files were left out when the application was packed, for example by asar without asarUnpack',
      'the C library is older than glibc 2.28',
    ],
    remedy:
      'Install the package on this platform again, all of its files. For a platform without a binary build the addon: ' +
      'npm install cmake-js node-addon-api node-api-headers, then npx --no cmake-js compile --directory ' +
      'node_modules/optee-secure-storage (docs/from-source.md).',
    retry: Retry.NO,
    exit: Exit.NOT_AVAILABLE,
  },
  ERR_NO_LIBTEEC: {
    meaning: 'libteec, the TEE client library, could not be loaded',
    causes: ['it is not installed, for example in a container', 'only the version for another architecture is'],
    remedy:
      'Install it: the package is libteec2 or libteec1 on Debian, part of nvidia-l4t-optee on Jetson. ' +
      'On a machine without a TEE develop with the simulator (OPTEE_STORAGE_BACKEND=simulator in the environment).',
    retry: Retry.NO,
    exit: Exit.NOT_AVAILABLE,
  },
  ERR_NO_DEVICE: {
    meaning: 'there is no TEE device (/dev/tee0)',
    causes: [
      'the board boots without OP-TEE',
      'the kernel lacks the driver, or its module is not loaded',
      'a container without the device',
      'this is not such a board: for development there is the simulator',
    ],
    remedy: `Check that the board boots with OP-TEE. ${advice.loadDriver} ${advice.passDevice}`,
    retry: Retry.NO,
    exit: Exit.NOT_AVAILABLE,
  },
  ERR_PERMISSION: {
    meaning: 'this process may not open the TEE device',
    causes: [
      'the user is not in the group that owns the device',
      'the user was put into it, but the service or session has not been started again since',
      'another program started this one as that user without its groups, as spawn({ uid, gid }) of Node.js does',
      'a container without the group, or a sandbox of systemd (DeviceAllow)',
    ],
    remedy: 'Give this user access to the device.',
    retry: Retry.NO,
    exit: Exit.NOT_AVAILABLE,
  },
  ERR_NO_SUPPLICANT: {
    meaning: 'no tee-supplicant serves the TEE',
    causes: [
      'its service is not started, or starts later than this program',
      'it has just been restarted',
      'it died amid a call, and another one cannot start before the process that made that call has ended',
    ],
    remedy:
      'Start it: sudo systemctl enable --now tee-supplicant (nv-tee-supplicant on Jetson). If it does not start, restart ' +
      'the service that was waiting for it when it died.',
    retry: Retry.LATER,
    undecided: true,
    exit: Exit.NOT_AVAILABLE,
  },
  ERR_KERNEL_TOO_OLD: {
    meaning: 'the kernel does not tell the TEE which user is calling',
    causes: ['Linux before 5.8, such as JetPack 4 has'],
    remedy: 'Run Linux 5.8 or later (on Jetson: JetPack 5 or later); before it, users cannot be told apart.',
    retry: Retry.NO,
    exit: Exit.NOT_AVAILABLE,
  },
  ERR_TA_NOT_FOUND: {
    meaning: 'the Trusted Application is not installed',
    causes: [
      'it was never installed, or an update of the root file system removed it',
      'tee-supplicant looks in another directory',
      'taUuid names another one than was built',
    ],
    remedy:
      `Copy UUID.ta into ${advice.taFolder} ` +
      '(sudo optee-storage ta install UUID.ta; that of the package without naming a file).',
    retry: Retry.NO,
    exit: Exit.NOT_AVAILABLE,
  },
  ERR_TA_SIGNATURE: {
    meaning: "the Trusted Application is not signed with the key that this board's OP-TEE trusts",
    causes: [
      'the development key signed it, which a board with keys of its own does not trust',
      'the development key of the other OP-TEE signed it: OP-TEE publishes another one from 4.7 on',
      'the file is damaged or not complete',
    ],
    remedy:
      "Sign it with the board's key (optee-storage ta sign, or make -C ta TA_SIGN_KEY=...) and install it again. On a board " +
      "that trusts OP-TEE's published key: sudo optee-storage ta install --optee RELEASE takes the right one of two.",
    retry: Retry.NO,
    exit: Exit.NOT_AVAILABLE,
  },
  ERR_TA_VERSION: {
    meaning: 'the Trusted Application does not fit this version of the package',
    causes: [
      'package and Trusted Application were updated one without the other',
      'another Trusted Application answers under this UUID',
    ],
    remedy:
      'Install the Trusted Application that comes with this package (optee-storage ta install). Then reboot: that ends ' +
      'the old one.',
    retry: Retry.NO,
    exit: Exit.NOT_AVAILABLE,
  },
  ERR_TA_FILE: {
    meaning: 'the file is no Trusted Application',
    causes: [
      'the signed file was given where the ELF file is wanted, or the other way round',
      'a file that was cut short or damaged on its way',
      "a TA built with a UUID other than its header's",
    ],
    remedy:
      'Give what "optee-storage ta build" or "make -C ta" has made: UUID.stripped.elf to sign, UUID.ta to install.',
    retry: Retry.NO,
    exit: Exit.ERROR,
  },
  ERR_TA_BUILD: {
    meaning: 'the Trusted Application could not be built',
    causes: [
      'the folder given is no TA development kit',
      'make, the cross compiler or a module of Python is not installed',
      'a compiler that does not fit the kit',
    ],
    remedy: 'Correct what make reports; see "optee-storage ta build --help".',
    retry: Retry.NO,
    exit: Exit.ERROR,
  },
  ERR_SIGNING_KEY: {
    meaning: 'the key or signature does not fit',
    causes: [
      'a public key was given to sign with, or the key is not RSA of 2048 to 4096 bits',
      'a passphrase that is wrong, or no terminal to ask for it',
      'a signature over the digest of another ELF file, algorithm or TA version',
    ],
    remedy: 'Use the RSA key whose public half was built into the OP-TEE of the board, or a signature made with it.',
    retry: Retry.NO,
    exit: Exit.ERROR,
  },
  ERR_TA_INSTALL: {
    meaning: 'the Trusted Application could not be installed',
    causes: [
      'the command was not run as root, or the root file system is read-only',
      'there is no directory of Trusted Applications, or more than one',
      'the one that is installed has a higher TA version',
    ],
    remedy: 'See "optee-storage ta install --help".',
    retry: Retry.NO,
    exit: Exit.ERROR,
  },
  ERR_OUTPUT: {
    meaning: 'the output could not be written',
    causes: ['the folder of the file does not exist or may not be written to', 'the file system is full'],
    remedy: 'Name a file in a folder that exists and may be written to, with --output.',
    retry: Retry.NO,
    exit: Exit.ERROR,
  },
  ERR_TA_DEAD: {
    meaning: 'the Trusted Application died',
    causes: [
      'the storage failed or is full, and the supplicant did not say why, so that OP-TEE ended the Trusted Application',
      'tee-supplicant was restarted in the middle of a request',
      'the secure world ran out of memory',
      'a defect',
    ],
    remedy: "Try again; the session is opened anew. If it happens again, look at the secure world's log.",
    retry: Retry.LATER,
    undecided: true,
    exit: Exit.ERROR,
  },
  ERR_NOT_IN_GROUP: {
    meaning: 'this process is not a member of the group',
    causes: [
      'the user is not in the group',
      'the user was put into it, but the service or session has not been started again since',
      'the process gave the group up (setgroups), or was started without it, as by spawn({ uid, gid }) of Node.js',
    ],
    remedy: 'Add its user to the group (sudo usermod -aG GROUP USER) and log in or start the service again.',
    retry: Retry.NO,
    exit: Exit.NOT_AVAILABLE,
  },
  ERR_UID_MISMATCH: {
    meaning: 'the TEE attests another identity than the one this process has',
    causes: [
      'the process changed its user while a store was being opened',
      'nested user namespaces',
      'something between this process and the Trusted Application speaks for another user',
    ],
    remedy: `${advice.keepUser} ${advice.oneNamespace}`,
    retry: Retry.NO,
    exit: Exit.ERROR,
  },
  ERR_UID_CHANGED: {
    meaning: 'the effective user of this process is not the one that opened the store',
    causes: ['the process opened the store as one user and went on as another (setuid, seteuid)'],
    remedy: 'Close the store before changing the user and open another one afterwards.',
    retry: Retry.NO,
    exit: Exit.ERROR,
  },
  ERR_TIMEOUT: {
    meaning: 'the TEE did not answer in time',
    causes: [
      'tee-supplicant hangs, or its storage is very slow',
      'another Trusted Application holds the secure world for long',
      'the deadline is shorter than the storage needs',
      'a call before it has not come back: calls wait for their turn, each until its own deadline',
      'in the simulator: another process uses its directory, or was stopped while it did; the message names it',
    ],
    remedy:
      'Check that tee-supplicant runs and answers; allow more time (timeoutMs, --timeout) if the storage is merely slow. ' +
      'Until it is done, a request goes on for as long as this process lives; the end of the process cuts it off.',
    retry: Retry.LATER,
    undecided: true,
    exit: Exit.TIMEOUT,
  },
  ERR_CLOSED: {
    meaning: 'the store is closed',
    causes: ['close() was called, or an await using block has ended', 'the MemoryTee of the store was closed'],
    remedy: 'Open another one with SecureStorage.open().',
    retry: Retry.NO,
    undecided: true,
    exit: Exit.ERROR,
  },
  ERR_BUSY: {
    meaning: 'the TEE cannot take another request now',
    causes: ['far more calls at once than the TEE answers', 'other programs use all threads of the secure world'],
    remedy: 'Wait for requests under way to end, then try again.',
    retry: Retry.LATER,
    exit: Exit.ERROR,
  },
  ERR_NO_MEMORY: {
    meaning: 'the TEE has no memory left for this request',
    causes: [
      'hundreds of sessions are open at once',
      'other Trusted Applications hold the memory of the secure world',
      'from open(): the Trusted Application was built with the kit of OP-TEE 4.0 or later, and the board has an older OP-TEE',
    ],
    remedy: 'Try again later or with smaller values; other Trusted Applications may be using the memory.',
    retry: Retry.LATER,
    exit: Exit.ERROR,
  },
  ERR_PROTOCOL: {
    meaning: 'the answer of the Trusted Application breaks the protocol',
    causes: ['another Trusted Application answers under this UUID', 'a defect'],
    remedy: 'Install the Trusted Application that comes with this package; if it is, please report this.',
    retry: Retry.NO,
    undecided: true,
    exit: Exit.ERROR,
  },
  ERR_TEE: {
    meaning: 'the TEE refused the request',
    causes: [
      'a result that this package does not know: the message has it with its origin',
      'the driver or the secure world is not set up as it should be',
    ],
    remedy: "Look at the secure world's log and at dmesg.",
    retry: Retry.NO,
    exit: Exit.ERROR,
  },
} as const satisfies Record<string, ErrorEntry>;

/** The stable codes of {@link SecureStorageError}; docs/errors.md tells of each. */
export type ErrorCode = keyof typeof errorTable;

/** What the table has about a code. */
export function entryOf(code: ErrorCode): ErrorEntry {
  return errorTable[code];
}
