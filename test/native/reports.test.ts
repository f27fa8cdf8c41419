// SPDX-License-Identifier: MIT
/** Which reports of the sanitizers count. */
import { ownReports } from './support/reports.js';

const LINE = '==================\n';
const race = (access: string, previous: string, rest = '') => `${LINE}WARNING: ThreadSanitizer: data race (pid=1)
  Write of size 8 at 0x7b14 by thread T2:
    #0 free sanitizer_common.inc:706 (libtsan.so.2.0.0+0x47e82)
${access}
  Previous read of size 1 at 0x7b14 by main thread:
${previous}
${rest}SUMMARY: ThreadSanitizer: data race
${LINE}`;
const node = '    #1 node::worker::Message::Message() <null> (node+0xd0f69a)\n';
const ours = '    #1 teec::Session::Run() session.cc:141 (optee_secure_storage.node+0x167af)\n';
const library = '    #1 TEEC_OpenSession client.c:140 (libteec.so.2+0x1234)\n';

test('races among node’s own threads do not count', () => {
  expect(ownReports(race(node, node))).toEqual([]);
  const created = `  Thread T2 'tee-session' (tid=3, running) created by main thread at:\n${ours}\n`;
  expect(ownReports(race(node, node, created))).toEqual([]);
});

test('races in which the addon or libteec has a part count', () => {
  expect(ownReports(race(ours, node))).toHaveLength(1);
  expect(ownReports(race(node, library))).toHaveLength(1);
  expect(ownReports(race(node, node) + race(library, ours) + race(node, node))).toHaveLength(1);
});

test('what node does when it is called by the addon does not count', () => {
  expect(ownReports(race(node + ours, node))).toEqual([]);
});

test('what a runtime library does when it is called by the addon counts', () => {
  const runtime = '    #1 std::condition_variable::notify_all() <null> (libstdc++.so.6+0xd3d8)\n';
  expect(ownReports(race(runtime + ours, node))).toHaveLength(1);
});

test('a number of a descriptor that node has closed unseen does not count', () => {
  const location = (by: string) => `  Location is file descriptor 20 created by main thread at:\n${by}\n`;
  expect(ownReports(race(ours, node, location(node)))).toEqual([]);
  expect(ownReports(race(ours, node, location(ours)))).toHaveLength(1);
});

test('of a thread that was left behind it counts who made it', () => {
  const leak = (by: string) => `${LINE}WARNING: ThreadSanitizer: thread leak (pid=1)
  Thread T2 (tid=3, finished) created by main thread at:
    #0 pthread_create tsan.cpp:1001 (libtsan.so.2.0.0+0x5e686)
${by}
${LINE}`;
  expect(ownReports(leak(node))).toEqual([]);
  expect(ownReports(leak(ours))).toHaveLength(1);
});

test('everything else counts', () => {
  const bar = '=================================================================\n';
  expect(ownReports(`\n${bar}==1==ERROR: AddressSanitizer: heap-use-after-free\n`)).toHaveLength(1);
  expect(ownReports(`\n${bar}==1==ERROR: LeakSanitizer: detected memory leaks\n`)).toHaveLength(1);
  expect(ownReports('session.cc:1:2: runtime error: signed integer overflow\n')).toHaveLength(1);
  expect(ownReports('FATAL: ThreadSanitizer: unexpected memory mapping\n')).toHaveLength(1);
  expect(ownReports(`${race(node, node)}ThreadSanitizer: reported 1 warnings\n`)).toEqual([]);
});
