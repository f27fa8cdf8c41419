// SPDX-License-Identifier: MIT
/** From the evidence to a diagnosis. */
import { harmless } from '../util/visible.js';
import { checkOptions } from '../arguments/checks.js';
import { backendName } from '../connection/choose-backend.js';
import type { SecureStorageError } from '../errors/error.js';
import { schema, type BackendName, type OpenOptions } from '../arguments/options.js';
import { TA_UUID } from '../protocol/contract.js';
import type { Check, Diagnosis } from './diagnosis.js';
import { gather, linkOf, type Evidence, type Open } from './evidence.js';
import { thisHost, type Host } from './host.js';
import { told } from './check.js';
import { findSupplicant } from './supplicant.js';
import { checksOf } from './chain.js';

/** In place of what the options and this machine give. */
export interface Substitutes {
  readonly host?: Host | undefined;
  readonly backend?: BackendName | undefined;
}

/**
 * Finds out which link between this process and its secrets is broken.
 * @param open opens a store
 * @throws SecureStorageError ERR_INVALID_ARG
 */
export async function diagnose(
  options: OpenOptions | undefined,
  open: Open,
  { host = thisHost(), backend }: Substitutes = { host: undefined, backend: undefined },
): Promise<Diagnosis> {
  const checked = checkOptions(options, schema.open);
  const name = backend ?? backendName(checked);
  return judge(await gather(checked, open, name === 'optee'), checked, name, host);
}

/** Makes a diagnosis of evidence and of what can be seen of a machine. */
export function judge(evidence: Evidence, options: OpenOptions, backend: BackendName, host: Host): Diagnosis {
  const { taUuid = TA_UUID, group } = options;
  const subject = { host, evidence, taUuid, group, supplicant: findSupplicant(host) };
  const checks = checksOf[backend].map((check) => shown(check(subject)));
  const { info, error } = evidence;
  if (error !== undefined && !checks.some(hasFailed)) blame(checks, error);
  const failed = checks.find(hasFailed);
  if (failed === undefined && info !== undefined) return { ok: true, checks, info };
  const message = `${failed?.found ?? ''}. ${failed?.fix ?? ''}`;
  return { ok: false, checks, ...(info && { info }), ...(error && { code: error.code }), message };
}

/** Names of processes and paths are of somebody's choice, and this is printed. */
function shown({ found, fix, ...check }: Check): Check {
  return { ...check, found: harmless(found), ...(fix !== undefined && { fix: harmless(fix) }) };
}

const hasFailed = ({ status }: Check) => status === 'failed';

/** Where no check sees what is wrong, the link that the error is about has failed with what the error says. */
function blame(checks: Check[], error: SecureStorageError): void {
  const { error: found, remedy: fix } = told(error);
  const link = linkOf(error);
  const id = checks.some((check) => check.id === link) ? link : 'store';
  const index = checks.findIndex((check) => check.id === id);
  checks[index] = shown({ id, status: 'failed', found, fix });
}
