// SPDX-License-Identifier: MIT
import { Exit } from '../../errors/table.js';
import { isSecureStorageError } from '../../errors/error.js';
import { PROTOCOL_VERSION } from '../../protocol/contract.js';
import { packageVersion } from '../../util/package-json.js';
import type { Command, Context } from '../command.js';

interface TaVersions {
  readonly version: string;
  readonly protocol: number;
  readonly format: number;
}

export const command: Command = {
  usage: '',
  help: [
    'Prints the versions of this package and of the protocol it speaks, and those of the Trusted Application if it can',
    'be reached; that it cannot is no error here.',
  ],
  positionals: [0, 0],
  options: {},
  async run(context) {
    const ta = await taVersions(context);
    const versions = { package: packageVersion(), protocol: PROTOCOL_VERSION };
    if (context.json) await context.io.writeJson({ ...versions, ta });
    else {
      const reached = typeof ta === 'object' && 'version' in ta;
      const about = reached
        ? `${ta.version} (protocol ${String(ta.protocol)}, storage format ${String(ta.format)})`
        : `not available (${ta.error})`;
      const lines = [`package: ${versions.package}`, `protocol: ${String(versions.protocol)}`, `ta: ${about}`];
      await context.io.write(`${lines.join('\n')}\n`);
    }
    return Exit.OK;
  },
};

/** The versions of the TA, or the code of the error that keeps it out of reach. */
async function taVersions({ open }: Context): Promise<TaVersions | { error: string }> {
  try {
    const { taVersion: version, protocol, format } = await (await open()).info();
    return { version, protocol, format };
  } catch (error) {
    if (!isSecureStorageError(error) || error.code === 'ERR_INVALID_ARG') throw error;
    return { error: error.code };
  }
}
