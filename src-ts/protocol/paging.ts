// SPDX-License-Identifier: MIT
/** Commands whose answer may take several requests. Each answer is consistent in itself; a change may fall in between. */
import type { Call } from './call.js';
import type { Channel } from './channel.js';
import { getMany, list } from './commands.js';
import type { Entry, ListEntry } from './decode.js';
import { packKeys } from './encode.js';

/** Lists keys in byte order until there are no more, or as many as are wanted. */
export async function listAll(
  channel: Channel,
  call: Call,
  { prefix, after, limit }: { prefix: Buffer; after: Buffer; limit: number | undefined },
): Promise<ListEntry[]> {
  const entries: ListEntry[] = [];
  for (let from = after; ;) {
    const wanted = limit === undefined ? 0 : limit - entries.length;
    const page = await list(channel, call, { prefix, after: from, wanted });
    for (const entry of page.entries) entries.push(entry);
    const last = page.entries.at(-1);
    if (!page.more || last === undefined || entries.length === limit) return entries;
    from = Buffer.from(last.key);
  }
}

/**
 * Reads the values of keys, each once, in the order of their first occurrence. If it fails, the values read so far are
 * wiped.
 */
export async function getAll(
  channel: Channel,
  call: Call,
  keys: readonly { readonly key: string; readonly bytes: Buffer }[],
): Promise<Map<string, Entry>> {
  const found = new Map<string, Entry>();
  let rest = [...new Map(keys.map((item) => [item.key, item])).values()];
  try {
    while (rest.length > 0) {
      const request = packKeys(rest);
      const entries = await getMany(channel, call, request.packed, request.keys);
      entries.forEach((entry, index) => found.set(request.keys[index] ?? '', entry));
      rest = rest.slice(entries.length);
    }
    return found;
  } catch (error) {
    for (const entry of found.values()) entry?.value.fill(0);
    throw error;
  }
}
