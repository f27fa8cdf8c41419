// SPDX-License-Identifier: MIT
/** Our declarations of the TEE Client API against the headers of OP-TEE's libteec. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '..', '..');
const OURS = path.join(ROOT, 'src-native');
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'tee-layout-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** What a tee_client_api.h in `include` says, one fact a line. */
function layout(include: string): string[] {
  const program = path.join(folder, 'layout');
  // Its functions are named only, so nothing has to be linked.
  const flags = ['-Wall', '-Wextra', '-Werror', '-O1', '-Wl,--unresolved-symbols=ignore-all', '-no-pie'];
  execFileSync('cc', [...flags, '-I', include, '-o', program, path.join(__dirname, 'support', 'layout.c')]);
  return execFileSync(program, { encoding: 'utf8' }).trim().split('\n');
}

test('types, fields, constants and functions are those of the libteec that the OP-TEE machine has', () => {
  const real = execFileSync(process.execPath, [path.join(ROOT, 'tools', 'optee.mjs'), '--print', 'client-headers'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ours = layout(OURS);
  expect(ours).toContain('sizeof TEEC_SharedMemory 56');
  expect(ours).toEqual(layout(real.trim()));
}, 300_000);
