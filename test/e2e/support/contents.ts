// SPDX-License-Identifier: MIT
import type { Store } from '../../conformance/store.js';

/** Everything that a store holds, for comparison: values as hexadecimal digits, with their revisions. */
export async function contentsOf(store: Store): Promise<Record<string, string>> {
  const contents: Record<string, string> = {};
  for await (const { key, value, revision } of store.entries({ encoding: 'hex' })) {
    contents[key] = `${String(revision)}: ${value}`;
  }
  return contents;
}
