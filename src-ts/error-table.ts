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

interface ErrorEntry {
  /** What happened, without a full stop. */
  readonly meaning: string;
  /** What to do next, as whole sentences. */
  readonly remedy: string;
  /** The exit code of the command line, one of {@link Exit}. */
  readonly exit: number;
}

/**
 * Every error of this package by its stable code: what it means, what to do next, and the command line's exit code.
 * Messages, exit codes and the documentation come from here.
 */
export const errorTable = {
  ERR_INVALID_ARG: {
    meaning: 'an argument or option is not valid',
    remedy: "Correct the call; types and limits are in the method's documentation.",
    exit: Exit.USAGE,
  },
  ERR_INVALID_KEY: {
    meaning: 'the key is not valid',
    remedy: 'Use 1 to 1024 bytes of UTF-8 without control characters.',
    exit: Exit.USAGE,
  },
  ERR_KEY_TOO_LONG: {
    meaning: 'the key is longer than 1024 bytes in UTF-8',
    remedy: 'Use a shorter key.',
    exit: Exit.USAGE,
  },
  ERR_VALUE_TOO_LARGE: {
    meaning: 'the value is larger than 1 MiB',
    remedy: 'Keep the data encrypted in a file and only its key in secure storage.',
    exit: Exit.ERROR,
  },
  ERR_BATCH_TOO_LARGE: {
    meaning: 'the batch is larger than one request can hold',
    remedy: 'Split it; a batch holds up to 1024 operations and 1152 KiB of keys and values.',
    exit: Exit.ERROR,
  },
  ERR_NOT_UTF8: {
    meaning: 'the value is not well-formed UTF-8',
    remedy: 'Read it without an encoding, as a Buffer.',
    exit: Exit.ERROR,
  },
  ERR_USAGE: {
    meaning: 'the command line is not valid',
    remedy: 'See "optee-storage --help".',
    exit: Exit.USAGE,
  },
  ERR_INPUT: {
    meaning: 'the value could not be read',
    remedy: 'Give it on standard input, with --file, or at the prompt of a terminal.',
    exit: Exit.ERROR,
  },
  ERR_ENV_VALUE: {
    meaning: 'the value cannot be put into an environment variable',
    remedy:
      'Give the command a file instead, with --file-env; an environment variable is UTF-8 text of at most 128 KiB.',
    exit: Exit.ERROR,
  },
  ERR_COMMAND: {
    meaning: 'the command cannot be started',
    remedy: 'Check that it is an executable file for this machine, and what it needs.',
    exit: Exit.COMMAND_NOT_STARTED,
  },
  ERR_NO_COMMAND: {
    meaning: 'the command was not found',
    remedy: 'Give its path, or check PATH.',
    exit: Exit.COMMAND_NOT_FOUND,
  },
  ERR_NOT_FOUND: {
    meaning: 'there is no such key for this user and domain',
    remedy: 'List the keys that exist with "optee-storage list"; another user or domain has keys of its own.',
    exit: Exit.NOT_FOUND,
  },
  ERR_EXISTS: {
    meaning: 'the key exists already',
    remedy: 'Read it, or store without the condition to replace it.',
    exit: Exit.CONFLICT,
  },
  ERR_CONFLICT: {
    meaning: 'the key does not have the expected revision: it was changed or deleted meanwhile',
    remedy: 'Read it again and decide anew.',
    exit: Exit.CONFLICT,
  },
  ERR_QUOTA: {
    meaning: 'the change would exceed the quota of this user',
    remedy: 'Delete what is not needed any more; info() shows the quota and what is used of it over all domains.',
    exit: Exit.ERROR,
  },
  ERR_NO_SPACE: {
    meaning: 'the storage of the TEE is full',
    remedy: "Make room on the file system that holds tee-supplicant's data.",
    exit: Exit.ERROR,
  },
  ERR_CORRUPT: {
    meaning: 'what is stored for this key was damaged or lost on the medium, both copies of it',
    remedy:
      'Find out what damaged the storage before anything else. Other keys may still work. ' +
      'clear({ prefix, confirm: true }), or "optee-storage clear PREFIX --yes", forgets what is lost; then store it again.',
    exit: Exit.ERROR,
  },
  ERR_STORAGE: {
    meaning: 'the storage of the TEE is not available',
    remedy: 'Check that tee-supplicant runs, that its data directory is mounted and writable, then try again.',
    exit: Exit.NOT_AVAILABLE,
  },
  ERR_FORMAT_TOO_NEW: {
    meaning: 'what is stored was written by a newer Trusted Application; it has been left untouched',
    remedy: 'Install the newer Trusted Application again.',
    exit: Exit.NOT_AVAILABLE,
  },
  ERR_SIMULATOR_REFUSED: {
    meaning: 'the simulator protects nothing, and NODE_ENV is production',
    remedy:
      "Use backend 'optee'. Where nothing secret is stored, open with simulator: { allowInProduction: true }; " +
      'for the command line, change NODE_ENV.',
    exit: Exit.NOT_AVAILABLE,
  },
  ERR_NO_SIMULATOR: {
    meaning: 'the simulator does not run',
    remedy:
      'It is loaded from files of this package in a thread: a bundler must leave optee-secure-storage out (external), ' +
      'and Node.js must allow worker threads.',
    exit: Exit.NOT_AVAILABLE,
  },
  ERR_NO_ADDON: {
    meaning: 'the native addon could not be loaded',
    remedy: 'Install the package for this platform again, or build the addon with "npm run build:native".',
    exit: Exit.NOT_AVAILABLE,
  },
  ERR_NO_LIBTEEC: {
    meaning: 'libteec, the TEE client library, could not be loaded',
    remedy: 'Install it: the package is libteec2 or libteec1 on Debian, part of nvidia-l4t-optee on Jetson.',
    exit: Exit.NOT_AVAILABLE,
  },
  ERR_NO_DEVICE: {
    meaning: 'there is no TEE device (/dev/tee0)',
    remedy:
      'Check that the board boots with OP-TEE and that the kernel has its driver (modprobe optee; dmesg | grep -i tee). ' +
      'In a container pass the device in (docker run --device /dev/tee0).',
    exit: Exit.NOT_AVAILABLE,
  },
  ERR_PERMISSION: {
    meaning: 'this process may not open the TEE device',
    remedy: 'Give this user access to the device.',
    exit: Exit.NOT_AVAILABLE,
  },
  ERR_NO_SUPPLICANT: {
    meaning: 'no tee-supplicant serves the TEE',
    remedy: 'Start it (systemctl start tee-supplicant) and try again.',
    exit: Exit.NOT_AVAILABLE,
  },
  ERR_KERNEL_TOO_OLD: {
    meaning: 'the kernel does not tell the TEE which user is calling',
    remedy: 'Run Linux 5.8 or later (on Jetson: JetPack 5 or later); before it, users cannot be told apart.',
    exit: Exit.NOT_AVAILABLE,
  },
  ERR_TA_NOT_FOUND: {
    meaning: 'the Trusted Application is not installed',
    remedy:
      'Copy UUID.ta into the directory from which tee-supplicant loads Trusted Applications, ' +
      'usually /lib/optee_armtz.',
    exit: Exit.NOT_AVAILABLE,
  },
  ERR_TA_SIGNATURE: {
    meaning: "the Trusted Application is not signed with the key that this board's OP-TEE trusts",
    remedy: 'Sign it with that key (make -C ta TA_SIGN_KEY=...) and install it again.',
    exit: Exit.NOT_AVAILABLE,
  },
  ERR_TA_VERSION: {
    meaning: 'the Trusted Application does not fit this version of the package',
    remedy: 'Install the Trusted Application that comes with this package.',
    exit: Exit.NOT_AVAILABLE,
  },
  ERR_TA_DEAD: {
    meaning: 'the Trusted Application died',
    remedy: "Try again; the session is opened anew. If it happens again, look at the secure world's log.",
    exit: Exit.ERROR,
  },
  ERR_NOT_IN_GROUP: {
    meaning: 'this process is not a member of the group',
    remedy: 'Add its user to the group (usermod -aG GROUP USER) and log in or start the service again.',
    exit: Exit.NOT_AVAILABLE,
  },
  ERR_UID_MISMATCH: {
    meaning: 'the TEE attests another identity than the one this process has',
    remedy:
      'Do not change the user while a store is being opened. Within nested user namespaces the identity ' +
      'cannot be computed; run the process in the outermost or one level below.',
    exit: Exit.ERROR,
  },
  ERR_UID_CHANGED: {
    meaning: 'the effective user of this process is not the one that opened the store',
    remedy: 'Close the store before changing the user and open another one afterwards.',
    exit: Exit.ERROR,
  },
  ERR_TIMEOUT: {
    meaning: 'the TEE did not answer in time',
    remedy:
      'Check that tee-supplicant runs and answers; allow more time (timeoutMs, --timeout) if the storage is merely slow.',
    exit: Exit.TIMEOUT,
  },
  ERR_CLOSED: {
    meaning: 'the store is closed',
    remedy: 'Open another one with SecureStorage.open().',
    exit: Exit.ERROR,
  },
  ERR_BUSY: {
    meaning: 'the TEE cannot take another request now',
    remedy: 'Wait for requests under way to end, then try again.',
    exit: Exit.ERROR,
  },
  ERR_NO_MEMORY: {
    meaning: 'the TEE has no memory left for this request',
    remedy: 'Try again later or with smaller values; other Trusted Applications may be using the memory.',
    exit: Exit.ERROR,
  },
  ERR_PROTOCOL: {
    meaning: 'the answer of the Trusted Application breaks the protocol',
    remedy: 'Install the Trusted Application that comes with this package; if it is, please report this.',
    exit: Exit.ERROR,
  },
  ERR_TEE: {
    meaning: 'the TEE refused the request',
    remedy: "Look at the secure world's log and at dmesg.",
    exit: Exit.ERROR,
  },
} as const satisfies Record<string, ErrorEntry>;

/** The stable codes of {@link SecureStorageError}. */
export type ErrorCode = keyof typeof errorTable;
