// SPDX-License-Identifier: MIT
import { checkOptions } from './arguments.js';
import { backendNamed } from './backend.js';
import { Call } from './call.js';
import { Connection } from './connection.js';
import { Identity } from './identity.js';
import { schema, type OpenOptions } from './options.js';
import { TA_UUID } from './protocol.js';
import { callError } from './results.js';
import type { TeeBackend } from './tee/session.js';

/**
 * Opens a connection by the options of SecureStorage.open().
 * @param backend in place of the one that the options name
 * @throws SecureStorageError as SecureStorage.open() documents
 */
export async function connect(options?: OpenOptions, backend?: TeeBackend): Promise<Connection> {
  const checked = checkOptions(options, schema.open);
  const { signal, timeoutMs = 10_000, domain = 'default', group, taUuid = TA_UUID } = checked;
  const call = new Call('open', undefined, { signal, timeoutMs });
  try {
    signal?.throwIfAborted();
    const chosen = backend ?? backendNamed(checked.backend ?? 'optee');
    return await Connection.open({ backend: chosen, taUuid, domain, identity: new Identity(group), timeoutMs }, call);
  } catch (error) {
    throw callError(call, error, false);
  }
}
