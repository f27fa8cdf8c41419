// SPDX-License-Identifier: MIT

/** The version of this package. */
export function packageVersion(): string {
  return (require('../../package.json') as { version: string }).version;
}

/** The first major version of Node.js that this package runs on. */
export function oldestNode(): number {
  const { engines } = require('../../package.json') as { engines: { node: string } };
  return Number(/\d+/.exec(engines.node)?.[0]);
}
