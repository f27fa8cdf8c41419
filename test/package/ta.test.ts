// SPDX-License-Identifier: MIT
/** The Trusted Application that is packed can be made again, by anyone, to the last byte. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { TA_UUID } from '../../src-ts/protocol/contract.js';
import { readSignedTa } from '../e2e/support/ta.js';
import { freshFolder, packPackage, SETUP_MS } from './support/place.js';

jest.setTimeout(120_000);

let kit: string;
let content: string;

beforeAll(async () => {
  const { ensureTaDevKit } = await import('../../machine/kits.mjs');
  kit = await ensureTaDevKit();
  const folder = freshFolder();
  execFileSync('tar', ['-xzf', await packPackage(), '-C', folder]);
  content = path.join(folder, 'package');
}, SETUP_MS);

/** Builds the packed sources in a folder of that name, with results in another. */
function build(name: string): string {
  const folder = path.join(freshFolder(), name);
  mkdirSync(folder, { recursive: true });
  execFileSync('cp', ['-r', path.join(content, 'ta'), folder]);
  const output = path.join(folder, 'out');
  const settings = [`O=${output}`, `TA_DEV_KIT_DIR=${kit}`, 'CROSS_COMPILE=aarch64-linux-gnu-'];
  const args = ['-C', path.join(folder, 'ta'), '-j2', 'PYTHON3=/usr/bin/python3', ...settings];
  execFileSync('make', args, { stdio: 'pipe' });
  return output;
}

test('built in different folders it is what was packed, but for the signature', () => {
  const packed = path.join(content, 'dist/ta');
  const builds = [build('here'), build('somewhere/else/with-a-longer-name')];
  for (const folder of builds) {
    const stripped = (at: string) => readFileSync(path.join(at, `${TA_UUID}.stripped.elf`));
    expect(stripped(folder).equals(stripped(packed))).toBe(true);
    const [again, first] = [folder, packed].map((at) => readSignedTa(path.join(at, `${TA_UUID}.ta`)));
    expect(again?.signed.equals(first?.signed ?? Buffer.alloc(0))).toBe(true);
    // With a salt: were it the same, nothing would have been signed again.
    expect(again?.signature.equals(first?.signature ?? Buffer.alloc(0))).toBe(false);
  }
});
