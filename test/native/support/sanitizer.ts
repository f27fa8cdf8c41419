// SPDX-License-Identifier: MIT
/** Child processes under a sanitizer, as tools/sanitizers.mjs orders it for a whole test run. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ownReports } from './reports.js';

const ROOT = path.resolve(__dirname, '..', '..', '..');

export type Sanitizer = 'address' | 'thread';

/** The one of this test run; undefined in an ordinary one. */
export const sanitizer = process.env.NATIVE_SANITIZER as Sanitizer | undefined;

/** What -fsanitize= gets, in tools/native.mjs too. */
const names = { address: 'address,undefined', thread: 'thread' };
const runtimes = { address: 'libasan.so', thread: 'libtsan.so' };

export const compilerFlags =
  sanitizer === undefined ? [] : [`-fsanitize=${names[sanitizer]}`, '-fno-sanitize-recover=all'];

/** For tools/soft-tee.mjs. */
export const softTeeArguments = sanitizer === undefined ? [] : [names[sanitizer]];

export interface Supervision {
  readonly env: Readonly<Record<string, string>>;
  /** The program that starts node, and its arguments before node's. */
  readonly launcher: readonly string[];
  /** What the sanitizer has to say about our code, when the process has ended with this on standard error. */
  readonly reports: (stderr: string) => string[];
}

/**
 * How to run one process under the sanitizer of this test run.
 * @param leakCheck whether to look for memory and threads that are left behind
 */
export function supervise(leakCheck: boolean): Supervision {
  if (sanitizer === undefined) return { env: {}, launcher: [process.execPath], reports: () => [] };
  const folder = mkdtempSync(path.join(os.tmpdir(), 'optee-sanitizer-'));
  // Some scenarios change their user.
  chmodSync(folder, 0o777);
  const preload = `LD_PRELOAD=${runtimeOf(sanitizer)}`;
  return {
    env: {
      TEST_ADDON: path.join(ROOT, 'build', `addon-${sanitizer}`, 'optee_secure_storage.node'),
      ...optionsOf(path.join(folder, 'report'), leakCheck ? 1 : 0),
    },
    launcher: [...withFixedAddresses(sanitizer), '/usr/bin/env', preload, process.execPath],
    reports(stderr) {
      const logs = readdirSync(folder).map((name) => readFileSync(path.join(folder, name), 'utf8'));
      rmSync(folder, { recursive: true });
      // The runtime for undefined behaviour takes no log beside another one.
      return /^.+: runtime error: /m.test(stderr) ? [stderr] : logs.flatMap(ownReports);
    },
  };
}

/** node is built without sanitizers, so the runtime has to be there before it. */
function runtimeOf(which: Sanitizer): string {
  const file = execFileSync('gcc', [`-print-file-name=${runtimes[which]}`], { encoding: 'utf8' }).trim();
  if (!path.isAbsolute(file)) throw new Error(`gcc has no ${file}`);
  return realpathSync(file);
}

function optionsOf(log: string, leaks: 0 | 1): Record<string, string> {
  return {
    ASAN_OPTIONS: `log_path=${log}:detect_leaks=${String(leaks)}:detect_stack_use_after_return=1:strict_string_checks=1`,
    UBSAN_OPTIONS: 'print_stacktrace=1',
    // The exit code says nothing, for there are reports that do not count: see ownReports().
    TSAN_OPTIONS: `log_path=${log}:report_thread_leaks=${String(leaks)}:exitcode=0:atexit_sleep_ms=0`,
  };
}

/** GCC's thread sanitizer before version 14 ends where the kernel chooses addresses more freely than it knows. */
function withFixedAddresses(which: Sanitizer): string[] {
  const bits = Number(readFileSync('/proc/sys/vm/mmap_rnd_bits', 'utf8'));
  return which === 'thread' && bits > 28 ? ['/usr/bin/setarch', '--addr-no-randomize'] : [];
}
