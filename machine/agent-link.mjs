// SPDX-License-Identifier: MIT
// @ts-check
import { GuestProcess } from './guest-process.mjs';

/** The frames of guest/agent/protocol.h. */
const HEADER_SIZE = 12;
const PROTOCOL_VERSION = 1;
const HOST = { spawn: 1, data: 2, end: 3, signal: 4, resize: 5, shutdown: 6 };
const AGENT = { hello: 16, data: 17, end: 18, consumed: 19, exited: 20, refused: 21 };
export const PAYLOAD_MAX = 64 * 1024;

const FLAG_TERMINAL = 1;
const FLAG_EXTRA = 2;

/** @param {number[]} numbers */
function uint32s(numbers) {
  const bytes = Buffer.alloc(4 * numbers.length);
  numbers.forEach((number, index) => bytes.writeUInt32LE(number, 4 * index));
  return bytes;
}

/**
 * @typedef {object} SpawnRequest
 * @property {string[]} argv
 * @property {import('./users.mjs').Identity} identity
 * @property {Record<string, string>} env
 * @property {string} cwd
 * @property {{ rows: number, columns: number }} [terminal]
 * @property {boolean} [extra] whether the process gets a socket as file descriptor 3.
 */

/** @param {SpawnRequest} request */
function spawnPayload({ argv, identity, env, cwd, terminal, extra }) {
  const { uid, gid, groups } = identity;
  const flags = (terminal ? FLAG_TERMINAL : 0) | (extra ? FLAG_EXTRA : 0);
  const entries = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const strings = [cwd, ...argv, ...entries];
  if (strings.some((text) => text.includes('\0'))) throw new TypeError('an argument or variable contains a zero byte');
  const sizes = [terminal?.rows ?? 0, terminal?.columns ?? 0, groups.length, argv.length, entries.length];
  const payload = Buffer.concat([
    uint32s([uid, gid, flags, ...sizes, ...groups]),
    ...strings.map((text) => Buffer.from(`${text}\0`)),
  ]);
  if (payload.length > PAYLOAD_MAX) throw new RangeError(`arguments and environment exceed ${PAYLOAD_MAX} bytes`);
  return payload;
}

/** The host's end of the line to the agent in the machine. */
export class AgentLink {
  /** @type {import('node:net').Socket} */
  #socket;
  /** @type {Map<number, GuestProcess>} */
  #processes = new Map();
  #nextChannel = 1;
  /** @type {Buffer[]} */
  #input = [];
  #inputLength = 0;
  /** Bytes so far. */
  received = 0;
  /** @type {Error | undefined} */
  #lost;
  /** @type {() => void} */
  #greeted = () => {};

  /** Resolves when the agent has said hello. @type {Promise<void>} */
  ready;

  /** @param {import('node:net').Socket} socket connected to QEMU's end of the virtio-serial port. */
  constructor(socket) {
    this.#socket = socket;
    this.ready = new Promise((resolve) => (this.#greeted = resolve));
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', () => {}); // what matters is that it closed, which the machine knows from QEMU
  }

  /**
   * @param {SpawnRequest} request
   * @param {import('./guest-process.mjs').Listeners} listeners
   */
  spawn(request, listeners) {
    if (this.#lost) throw this.#lost;
    const channel = this.#nextChannel++;
    const process = new GuestProcess(this.#wireOf(channel), request.argv[0] ?? '', listeners);
    const payload = spawnPayload(request);
    if (request.terminal) process.mergeStderr();
    this.#processes.set(channel, process);
    this.#send(HOST.spawn, channel, 0, payload);
    return process;
  }

  /** Asks the machine to power off in good order. */
  shutdown() {
    this.#send(HOST.shutdown, 0, 0, Buffer.alloc(0));
  }

  /** The machine has gone: nothing in it will answer any more. @param {Error} reason */
  lose(reason) {
    this.#lost = reason;
    this.#socket.destroy();
    for (const process of this.#processes.values()) process.onLost(reason);
    this.#processes.clear();
  }

  /** The processes that run, by channel. */
  processes() {
    return new Map(this.#processes);
  }

  /** The machine stands still, with calls under way that nobody will answer. @param {Error} reason */
  interrupt(reason) {
    for (const process of this.#processes.values()) process.onInterrupted(reason);
  }

  /**
   * The machine goes back to a state in which these processes ran. They go on from there, all others are lost.
   *
   * @param {ReadonlyMap<number, GuestProcess>} processes
   */
  goBack(processes) {
    const reason = new Error('The OP-TEE machine went back to an earlier state');
    const others = [...this.#processes].filter(([channel]) => !processes.has(channel));
    this.#input = [];
    this.#inputLength = 0;
    this.#processes = new Map(processes);
    for (const [, process] of others) process.onLost(reason);
    for (const process of processes.values()) process.goBack(reason);
  }

  /** @param {number} channel @returns {import('./guest-process.mjs').Wire} */
  #wireOf(channel) {
    return {
      data: (stream, bytes) => this.#send(HOST.data, channel, stream, bytes),
      end: (stream) => this.#send(HOST.end, channel, stream, Buffer.alloc(0)),
      signal: (number) => this.#send(HOST.signal, channel, 0, uint32s([number])),
      resize: (rows, columns) => this.#send(HOST.resize, channel, 0, uint32s([rows, columns])),
    };
  }

  /** @param {number} type @param {number} channel @param {number} stream @param {Uint8Array} payload */
  #send(type, channel, stream, payload) {
    if (this.#lost) return;
    const header = Buffer.alloc(HEADER_SIZE);
    header.writeUInt32LE(payload.length, 0);
    header.writeUInt32LE(channel, 4);
    header.writeUInt8(type, 8);
    header.writeUInt8(stream, 9);
    this.#socket.write(Buffer.concat([header, payload]));
  }

  /** @param {Buffer} chunk */
  #receive(chunk) {
    this.received += chunk.length;
    this.#input.push(chunk);
    this.#inputLength += chunk.length;
    for (let size = this.#nextSize(); size !== undefined && this.#inputLength >= size; size = this.#nextSize()) {
      const all = this.#input.length === 1 ? (this.#input[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#input);
      this.#input = [all.subarray(size)];
      this.#inputLength -= size;
      this.#handle(all.subarray(0, size));
    }
  }

  /** The size of the next frame, once its header is here. */
  #nextSize() {
    if (this.#inputLength < HEADER_SIZE) return undefined;
    if ((this.#input[0]?.length ?? 0) < HEADER_SIZE) this.#input = [Buffer.concat(this.#input)];
    return HEADER_SIZE + /** @type {Buffer} */ (this.#input[0]).readUInt32LE(0);
  }

  /** @param {Buffer} frame */
  #handle(frame) {
    const type = frame.readUInt8(8);
    const payload = frame.subarray(HEADER_SIZE);
    if (type === AGENT.hello) return this.#greet(payload.readUInt32LE(0));
    const channel = frame.readUInt32LE(4);
    const process = this.#processes.get(channel);
    if (!process) return; // its end was told already
    this.#dispatch(process, type, frame.readUInt8(9), payload);
    if (process.isOver) this.#processes.delete(channel);
  }

  /** @param {number} version */
  #greet(version) {
    if (version !== PROTOCOL_VERSION) throw new Error(`the machine's agent speaks version ${version} of the protocol`);
    this.#greeted();
  }

  /** @param {GuestProcess} process @param {number} type @param {number} stream @param {Buffer} payload */
  #dispatch(process, type, stream, payload) {
    if (type === AGENT.data) process.onData(stream, payload);
    else if (type === AGENT.end) process.onEnd(stream);
    else if (type === AGENT.consumed) process.onConsumed(stream, payload.readUInt32LE(0));
    else if (type === AGENT.exited) process.onExited(payload.readUInt32LE(0), payload.readUInt32LE(4));
    else if (type === AGENT.refused) process.onRefused(payload.readUInt32LE(0), payload.subarray(4).toString());
  }
}
