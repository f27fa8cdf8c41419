// SPDX-License-Identifier: MIT
/**
 * Attempts to get at the secrets of others, on the real thing; docs/security.md has the table of them, with those that
 * other files of this folder make.
 */
import { clientSuite } from './attacks/client.js';
import { containerSuite, otherProcessSuite, setuidSuite } from './attacks/credentials.js';
import { forgedSuite } from './attacks/forged.js';
import { matrixSuite } from './attacks/matrix.js';
import { memorySuite } from './attacks/memory.js';
import { programs } from './attacks/programs.js';
import { rollbackSuite } from './attacks/rollback.js';
import { starvingSuite } from './attacks/starving.js';
import { timingSuite } from './attacks/timing.js';
import { TA_UUID } from '../../src-ts/protocol/contract.js';
import { effort } from './support/effort.js';
import { TA_FILE, useMachine } from './support/machine.js';
import { buildTa } from './support/ta.js';

/** A Trusted Application with a storage of its own and little of it, that can be told to panic. */
const SMALL_UUID = 'd7c40f0e-3f60-4f53-9d15-0c1a3f6f2b58';
const variables = {
  TA_UUID: SMALL_UUID,
  CFG_SECSTOR_QUOTA_KEYS: '5',
  CFG_SECSTOR_QUOTA_BYTES: '20000',
  CFG_SECSTOR_TEST: 'y',
};
const small = { taUuid: SMALL_UUID };

const on = useMachine(async () => ({
  processors: effort<1 | 2>(1, 2),
  storage: 'memory',
  files: { ...programs(), [TA_FILE.replace(TA_UUID, SMALL_UUID)]: await buildTa(variables) },
}));
// A few seconds are usual; the machine competes with other work.
jest.setTimeout(300_000);

describe('other users, groups and domains', () => {
  matrixSuite(on);
});
describe('forged cursors and revisions', () => {
  forgedSuite(on);
});
describe('what an answer tells beside its content', () => {
  timingSuite(on, small);
});
describe('setuid programs', () => {
  setuidSuite(on);
});
describe('containers', () => {
  containerSuite(on);
});
describe('another process', () => {
  otherProcessSuite(on);
});
describe('another client program', () => {
  // So that memory changes while the TA reads it.
  clientSuite(useMachine(() => Promise.resolve({ processors: 2, storage: 'memory', files: programs() })));
});
describe('what is left of a secret', () => {
  memorySuite(on);
});
describe('a user who takes all there is', () => {
  starvingSuite(on, small);
});
describe('somebody who writes to the disk', () => {
  rollbackSuite(on, small);
});
