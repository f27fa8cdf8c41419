// SPDX-License-Identifier: MIT
// @ts-check

/** Set-up talks on standard error alone: standard output belongs to what was asked for. @param {string} line */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/**
 * Announces a step that takes longer than a moment, runs it, and says how long it took.
 *
 * @template T
 * @param {string} title
 * @param {() => Promise<T>} action
 * @returns {Promise<T>}
 */
export async function step(title, action) {
  say(`${title} …`);
  const start = Date.now();
  const result = await action();
  say(`${title}: done in ${((Date.now() - start) / 1000).toFixed(1)} s`);
  return result;
}
