// SPDX-License-Identifier: MIT
/** Decoders of packed answers. They believe nothing: sizes, counts, order and text are checked. */
import { formatUuid } from '../util/uuid.js';
import { MalformedReply, PackedReader, decodeUtf8, wide } from './packing.js';
import { isKey } from './names.js';
import { Info } from './contract.js';

/** A value and its revision; null stands for a key that does not exist. */
export type Entry = { readonly value: Buffer; readonly revision: number } | null;

/** What {@link SecureStorage.list} tells of a key. */
export interface ListEntry {
  /** The whole key, prefix included. */
  readonly key: string;
  /** Size of the value in bytes. */
  readonly size: number;
  /** Rises with each change; see {@link SecureStorage}. */
  readonly revision: number;
}

export interface Page {
  readonly entries: ListEntry[];
  readonly more: boolean;
}

/** What the TA tells about itself and the owner of the session. */
export interface TaInfo {
  readonly protocol: number;
  readonly format: number;
  readonly version: string;
  readonly login: number;
  readonly owner: string;
  readonly keyMax: number;
  readonly domainMax: number;
  readonly valueMax: number;
  readonly quotaKeys: number;
  readonly quotaBytes: number;
  readonly usedKeys: number;
  readonly usedBytes: number;
  readonly objects: number;
  readonly antiRollback: number;
  readonly healed: number;
}

/** Decodes the answer of INFO; a later version may have appended fields. */
export function decodeInfo(reply: Buffer): TaInfo {
  if (reply.length < Info.SIZE) throw new MalformedReply('is too short for its information');
  const u32 = (offset: number) => reply.readUInt32LE(offset);
  const u64 = (offset: number) => wide({ a: u32(offset), b: u32(offset + 4) });
  return {
    protocol: u32(Info.PROTOCOL),
    format: u32(Info.FORMAT),
    version: [...reply.subarray(Info.VERSION, Info.VERSION + 3)].join('.'),
    login: u32(Info.LOGIN),
    owner: formatUuid(reply.subarray(Info.OWNER, Info.OWNER + 16)),
    keyMax: u32(Info.KEY_MAX),
    domainMax: u32(Info.DOMAIN_MAX),
    valueMax: u32(Info.VALUE_MAX),
    quotaKeys: u32(Info.QUOTA_KEYS),
    quotaBytes: u64(Info.QUOTA_BYTES),
    usedKeys: u32(Info.USED_KEYS),
    usedBytes: u64(Info.USED_BYTES),
    objects: u32(Info.OBJECTS),
    antiRollback: u32(Info.ANTI_ROLLBACK),
    healed: u32(Info.HEALED),
  };
}

/**
 * Decodes the answer of GET_MANY into copies of the values.
 * @param count how many the TA says there are
 * @param asked how many keys were asked for
 */
export function decodeEntries(reply: Buffer, count: number, asked: number): Entry[] {
  if (count < 1 || count > asked) throw new MalformedReply('has an impossible number of values');
  const reader = new PackedReader(reply);
  const entries: Entry[] = [];
  try {
    for (let index = 0; index < count; index++) entries.push(decodeEntry(reader));
    assertEnd(reader);
    return entries;
  } catch (error) {
    for (const entry of entries) entry?.value.fill(0);
    throw error;
  }
}

function decodeEntry(reader: PackedReader): Entry {
  const revision = reader.u64();
  const size = reader.u32();
  reader.u32();
  if (revision === 0 && size !== 0) throw new MalformedReply('has a value for a key that does not exist');
  return revision === 0 ? null : { revision, value: reader.copy(size) };
}

/**
 * Decodes the answer of LIST. Keys must ascend from the one asked to go on after: an answer that did not would make a
 * client page for ever.
 */
export function decodePage(
  reply: Buffer,
  { count, more, prefix, after }: { count: number; more: boolean; prefix: Buffer; after: Buffer },
): Page {
  const reader = new PackedReader(reply);
  const entries: ListEntry[] = [];
  let last = after;
  for (let index = 0; index < count; index++) {
    const revision = reader.u64();
    const size = reader.u32();
    const keySize = reader.u16();
    reader.u16();
    const bytes = reader.view(keySize);
    if (Buffer.compare(bytes, last) <= 0) throw new MalformedReply('has keys out of order');
    if (!bytes.subarray(0, prefix.length).equals(prefix)) throw new MalformedReply('has a key without the prefix');
    if (revision === 0) throw new MalformedReply('lists a key that does not exist');
    entries.push({ key: keyOf(bytes), size, revision });
    last = bytes;
  }
  assertEnd(reader);
  if (more && count === 0) throw new MalformedReply('promises more keys but has none');
  return { entries, more };
}

function keyOf(bytes: Buffer): string {
  try {
    const key = decodeUtf8(bytes);
    if (isKey(key)) return key;
  } catch {
    // Bytes that are not UTF-8 are not a key either.
  }
  throw new MalformedReply('has a key that is not one');
}

function assertEnd(reader: PackedReader): void {
  if (!reader.atEnd) throw new MalformedReply('has bytes after its end');
}
