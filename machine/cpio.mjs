// SPDX-License-Identifier: MIT
// @ts-check
import { readFileSync, statSync } from 'node:fs';

/**
 * The "newc" archive format, the one Linux unpacks as its initial RAM file system
 * (Linux: Documentation/driver-api/early-userspace/buffer-format.rst). Everything belongs to root.
 */

const TYPE = { folder: 0o040000, file: 0o100000, link: 0o120000, device: 0o020000 };

export class CpioArchive {
  /** @type {Buffer[]} */
  #parts = [];
  #inode = 1;
  #folders = new Set(['']);

  /** @param {string} name @param {number} mode @param {Buffer} content @param {[number, number]} [device] */
  #add(name, mode, content, device = [0, 0]) {
    const nameBytes = Buffer.from(`${name}\0`);
    const fields = [this.#inode++, mode, 0, 0, 1, 0, content.length, 0, 0, ...device, nameBytes.length, 0];
    const header = Buffer.from(`070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`);
    this.#parts.push(header, nameBytes, padding(header.length + nameBytes.length), content, padding(content.length));
  }

  /** @param {string} name without a leading slash, as all names here. */
  folder(name) {
    if (this.#folders.has(name)) return;
    this.folder(name.slice(0, Math.max(0, name.lastIndexOf('/'))));
    this.#folders.add(name);
    this.#add(name, TYPE.folder | 0o755, Buffer.alloc(0));
  }

  /** @param {string} name */
  #parentOf(name) {
    this.folder(name.slice(0, Math.max(0, name.lastIndexOf('/'))));
  }

  /**
   * A copy of a file of the host.
   *
   * @param {string} name
   * @param {string} source
   * @param {boolean} [executable] default: as the source is.
   */
  file(name, source, executable = (statSync(source).mode & 0o100) !== 0) {
    this.#parentOf(name);
    this.#add(name, TYPE.file | (executable ? 0o755 : 0o644), readFileSync(source));
  }

  /** @param {string} name @param {string} target */
  link(name, target) {
    this.#parentOf(name);
    this.#add(name, TYPE.link | 0o777, Buffer.from(target));
  }

  /** A character device. @param {string} name @param {number} major @param {number} minor */
  device(name, major, minor) {
    this.#parentOf(name);
    this.#add(name, TYPE.device | 0o600, Buffer.alloc(0), [major, minor]);
  }

  /** @returns {Buffer} the whole archive. */
  finish() {
    this.#add('TRAILER!!!', 0, Buffer.alloc(0));
    return Buffer.concat(this.#parts);
  }
}

/** Headers and contents begin at multiples of 4. @param {number} length */
function padding(length) {
  return Buffer.alloc((4 - (length % 4)) % 4);
}
