// SPDX-License-Identifier: MIT
import type { OpenOptions, SecureStorage } from '../../src-ts/index.js';

/** The public methods of a store: one of this process, or one that stands for a store in another process. */
export type Store = Pick<SecureStorage, keyof SecureStorage>;

/** Opens a store over the backend under test; what is stored lasts at least as long as the test process. */
export type OpenStore = (options?: OpenOptions) => Promise<Store>;

/** Whom the stores belong to: the process that opens them. */
export interface Identity {
  readonly uid: number;
  /** Its own group. */
  readonly gid: number;
}

/** A store for each test: another domain, cleared at the end. */
export function freshStore(open: OpenStore): () => Store {
  let store: Store | undefined;
  let count = 0;
  const run = `${String(process.pid)}/${String(Date.now())}`;
  beforeEach(async () => {
    store = await open({ domain: `test/${run}/${String(count++)}` });
  });
  afterEach(async () => {
    await store?.clear({ confirm: true });
    await store?.close();
  });
  return () => {
    if (store === undefined) throw new Error('no store was opened');
    return store;
  };
}
