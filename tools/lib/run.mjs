// SPDX-License-Identifier: MIT
// @ts-check
import { spawn } from 'node:child_process';

/**
 * A step of the set-up that went wrong for a reason its user can act on: told by its message alone, without a stack.
 */
export class SetupError extends Error {
  /** @param {string} message @param {ErrorOptions} [options] */
  constructor(message, options) {
    super(message, options);
    this.name = 'SetupError';
  }
}

/** @param {string} text @param {number} lines */
export function tail(text, lines) {
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}

/** Some tools of Debian are where only root's PATH leads, though they need no root. @param {NodeJS.ProcessEnv} env */
const withSbin = (env) => ({ ...env, PATH: `${env.PATH ?? '/usr/bin:/bin'}:/usr/sbin:/sbin` });

/**
 * Runs a program to its end and returns what it wrote to standard output; its standard error is kept for the error
 * message only, so that a build is silent unless it fails.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, input?: string | Buffer, inherit?: boolean, hint?: string }} [options]
 *   `inherit`: let the program write to standard error directly; `hint`: what to do about a failure.
 * @returns {Promise<string>}
 * @throws {SetupError} where the program cannot be started or fails.
 */
export function run(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: withSbin(options.env ?? process.env),
      stdio: ['pipe', options.inherit ? 2 : 'pipe', options.inherit ? 2 : 'pipe'],
    });
    let out = '';
    let all = '';
    child.stdout?.setEncoding('utf8').on('data', (text) => ((out += text), (all += text)));
    child.stderr?.setEncoding('utf8').on('data', (text) => (all += text));
    child.stdin?.on('error', () => {}); // a program that ends without reading its input is judged by its exit code
    child.stdin?.end(options.input ?? '');
    const fail = (/** @type {string} */ how) => {
      const details = [all && tail(all, 30), options.hint].filter(Boolean).join('\n');
      reject(new SetupError(`${program} ${args.slice(0, 2).join(' ')} ${how}${details ? `:\n${details}` : ''}`));
    };
    child.on('error', (error) => fail(`could not be started (${error.message})`));
    child.on('close', (code, signal) => {
      if (code === 0) resolve(out);
      else fail(signal ? `was ended by ${signal}` : `failed with exit code ${code}`);
    });
  });
}
