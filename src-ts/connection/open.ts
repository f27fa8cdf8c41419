// SPDX-License-Identifier: MIT
import { checkOptions } from '../arguments/checks.js';
import { chooseBackend } from './choose-backend.js';
import { Call } from '../protocol/call.js';
import { Connection } from './connection.js';
import { ProcessIdentity, type Identity } from './identity.js';
import { schema, type OpenOptions } from '../arguments/options.js';
import { TA_UUID } from '../protocol/contract.js';
import { callError } from '../protocol/outcomes.js';
import type { TeeBackend } from '../tee/seam.js';

/** In place of what the options and this process give. */
export interface Substitutes {
  readonly backend?: TeeBackend | undefined;
  readonly identity?: Identity | undefined;
}

/** With members of its own, so that Object.prototype has no say. */
const NONE: Substitutes = { backend: undefined, identity: undefined };

/**
 * Opens a connection by the options of SecureStorage.open().
 * @throws SecureStorageError as SecureStorage.open() documents
 */
export async function connect(options?: OpenOptions, substitutes: Substitutes = NONE): Promise<Connection> {
  const checked = checkOptions(options, schema.open);
  const { signal, timeoutMs = 10_000, domain = 'default', group, taUuid = TA_UUID } = checked;
  const call = new Call('open', undefined, { signal, timeoutMs });
  try {
    signal?.throwIfAborted();
    const { backend = chooseBackend(checked), identity = new ProcessIdentity(group) } = substitutes;
    return await Connection.open({ backend, taUuid, domain, identity, timeoutMs }, call);
  } catch (error) {
    throw callError(call, error, false);
  }
}
