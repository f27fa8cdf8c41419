// SPDX-License-Identifier: MIT
/**
 * Switching a machine that keeps states off and on within a second. Its state 'off' is what a boot comes to, with
 * processes started and the storage not mounted; loaded with the disk as it is then, the machine was cut off and booted.
 */
import type { Machine } from '../../../machine/machine.mjs';

/** Runs a script as root; it must succeed. */
export async function shell(machine: Machine, script: string): Promise<string> {
  const { code, stdout, stderr } = await machine.exec(['busybox', 'sh', '-ec', script]);
  if (code !== 0) throw new Error(`${script}: ${stderr.toString()}`);
  return stdout.toString();
}

/** Saves the state 'off'. Nothing may have used the secure world yet, or its memory would come back with the state. */
export async function saveOff(machine: Machine): Promise<void> {
  await machine.supplicant('stop');
  await shell(machine, '/usr/lib/optee-machine/storage unmount');
  await machine.saveState('off');
}

/** What start-up does once the kernel runs. */
export async function switchOn(machine: Machine): Promise<void> {
  await shell(machine, '/usr/lib/optee-machine/storage mount disk; /usr/lib/optee-machine/supplicant start');
}

/** Cuts the machine off, whatever it does, and switches it on again. */
export async function cutOff(machine: Machine): Promise<void> {
  await machine.loadState('off', { keepDisk: true });
  await switchOn(machine);
}
