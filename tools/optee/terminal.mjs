// SPDX-License-Identifier: MIT
// @ts-check
import { constants } from 'node:os';
import { STDIN } from '../../machine/guest-process.mjs';

const CTRL_A = 1;

export function terminalSize() {
  return { rows: process.stdout.rows ?? 24, columns: process.stdout.columns ?? 80 };
}

/**
 * Finds the escape sequence of QEMU's own consoles in what is typed: Ctrl-A X ends, Ctrl-A Ctrl-A types one.
 *
 * @param {() => void} onQuit
 * @returns {(typed: Buffer) => Buffer} gives what to pass on.
 */
export function escapeFilter(onQuit) {
  let escaped = false;
  return (typed) => {
    const kept = [];
    for (const byte of typed) {
      if (!escaped && byte === CTRL_A) {
        escaped = true;
        continue;
      }
      if (escaped && (byte | 0x20) === 'x'.charCodeAt(0)) onQuit();
      else if (escaped && byte !== CTRL_A) kept.push(CTRL_A, byte);
      else kept.push(byte);
      escaped = false;
    }
    return Buffer.from(kept);
  };
}

/**
 * Connects this process's terminal to one in the machine.
 *
 * @param {import('../../machine/machine.d.mts').GuestProcess} guest
 * @returns {() => void} gives the terminal back.
 */
export function attachTerminal(guest) {
  const quit = (/** @type {NodeJS.Signals} */ signal) => {
    restore();
    process.stderr.write('\r\n');
    process.exit(128 + constants.signals[signal]);
  };
  const filter = escapeFilter(() => quit('SIGHUP'));
  const onData = (/** @type {Buffer} */ typed) => void guest.write(STDIN, filter(typed));
  const onResize = () => {
    const { rows, columns } = terminalSize();
    guest.resize(rows, columns);
  };
  const restore = () => {
    process.stdin.off('data', onData).pause().setRawMode(false);
    process.stdout.off('resize', onResize);
  };
  process.stdin.setRawMode(true).on('data', onData).resume();
  process.stdout.on('resize', onResize);
  for (const signal of /** @type {const} */ (['SIGTERM', 'SIGHUP'])) process.once(signal, quit);
  process.stderr.write('Ctrl-A X switches the machine off, exit ends it in good order.\r\n');
  return restore;
}
