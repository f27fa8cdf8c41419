// SPDX-License-Identifier: MIT
/** OP-TEE's own storage tests, so that a broken machine is not mistaken for a broken product. */
import { useMachine } from './support/machine.js';

/** The 6000 series but for its loops over many objects and threads (6014, 6016, 6018), which take long here. */
const CASES = [6001, 6002, 6003, 6004, 6005, 6006, 6007, 6008, 6009, 6010, 6012, 6015, 6017, 6020];

const machineOfFile = useMachine(() => Promise.resolve({ storage: 'memory' }));

test.each(CASES)('xtest regression %i passes', async (number) => {
  const { code, stdout } = await machineOfFile.machine.exec(['xtest', '-t', 'regression', String(number)]);
  const report = stdout.toString();
  // A test that could not begin has no parts, and is called OK.
  expect(report).toMatch(/^[1-9]\d* subtests of which 0 failed\n1 test case of which 0 failed$/m);
  expect(code).toBe(0);
});
