// SPDX-License-Identifier: MIT
/** What a sanitizer sees fails a test: shown with faults of the fake libteec that hit the addon's own code. */
import { run, SharedProcess } from '../support/run.js';
import { sanitizer } from '../support/sanitizer.js';

if (sanitizer === undefined) throw new Error('this is for tools/sanitizers.mjs');

const faults = [
  {
    what: 'memory behind a block is written to',
    by: 'address',
    fault: 'half-block',
    report: /heap-buffer-overflow[\s\S]* teec::SharedBlock::Reserve/,
  },
  {
    what: 'null is passed for memory',
    by: 'address',
    fault: 'no-block',
    report: /runtime error: null pointer passed[\s\S]* teec::SharedBlock::Reserve/,
  },
  {
    what: 'memory is left behind',
    by: 'address',
    fault: 'lost-memory',
    report: /LeakSanitizer: detected memory leaks[\s\S]* fault_at_close/,
  },
  {
    what: 'two threads use memory at once',
    by: 'thread',
    fault: 'late-write',
    // TSan does not always find the name of the function that wrote, write_late, but always the fake's file.
    report: /data race(?=[\s\S]* \(libteec\.so)[\s\S]* teec::Connection::Collect/,
  },
];

const seen = faults.filter(({ by }) => by === sanitizer);

test.each(seen)('$what', async ({ fault, report }) => {
  await expect(run('faults.ts', 'suffer', { env: { FAKE_FAULT: fault } })).rejects.toThrow(report);
});

test.each(seen)('$what, in a process that runs several scenarios', async ({ fault, report }) => {
  const shared = new SharedProcess('faults.ts', { env: { FAKE_FAULT: fault } });
  const sufferAndEnd = async () => {
    await shared.valueOf('suffer');
    await shared.end();
  };
  await expect(sufferAndEnd()).rejects.toThrow(report);
});

test('without a fault there is no report, and the addon is the one built with the sanitizer', async () => {
  const { value, code } = await run('faults.ts', 'suffer');
  expect({ value, code }).toEqual({
    value: [expect.stringContaining(`/build/addon-${String(sanitizer)}/`) as string],
    code: 0,
  });
});
