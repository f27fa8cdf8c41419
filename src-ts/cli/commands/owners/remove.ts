// SPDX-License-Identifier: MIT
import type { RemoveOwnerOptions } from '../../../arguments/options.js';
import { SecureStorageError } from '../../../errors/error.js';
import { Exit } from '../../../errors/table.js';
import { isUuid } from '../../../util/uuid.js';
import { text, usageError, wholeNumber } from '../../command-line.js';
import type { Command, OptionValues } from '../../command.js';
import { confirmed } from '../../terminal/confirm.js';

export const command: Command = {
  usage: '',
  help: [
    'Removes the store of a user or group with all its keys, for good. For root only. It asks first on a terminal; without',
    'one --yes is needed. Prints how many keys were removed. Exit code 3: there is no such store.',
    '"optee-storage owners" lists the stores. An id is counted as outside of all user namespaces.',
  ],
  positionals: [0, 0],
  options: {
    uid: { type: 'string', argument: 'N', help: 'the store of the user with this id' },
    gid: { type: 'string', argument: 'N', help: 'the store of the group with this id' },
    owner: { type: 'string', argument: 'UUID', help: 'the store of the user with this UUID, if the id is not known' },
    'group-login': { type: 'boolean', help: 'the UUID is that of a group' },
    yes: { type: 'boolean', help: 'do not ask' },
  },
  async run({ io, json, options, open }) {
    const whose = whoseStore(options);
    if (options.yes !== true && !(await confirmed(io, `Remove the store of ${described(whose)} with all its keys?`))) {
      throw usageError('nothing was removed: confirm with yes, or --yes');
    }
    const removed = await (await open()).removeOwner({ ...whose, confirm: true });
    if (removed === null) {
      const detail = `${described(whose)} has no store`;
      throw new SecureStorageError('ERR_NOT_FOUND', { detail, remedy: 'List the stores with "optee-storage owners".' });
    }
    await (json ? io.writeJson({ removed }) : io.write(`${String(removed)}\n`));
    return Exit.OK;
  },
};

type Whose = Pick<RemoveOwnerOptions, 'uid' | 'gid' | 'owner' | 'login'>;

/** The highest number stands for nobody. */
const ID_MAX = 0xffff_fffe;

function whoseStore(options: OptionValues): Whose {
  const [uid, gid, owner] = [wholeNumber(options, 'uid'), wholeNumber(options, 'gid'), text(options, 'owner')];
  const ofGroup = options['group-login'] === true;
  if ([uid, gid, owner].filter((one) => one !== undefined).length !== 1) {
    throw usageError('give one of --uid, --gid and --owner');
  }
  if ((uid ?? gid ?? 0) > ID_MAX) throw usageError('the id is too high');
  if (owner === undefined) {
    if (ofGroup) throw usageError('--group-login goes with --owner');
    return { uid, gid };
  }
  if (!isUuid(owner)) throw usageError('--owner must be a UUID');
  return { owner, login: ofGroup ? 'group' : 'user' };
}

function described({ uid, gid, owner, login }: Whose): string {
  if (owner !== undefined) return `${String(login)} ${owner}`;
  return uid === undefined ? `group ${String(gid)}` : `user ${String(uid)}`;
}
