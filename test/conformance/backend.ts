// SPDX-License-Identifier: MIT
import type { StoreInfo } from '../../src-ts/connection/store-info.js';
import type { SecureStorage } from '../../src-ts/store.js';
import type { Identity, OpenStore } from './store.js';
import type { OpenOptions } from '../../src-ts/arguments/options.js';

/** What the suite runs on, and what it can have done to it besides calls of the API. */
export interface Backend {
  /** For the table of counts that `npm test` prints. */
  readonly name: string;
  readonly open: OpenStore;
  /** Of the process that opens stores: its user and group by number. */
  readonly identity: Ability<Identity>;
  /** What info() tells about the backend. */
  readonly info: Partial<StoreInfo>;
  /** Options of a store that tests may fill: with the usual quota, or a small one where filling that takes minutes. */
  readonly fillable: OpenOptions;
  /** Whether a call of a store goes to another machine and takes milliseconds. */
  readonly distant: boolean;
  /** How many random sequences of operations a property is tried with. */
  readonly runs: number;
  readonly isAvailable: (typeof SecureStorage)['isAvailable'];
  readonly diagnose: (typeof SecureStorage)['diagnose'];
  /** Whether stores, errors and Buffers are objects of this process, not copies of another one's. */
  readonly inProcess: Ability<true>;
  readonly rootProcess: Ability<RootProcess>;
  readonly panicking: Ability<Panicking>;
  readonly damageable: Ability<Damageable>;
}

/** Something that some cases need, or the reason why this backend cannot have it. */
export type Ability<T> = T | LeftOut;

export class LeftOut {
  constructor(readonly reason: string) {}
}

/** A process of root that is not this one. */
export interface RootProcess {
  readonly open: OpenStore;
  /** Sets its effective user. */
  readonly become: (uid: number) => Promise<void>;
}

/** A Trusted Application that can be made to panic. */
export interface Panicking {
  readonly open: OpenStore;
  readonly panic: () => Promise<void>;
}

/** A storage that can be damaged. */
export interface Damageable {
  readonly open: OpenStore;
  /** Does some work that leaves no store open, and changes every stored object that the work wrote, each copy. */
  readonly damage: (work: () => Promise<void>) => Promise<void>;
}

/**
 * A case that needs something of the backend. Where there is none, the case is left out: the output says so with the
 * reason, and tools/test.mjs counts it apart, as neither passed nor failed.
 */
export function testWith<T>(ability: Ability<T>, name: string, body: (ability: T) => Promise<void>, ms?: number): void {
  if (ability instanceof LeftOut) test.skip(`${name} [left out: ${ability.reason}]`, () => {});
  else test(name, () => body(ability), ms);
}
