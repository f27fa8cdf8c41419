// SPDX-License-Identifier: MIT
// @ts-check
'use strict';
/*
 * A Node.js process in the machine that runs functions for a test. It receives them as text on file descriptor 3 and
 * answers there, so standard output and error stay the functions' own. Where a process cannot be given a descriptor
 * (Windows), its argument is the port to connect to.
 */
const { createRequire } = require('node:module');
const { connect, Socket } = require('node:net');
const path = require('node:path');
const process = require('node:process');
const { decode, encode, frame, MessageReader } = require('./portable.cjs');

/** @typedef {{ id: number, text: string, args: unknown[] }} Request */

/** Modules are found as from a script in the current folder. */
const context = Object.freeze({ require: createRequire(path.join(process.cwd(), 'script.js')), state: {} });

const [, , port] = process.argv;
const host =
  port === undefined ? new Socket({ fd: 3, readable: true, writable: true }) : connect(Number(port), '127.0.0.1');

/** @param {Request} request */
async function answerTo({ id, text, args }) {
  try {
    const run = (0, eval)(`(${text})`);
    return encode({ id, value: await run(context, ...args) });
  } catch (error) {
    return encode({ id, error });
  }
}

/** @param {Request} request */
async function serve(request) {
  const answer = await answerTo(request).catch((error) => encode({ id: request.id, error: new Error(String(error)) }));
  host.write(frame(answer));
}

const reader = new MessageReader((message) => void serve(/** @type {Request} */ (decode(message))));
host.on('data', (chunk) => reader.push(chunk));
// Whatever the functions left open, the process ends with the test that asked for it.
host.on('close', () => process.exit(0));
host.write(frame(encode({ ready: process.pid })));
