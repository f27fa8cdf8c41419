// SPDX-License-Identifier: MIT
/** Tests with files or processes of another user, which only root can make. */
import { LeftOut, testWith, type Ability } from '../../conformance/backend.js';

const root: Ability<true> =
  process.geteuid?.() === 0 ? true : new LeftOut('only root can make what is another user’s; run the tests as root');

/** As test(), but left out with its reason where this process is not root's. */
export function rootTest(name: string, body: () => unknown, ms?: number): void {
  const run = async (): Promise<void> => {
    await body();
  };
  testWith(root, name, run, ms);
}

/** As test.each(), with `%s` in the name. */
rootTest.each =
  (cases: readonly string[]) =>
  (name: string, body: (each: string) => unknown, ms?: number): void => {
    for (const each of cases) rootTest(name.replace('%s', each), () => body(each), ms);
  };
