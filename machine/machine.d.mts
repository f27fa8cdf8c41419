// SPDX-License-Identifier: MIT

/** The machine's types, for the tests in TypeScript and for the tool itself. */

export interface Identity {
  /** Default 0. */
  uid?: number | undefined;
  /** Default: the uid. */
  gid?: number | undefined;
  /** Supplementary groups; default: `tee`, without which /dev/tee0 cannot be opened; none for uid 1009. */
  groups?: readonly number[] | undefined;
}

export interface ProcessOptions extends Identity {
  /** Added to the environment a login of the user has. */
  env?: Readonly<Record<string, string>> | undefined;
  /** Default `/`. */
  cwd?: string | undefined;
}

export interface ExecOptions extends ProcessOptions {
  /** Standard input; default empty. */
  stdin?: Uint8Array | string | undefined;
  /** After so many milliseconds the command is killed and the promise rejects with code `ETIMEDOUT`. Default 120 000. */
  timeoutMs?: number | undefined;
}

export interface ExecResult {
  /** The exit code, or null where a signal ended the command. */
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: Buffer;
  stderr: Buffer;
}

export interface MachineOptions {
  /**
   * Default 1, which is twice as fast as 2 on a host that is busy with something else too: the emulator's threads wait for
   * one another. 2 where it matters that client and secure world run at the same time.
   */
  processors?: 1 | 2 | undefined;
  /** A disk image to keep the secure storage on; it is made when absent. Default: one that is gone after stop(). */
  disk?: string | undefined;
  /** `memory`: the secure storage is on no disk and gone at each boot, and a change takes half the time. Default `disk`. */
  storage?: 'disk' | 'memory' | undefined;
  /** Which Debian its parts are from, see versions.mjs. Default `trixie`, or what OPTEE_MACHINE_VERSION says. */
  version?: string | undefined;
  /** Whether the product (the package, its addon, the TA) is built and placed in the machine. Default true. */
  product?: boolean | undefined;
  /** Files of the host to place in the machine, by their absolute path there; they win over the product's. */
  files?: Readonly<Record<string, string>> | undefined;
  /** Whether states of the running machine can be saved and gone back to; not with `disk`. Default false. */
  states?: boolean | undefined;
  /** How long a boot may take. Default 180 000, for it competes with other work; 10 000 is usual. */
  bootTimeoutMs?: number | undefined;
  /** Whether the first boot is a whole one. Default false. */
  whole?: boolean | undefined;
}

export interface BootOptions {
  /**
   * Whether the boot goes through firmware and kernel, instead of beginning where such a boot once came to, before it
   * mounted the storage and used the secure world (see README.md). Default false.
   */
  whole?: boolean | undefined;
}

/** What the tee-supplicant did, by counter; see machine/guest/supplicant-library/counters.h for the names. */
export type SupplicantCounters = Record<
  | 'requests'
  | 'loadTa'
  | 'rpmb'
  | 'shmAlloc'
  | 'shmFree'
  | 'otherRequests'
  | 'storageOpen'
  | 'storageCreate'
  | 'storageClose'
  | 'storageRead'
  | 'storageWrite'
  | 'storageTruncate'
  | 'storageRemove'
  | 'storageRename'
  | 'storageOpendir'
  | 'storageClosedir'
  | 'storageReaddir'
  | 'otherStorage'
  | 'fileOpens'
  | 'fileReads'
  | 'fileWrites'
  | 'syncWrites'
  | 'fsyncs'
  | 'fileTruncates'
  | 'fileRemoves'
  | 'fileRenames',
  number
>;

/** Something that goes wrong in the tee-supplicant, at its file operations. */
export interface Fault {
  /**
   * `stop`: the machine stops as in a power cut, before the operation. `torn`: half of a write is done, then it stops.
   * `kill`: the supplicant is killed before the operation. `short`: a write writes half and says so. Or the name of the
   * error that the operation fails with, such as `EIO`.
   */
  kind: 'stop' | 'torn' | 'kill' | 'short' | 'EIO' | 'ENOSPC' | 'EMFILE' | 'EACCES' | 'EROFS';
  /** The first operation that it strikes, counted from 1. Of `short` and `torn` only writes are struck, of `EMFILE` opens. */
  at: number;
  /** How many operations it strikes, one after the other; default 1, Infinity: all until another fault is armed. */
  times?: number | undefined;
}

/** What the supplicant did since armFault(). */
export interface FaultReport {
  /** How many file operations there were. */
  operations: number;
  /** How many of them the fault struck. */
  struck: number;
  /** The operations by letters: open, read, write, sync (fsync), truncate, u for unlink, n for rename; up to 16 384. */
  trace: string;
}

export interface LoadOptions {
  /** Leaves the disk as it is: the machine is as it was then, and finds what was written since. Default false. */
  keepDisk?: boolean | undefined;
}

/** What a function run in the machine is given first. */
export interface RunContext {
  /** Finds modules as a script in the process's current folder would; `optee-secure-storage` from anywhere. */
  require: NodeJS.Require;
  /** Kept between the calls of one process. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever the tests put there
  state: Record<string, any>;
}

/** A process in the machine, run with its streams open. */
export interface GuestProcess {
  write(stream: number, bytes: Uint8Array): Promise<void>;
  end(stream: number): Promise<void>;
  /** Signals the process and those it started. */
  kill(signal?: NodeJS.Signals): void;
  resize(rows: number, columns: number): void;
  readonly closed: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** A Node.js process in the machine, under one user's identity. */
export interface UserProcess {
  /** What the process has written so far. */
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** Its number in the machine. */
  readonly pid: number;
  /**
   * Runs a function there and returns its result. The function is sent as text: it sees its arguments and the globals
   * of Node.js, nothing of the scope it was written in. Arguments, result and error are copied (structured clone,
   * errors with their own properties). Several calls at once interleave as asynchronous functions do.
   */
  run<A extends unknown[], R>(run: (context: RunContext, ...args: A) => R | Promise<R>, ...args: A): Promise<R>;
  /** Signals the process and waits for its end. Default SIGKILL. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Lets the process end, whatever it still has open, and waits for that. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export type SupplicantAction = 'start' | 'stop' | 'kill' | 'restart' | 'pause' | 'continue';

/** A real OP-TEE with Linux beside it, emulated by QEMU. */
export class Machine {
  /** Builds what is missing and gives a machine that is up. */
  static start(options?: MachineOptions): Promise<Machine>;

  private constructor();

  /** Runs a command to its end. A command that fails is no error; one that cannot be started is. */
  exec(argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;

  /** Starts a command and passes on what it writes; by stream number, 1 standard output and 2 standard error. */
  spawn(
    argv: readonly string[],
    options: ProcessOptions & {
      onData: (stream: number, bytes: Buffer) => void;
      /** Told when the machine stopped, or went back to a state, amid whatever the process was doing. */
      onInterrupted?: ((reason: Error) => void) | undefined;
      terminal?: { rows: number; columns: number } | undefined;
      extra?: boolean | undefined;
    },
  ): GuestProcess;

  /** Starts a Node.js process that runs functions as the user. It takes seconds: keep it for many of them. */
  user(options?: ProcessOptions): Promise<UserProcess>;

  /** Creates or replaces a file, which belongs to root. */
  writeFile(path: string, content: Uint8Array | string, mode?: number): Promise<void>;

  /** Orders a fault; it replaces the one before. Without one, operations are only noted for faultReport(). */
  armFault(fault?: Fault): Promise<void>;
  /** What came of the fault, and what was noted, since armFault(). Lost where the machine stopped. */
  faultReport(): Promise<FaultReport>;
  /**
   * Waits until the machine has stopped by itself, as a fault of the kind `stop` makes it. boot() goes on, or where
   * states are kept loadState(): such a machine then stands still instead of being off.
   */
  untilOff(timeoutMs?: number): Promise<void>;

  /** Saves all there is, disk included, under a name; no call may be under way. Takes a fraction of a second. */
  saveState(name: string): Promise<void>;
  /**
   * Goes back to a state, also after the machine stopped. Processes that ran then go on from there with the same
   * objects, even if they have ended since; calls under way are rejected, and processes started since are lost.
   */
  loadState(name: string, options?: LoadOptions): Promise<void>;

  /** Powers off in good order. The disk stays; boot() goes on. */
  shutdown(): Promise<void>;
  /** Cuts the power: whatever was not on the disk is lost. boot() goes on. */
  powerCut(): Promise<void>;
  /** Switches on again after shutdown() or powerCut(). */
  boot(options?: BootOptions): Promise<void>;
  /** shutdown() and a whole boot(): every process, session and TA instance is gone, the disk stays. */
  reboot(): Promise<void>;
  /** Ends the machine and removes its temporary files; shuts it down in good order first where its disk is kept. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;

  /** `stop` as a service manager would, `kill` as a crash would; `pause` leaves every request unanswered. */
  supplicant(action: SupplicantAction): Promise<void>;
  /** Counts since the boot or the last reset. */
  supplicantCounters(): Promise<SupplicantCounters>;
  resetSupplicantCounters(): Promise<void>;

  /** What OP-TEE and the TAs have logged since start(). */
  secureLog(): string;
  /** What Linux has logged on its console since start(). */
  consoleLog(): string;
}
