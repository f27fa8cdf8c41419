// SPDX-License-Identifier: MIT
// @ts-check
import { spawn } from 'node:child_process';

/**
 * @typedef {object} QemuSetup
 * @property {number} processors
 * @property {string} firmware
 * @property {string} environment U-Boot's, the second flash chip.
 * @property {string} kernel
 * @property {string} initrd
 * @property {string} root a read-only disk image, seen as /dev/vda.
 * @property {string} disk the disk of the secure storage, /dev/vdb.
 * @property {string} agentSocket a listening UNIX socket for the agent's port.
 * @property {string} consoleLog of Linux.
 * @property {string} secureLog of OP-TEE.
 * @property {string} monitorSocket a listening UNIX socket for QEMU's monitor.
 * @property {string} [states] for a machine whose states are saved: where they go; the disk then is in QEMU's own format.
 * @property {Origin} [origin] for a machine that does not begin with a boot, or whose boot others are to begin after.
 */

/**
 * @typedef {object} Origin
 * @property {string} memory the machine's memory.
 * @property {string} [rest] all else of its state, to begin with; left out: the memory is that of a boot now.
 */

/** @param {string} id @param {string} file a log, added to by each boot. */
const serialLine = (id, file) => ['-chardev', `file,id=${id},path=${file},append=on`, '-serial', `chardev:${id}`];

/** @param {string | undefined} states */
function keptArguments(states) {
  if (!states) return [];
  return [
    // A machine that is reset stands still, until it is set back to a state or ended.
    ...['-action', 'shutdown=pause'],
    ...['-drive', `file=${states},if=none,id=states,node-name=states-image,format=qcow2,cache=unsafe`],
  ];
}

const MEMORY_MIB = 1024;
/**
 * Memory is a file that one machine boots into and any number of others map, each keeping its own changes: nothing is
 * copied, and QEMU leaves memory out of the rest of the state.
 *
 * @param {Origin | undefined} origin
 */
function originArguments(origin) {
  if (!origin) return [];
  const { memory, rest } = origin;
  const share = rest === undefined ? 'on' : 'off';
  return [
    ...['-object', `memory-backend-file,id=ram,size=${MEMORY_MIB}M,mem-path=${memory},share=${share}`],
    ...['-machine', 'memory-backend=ram', ...(rest === undefined ? [] : ['-incoming', 'defer'])],
  ];
}

/** Parts of the kernel that take a quarter of the start, and that nothing here uses: certificates, entropy from jitter, BPF. */
const UNUSED = ['load_system_certificate_list', 'jent_mod_init', 'bpf_tcp_ca_kfunc_init', 'bpf_dummy_struct_ops_init'];
/**
 * Programs are always at the same addresses, so that the emulator, which tells code by them, need not translate Node.js
 * anew for each process: a tenth to a fifth of what a short one takes.
 */
const KERNEL_ARGUMENTS = `console=ttyAMA0 quiet panic=-1 norandmaps cryptomgr.notests initcall_blacklist=${UNUSED.join(',')}`;

/** @param {QemuSetup} setup */
export function qemuArguments(setup) {
  const diskFormat = setup.states ? 'qcow2' : 'raw';
  return [
    ...['-machine', 'virt,secure=on,gic-version=3', '-smp', String(setup.processors), '-m', String(MEMORY_MIB)],
    // This firmware traps SVE and SME in the secure world: a TA that used them would hang its processor silently. Signing
    // pointers, which a Jetson Orin's processor can't either, costs a tenth to a quarter of the emulator's time.
    ...['-cpu', 'max,sve=off,sme=off,pauth=off', '-accel', 'tcg,thread=multi,tb-size=256'],
    ...['-display', 'none', '-monitor', 'none', '-nic', 'none', '-no-reboot', '-nodefaults'],
    ...serialLine('normal', setup.consoleLog),
    ...serialLine('secure', setup.secureLog),
    ...['-bios', setup.firmware, '-kernel', setup.kernel, '-initrd', setup.initrd],
    ...['-drive', `if=pflash,unit=1,format=raw,readonly=on,file=${setup.environment}`],
    ...['-append', KERNEL_ARGUMENTS],
    ...['-drive', `file=${setup.root},if=none,id=root,format=raw,readonly=on`],
    ...['-device', 'virtio-blk-pci,drive=root,addr=1'],
    // To the guest a disk without a cache: what it was told is written survives QEMU being killed, as it survives a
    // power cut on a board, for it is with the host's kernel. The host's own disk would only cost time.
    ...['-drive', `file=${setup.disk},if=none,id=disk,node-name=disk-image,format=${diskFormat},cache=unsafe`],
    ...['-device', 'virtio-blk-pci,drive=disk,addr=2,write-cache=off'],
    ...['-chardev', `socket,id=agent,path=${setup.agentSocket}`],
    ...['-device', 'virtio-serial-pci,addr=3', '-device', 'virtserialport,chardev=agent,name=agent'],
    ...['-chardev', `socket,id=monitor,path=${setup.monitorSocket}`, '-mon', 'chardev=monitor,mode=control'],
    ...keptArguments(setup.states),
    ...originArguments(setup.origin),
  ];
}

/** One run of the emulated machine, from power on to power off. */
export class Qemu {
  #child;
  #errors = '';

  /** Resolves when QEMU has ended. @type {Promise<void>} */
  ended;
  hasEnded = false;

  /** @param {QemuSetup} setup */
  constructor(setup) {
    // If this process dies in whatever way, the kernel ends QEMU with it.
    const command = ['--pdeathsig', 'KILL', 'qemu-system-aarch64', ...qemuArguments(setup)];
    // A session of its own, lest Ctrl-C on our terminal end it before the command inside has heard of it.
    this.#child = spawn('setpriv', command, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    this.#child.stderr?.setEncoding('utf8').on('data', (text) => (this.#errors += text));
    this.#child.on('error', (error) => (this.#errors += `${error.message}\n`));
    this.ended = new Promise((resolve) => {
      this.#child.on('close', () => {
        this.hasEnded = true;
        resolve();
      });
    });
  }

  /** What QEMU itself complained about. */
  get errors() {
    return this.#errors;
  }

  /** Takes the power away: nothing in the machine gets a chance to finish. */
  async kill() {
    this.killSoon();
    await this.ended;
  }

  /** As kill(), for use while this process is exiting. */
  killSoon() {
    this.#child.kill('SIGKILL');
  }
}
