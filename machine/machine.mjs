// SPDX-License-Identifier: MIT
// @ts-check
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { ensureAptGroups } from '../tools/lib/apt.mjs';
import { SetupError, tail } from '../tools/lib/run.mjs';
import { AgentLink } from './agent-link.mjs';
import { appendBootLogs, ensureBooted, partsOf } from './booted.mjs';
import { ensureImages, filesArchive, writeInitrd } from './boot-image.mjs';
import { parseCounters, since } from './counters.mjs';
import { FAULTS_FILE, parsePlan, planOf } from './faults.mjs';
import { STDERR, STDIN, STDOUT } from './guest-process.mjs';
import { Monitor } from './monitor.mjs';
import { productOverlay } from './product.mjs';
import { Qemu } from './qemu.mjs';
import { makeStateFiles, States } from './states.mjs';
import { UserProcess } from './user-process.mjs';
import { identityOf, loginEnvironment } from './users.mjs';
import { CHOSEN, USUAL, versionOf } from './versions.mjs';
import { ensureDisk, makeWorkFolder } from './work-folder.mjs';

/** @typedef {import('./machine.d.mts').MachineOptions} MachineOptions */
/** @typedef {import('./machine.d.mts').ProcessOptions} ProcessOptions */
/** @typedef {import('./machine.d.mts').ExecOptions} ExecOptions */
/** @typedef {import('./machine.d.mts').ExecResult} ExecResult */
/** @typedef {import('./machine.d.mts').SupplicantCounters} SupplicantCounters */
/** @typedef {import('./boot-image.mjs').Images} Images */
/** @typedef {import('./boot-image.mjs').Overlay} Overlay */

const BOOT_TIMEOUT_MS = 180_000;
const SHUTDOWN_TIMEOUT_MS = 30_000;
const EXEC_TIMEOUT_MS = 120_000;
const OFF_TIMEOUT_MS = 60_000;
/** To begin where another machine booted to. */
const ATTEMPTS = 3;
/** The lines of a kernel's panic alone are about 25, and its cause stands before them. */
const LOG_TAIL_LINES = 60;

/** Machines this process has switched on, to be ended with it. @type {Set<Machine>} */
const running = new Set();
process.on('exit', () => {
  for (const machine of running) machine.abandon();
});

/**
 * Resolves with the promise's value, or with undefined after the time.
 *
 * @template T
 * @param {Promise<T>} promise
 * @param {number} ms
 * @returns {Promise<T | undefined>}
 */
async function within(promise, ms) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const late = new Promise((/** @type {(value: undefined) => void} */ resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/**
 * Listens for QEMU: that it connects to us means that it needs to be waited for nowhere.
 *
 * @param {string} file
 */
async function listen(file) {
  rmSync(file, { force: true });
  const server = createServer();
  const connection = new Promise((/** @type {(socket: import('node:net').Socket) => void} */ resolve) =>
    server.once('connection', resolve),
  );
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(file, () => resolve(undefined));
  });
  return { connection, close: () => server.close() };
}

/** See machine.d.mts, which says what each method does. */
export class Machine {
  #options;
  #images;
  #product;
  /** What lies over the root file system and the product. @type {Overlay} */
  #given;
  #folder = makeWorkFolder();
  /** @type {import('./qemu.mjs').QemuSetup} */
  #setup;
  /** @type {Qemu | undefined} */
  #qemu;
  /** @type {AgentLink | undefined} */
  #link;
  /** @type {SupplicantCounters | undefined} */
  #countersBase;
  /** @type {Monitor | undefined} */
  #monitor;
  /** @type {States | undefined} */
  #states;

  /** @param {MachineOptions} [options] */
  static async start(options = {}) {
    await ensureAptGroups('machine');
    const images = await ensureImages(options.version);
    const product = options.product === false ? new Map() : await productOverlay(options.version);
    const machine = new Machine(options, images, product);
    try {
      await machine.#makeDisk();
      await machine.boot({ whole: options.whole });
      return machine;
    } catch (error) {
      machine.abandon();
      throw error;
    }
  }

  async #makeDisk() {
    const { disk, states } = this.#setup;
    if (!states) return ensureDisk(disk);
    const image = path.join(this.#folder, 'image.img');
    await ensureDisk(image);
    await makeStateFiles(image, { disk, states });
    rmSync(image);
  }

  /** @param {MachineOptions} options @param {Images} images @param {Overlay} product */
  constructor(options, images, product) {
    if (options.states && options.disk)
      throw new Error('The states of a machine with a disk of its own cannot be kept');
    this.#options = options;
    this.#images = images;
    this.#product = product;
    this.#given = new Map(Object.entries(options.files ?? {}).map(([name, file]) => [name, { file }]));
    const own = (/** @type {string} */ name) => path.join(this.#folder, name);
    this.#setup = {
      processors: options.processors ?? 1,
      firmware: path.join(images.firmware, 'qemu_fw.bios'),
      environment: path.join(images.firmware, 'u-boot-env.img'),
      kernel: path.join(images.kernel, 'vmlinuz'),
      root: path.join(images.root, 'root.squashfs'),
      initrd: own('initrd'),
      disk: options.disk ? path.resolve(options.disk) : own('disk.img'),
      agentSocket: own('agent.sock'),
      consoleLog: own('console.log'),
      secureLog: own('secure.log'),
      monitorSocket: own('monitor.sock'),
      states: options.states ? own('states.qcow2') : undefined,
    };
  }

  /** @param {import('./machine.d.mts').BootOptions} [options] */
  async boot({ whole = false } = {}) {
    if (whole) {
      writeInitrd(this.#setup.initrd, this.#images, new Map([...this.#product, ...this.#given]));
      await this.#switchOn();
    } else await this.#goOnFromBoot();
    if (versionOf(this.#options.version).systemd) return;
    const tools = '/usr/lib/optee-machine';
    const storage = this.#options.storage ?? 'disk';
    await this.#execOk(['sh', '-ec', `${tools}/storage mount ${storage}; ${tools}/supplicant start`]);
  }

  /** Begins where a machine with this product came to by its boot, with the storage not mounted yet. */
  async #goOnFromBoot() {
    writeInitrd(this.#setup.initrd, this.#images, this.#product);
    for (let attempt = 1; ; attempt++) {
      const booted = await ensureBooted(this.#setup, this.#kind(), (folder) => this.#bootInto(folder));
      try {
        await this.#switchOn(partsOf(booted));
        appendBootLogs(booted, this.#setup);
        break;
      } catch (error) {
        // A process with another state of the product has put its own in the place of this one meanwhile.
        if (existsSync(booted) || attempt === ATTEMPTS) throw error;
        await this.powerCut();
      }
    }
    if (this.#given.size > 0) await this.#placeGiven();
  }

  #kind() {
    const { version = CHOSEN } = this.#options;
    return `${version === USUAL ? '' : `${version}-`}${this.#product.size === 0 ? 'bare-' : ''}`;
  }

  /** Lays the files that were given over the root file system, as the whole boot does. */
  async #placeGiven() {
    const script =
      'busybox mkdir /run/given; cd /run/given; busybox cpio -id 2>/dev/null; busybox cp -a . /; busybox rm -r /run/given';
    await this.#execOk(['busybox', 'sh', '-ec', script], { stdin: filesArchive(this.#given) });
  }

  /** Has a machine boot that has its memory and logs in a folder, and leaves the rest of its state there too. @param {string} folder */
  async #bootInto(folder) {
    const { memory, rest, ...own } = partsOf(folder);
    const first = new Machine({ processors: this.#options.processors }, this.#images, new Map());
    first.#setup = { ...first.#setup, ...own, initrd: this.#setup.initrd, origin: { memory } };
    try {
      await first.#makeDisk();
      await first.#switchOn();
      // Whoever begins here has them in memory, and not to be read and unpacked; the secure world is not touched.
      const libraries = 'node -e 0; cat /usr/lib/aarch64-linux-gnu/libteec.so.*';
      const product = `optee-storage --help; node -e "require('optee-secure-storage')"`;
      await first.#execOk(['sh', '-ec', this.#product.size > 0 ? `${libraries}; ${product}` : libraries]);
      await first.#monitor?.writeState(rest);
    } finally {
      await first.powerCut();
      first.abandon();
    }
  }

  /** @param {import('./qemu.mjs').Origin} [origin] where to begin instead of with a boot. */
  async #switchOn(origin) {
    if (this.#qemu) throw new Error('The machine is on already');
    running.add(this);
    const socket = await listen(this.#setup.agentSocket);
    const monitor = await listen(this.#setup.monitorSocket);
    const qemu = (this.#qemu = new Qemu(origin ? { ...this.#setup, origin } : this.#setup));
    const connected = Promise.all([socket.connection, monitor.connection]).then(async ([agent, control]) => {
      const link = (this.#link = new AgentLink(agent));
      this.#monitor = await Monitor.of(control);
      if (this.#setup.states) this.#states = new States(this.#monitor, link);
      await (origin?.rest ? this.#wake(origin.rest) : link.ready);
    });
    const outcome = await within(
      Promise.race([connected.then(() => 'up'), qemu.ended.then(() => 'ended')]),
      this.#options.bootTimeoutMs ?? BOOT_TIMEOUT_MS,
    ).finally(() => {
      socket.close();
      monitor.close();
    });
    if (outcome !== 'up') await this.#failBoot(outcome === 'ended' ? 'ended during its boot' : 'did not boot in time');
    void qemu.ended.then(() => this.#lost(qemu));
    this.#countersBase = undefined;
  }

  /** The machine goes on from where it was kept, at another time. @param {string} rest */
  async #wake(rest) {
    await this.#monitor?.readState(rest);
    await this.#execOk(['busybox', 'date', '-s', `@${Math.floor(Date.now() / 1000)}`]);
  }

  /** @param {string} how @returns {Promise<never>} */
  async #failBoot(how) {
    const errors = this.#qemu?.errors;
    await this.powerCut();
    const parts = [`The OP-TEE machine ${how}.`, errors && `QEMU:\n${errors.trimEnd()}`, this.logTails()];
    throw new SetupError(parts.filter(Boolean).join('\n'));
  }

  /** The ends of both logs, for an error's message. */
  logTails() {
    const part = (/** @type {string} */ title, /** @type {string} */ log) =>
      log ? [`--- ${title}, its end ---\n${tail(log, LOG_TAIL_LINES)}`] : [];
    const console = part("Linux's console", this.consoleLog());
    return [...console, ...part("the secure world's log", this.secureLog())].join('\n');
  }

  /** QEMU ended, asked to or not. @param {Qemu} qemu */
  #lost(qemu) {
    if (this.#qemu !== qemu) return;
    this.#qemu = undefined;
    running.delete(this);
    this.#link?.lose(new Error(`The OP-TEE machine has gone off.\n${this.logTails()}`));
    this.#link = undefined;
    this.#monitor = undefined;
    this.#states = undefined;
  }

  async powerCut() {
    const qemu = this.#qemu;
    if (!qemu) return;
    await qemu.kill();
    this.#lost(qemu);
  }

  async shutdown() {
    const qemu = this.#requireOn();
    this.#link?.shutdown();
    const inTime = await within(this.#off(qemu), SHUTDOWN_TIMEOUT_MS);
    await this.powerCut();
    if (inTime) return;
    throw new Error(`The OP-TEE machine did not shut down in time and was switched off.\n${this.logTails()}`);
  }

  /** Resolves with true when the machine has stopped by itself. @param {Qemu} qemu */
  async #off(qemu) {
    await Promise.race([qemu.ended, ...(this.#states ? [this.#states.halted] : [])]);
    return true;
  }

  async untilOff(timeoutMs = OFF_TIMEOUT_MS) {
    const qemu = this.#qemu;
    if (!qemu) return;
    if (!(await within(this.#off(qemu), timeoutMs))) throw new Error('The OP-TEE machine did not stop by itself');
    if (!this.#states) this.#lost(qemu);
  }

  #requireStates() {
    this.#requireOn();
    if (!this.#states) throw new Error('This machine does not keep states: it was started without `states`');
    return this.#states;
  }

  /** @param {string} name */
  saveState(name) {
    return this.#requireStates().save(name);
  }

  /** @param {string} name @param {import('./machine.d.mts').LoadOptions} [options] */
  loadState(name, { keepDisk = false } = {}) {
    return this.#requireStates().load(name, keepDisk);
  }

  async reboot() {
    await this.shutdown();
    await this.boot({ whole: true });
  }

  async stop() {
    try {
      if (this.#qemu && this.#options.disk) await this.shutdown();
    } finally {
      await this.powerCut();
      this.abandon();
    }
  }

  async [Symbol.asyncDispose]() {
    await this.stop();
  }

  /** Ends everything at once, without waiting: the process may be exiting. */
  abandon() {
    this.#qemu?.killSoon();
    running.delete(this);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #requireOn() {
    if (!this.#qemu || !this.#link) throw new Error('The OP-TEE machine is off');
    return this.#qemu;
  }

  /**
   * @param {readonly string[]} argv
   * @param {ProcessOptions & Pick<import('./agent-link.mjs').SpawnRequest, 'terminal' | 'extra'> &
   *   import('./guest-process.mjs').Listeners} options
   */
  spawn(argv, { uid, gid, groups, env, cwd, terminal, extra, onData, onInterrupted }) {
    this.#requireOn();
    const identity = identityOf({ uid, gid, groups });
    const environment = { ...loginEnvironment(identity.uid), ...env };
    const request = { argv: [...argv], identity, env: environment, cwd: cwd ?? '/', terminal, extra };
    return /** @type {AgentLink} */ (this.#link).spawn(request, { onData, onInterrupted });
  }

  /**
   * @param {readonly string[]} argv
   * @param {ExecOptions} [options]
   * @returns {Promise<ExecResult>}
   */
  async exec(argv, options = {}) {
    /** @type {Record<number, Buffer[]>} */
    const output = { [STDOUT]: [], [STDERR]: [] };
    const onData = (/** @type {number} */ stream, /** @type {Buffer} */ bytes) => void output[stream]?.push(bytes);
    /** @type {(reason: Error) => void} */
    let onInterrupted = () => {};
    const interrupted = new Promise((/** @type {(exit: undefined) => void} */ _resolve, reject) => {
      onInterrupted = reject;
    });
    interrupted.catch(() => {}); // the process may be over by then
    const process = this.spawn(argv, { ...options, onData, onInterrupted });
    const collected = () => ({
      stdout: Buffer.concat(output[STDOUT] ?? []),
      stderr: Buffer.concat(output[STDERR] ?? []),
    });
    if (options.stdin?.length) void process.write(STDIN, Buffer.from(options.stdin));
    void process.end(STDIN);
    const ms = options.timeoutMs ?? EXEC_TIMEOUT_MS;
    const exit = await within(Promise.race([process.closed, interrupted]), ms);
    if (exit) return { ...exit, ...collected() };
    process.kill('SIGKILL');
    const error = new Error(`${argv.join(' ')} did not end within ${ms} ms and was killed`);
    throw Object.assign(error, { code: 'ETIMEDOUT', ...collected() });
  }

  /** @param {ProcessOptions} [options] */
  user(options = {}) {
    return UserProcess.start(this, options);
  }

  /** @param {string} file @param {Uint8Array | string} content @param {number} [mode] */
  async writeFile(file, content, mode = 0o644) {
    const script = 'rm -f "$1" && umask 077 && cat > "$1" && chmod "$2" "$1"';
    await this.#execOk(['sh', '-c', script, 'sh', file, mode.toString(8)], { stdin: content });
  }

  /** @param {string[]} argv @param {ExecOptions} [options] */
  async #execOk(argv, options) {
    const { code, signal, stdout, stderr } = await this.exec(argv, options);
    if (code !== 0) throw new Error(`${argv.join(' ')}: ${signal ?? `exit code ${code}`}\n${stderr}${stdout}`);
    return stdout;
  }

  /** @param {import('./machine.d.mts').SupplicantAction} action */
  async supplicant(action) {
    await this.#execOk(['/usr/lib/optee-machine/supplicant', action]);
  }

  /** @param {import('./machine.d.mts').Fault} [fault] */
  async armFault(fault) {
    // Written over what is there: the supplicant has the file mapped.
    await this.#execOk(['busybox', 'dd', `of=${FAULTS_FILE}`, 'conv=notrunc'], { stdin: planOf(fault) });
  }

  async faultReport() {
    return parsePlan(await this.#execOk(['busybox', 'cat', FAULTS_FILE]));
  }

  async #readCounters() {
    return parseCounters(await this.#execOk(['cat', '/run/optee-machine/supplicant-counters']));
  }

  async supplicantCounters() {
    return since(await this.#readCounters(), this.#countersBase);
  }

  async resetSupplicantCounters() {
    this.#countersBase = await this.#readCounters();
  }

  secureLog() {
    return existsSync(this.#setup.secureLog) ? readFileSync(this.#setup.secureLog, 'latin1') : '';
  }

  consoleLog() {
    return existsSync(this.#setup.consoleLog) ? readFileSync(this.#setup.consoleLog, 'latin1') : '';
  }
}
