// SPDX-License-Identifier: MIT
/** The bill of materials says what CycloneDX asks for, and what is so. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import { ensureTools, freshFolder, packPackage, SETUP_MS } from './support/place.js';

interface Component {
  readonly 'bom-ref': string;
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
}

interface Bill {
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/** Of @cyclonedx/cyclonedx-library. */
interface Library {
  readonly Spec: { readonly Version: { readonly v1dot6: string } };
  readonly Validation: { readonly JsonStrictValidator: new (version: string) => Validator };
}
interface Validator {
  validate(text: string): Promise<unknown>;
}

let content: string;
let text: string;
let bill: Bill;
let validator: Validator;

beforeAll(async () => {
  const tools = await ensureTools();
  const folder = freshFolder();
  execFileSync('tar', ['-xzf', await packPackage(), '-C', folder]);
  content = path.join(folder, 'package');
  text = readFileSync(path.join(content, 'dist/sbom.cdx.json'), 'utf8');
  bill = JSON.parse(text) as Bill;
  const { Spec, Validation } = createRequire(path.join(tools, 'any.js'))('@cyclonedx/cyclonedx-library') as Library;
  validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
}, SETUP_MS);

test('it is valid CycloneDX 1.6, strictly', async () => {
  expect(await validator.validate(text)).toBeNull();
});

test('the validator sees a mistake', async () => {
  const wrong = { ...bill, components: [{ ...bill.components[0], type: 'nothing known' }] };
  expect(await validator.validate(JSON.stringify(wrong))).not.toBeNull();
});

test('it names each binary of the package with its hash', () => {
  const names = readdirSync(content, { recursive: true, encoding: 'utf8' });
  const binaries = names.filter((name) => /\.(node|ta|elf|wasm)$/.test(name)).sort();
  const listed = bill.components.filter(({ type }) => type === 'file');
  expect(listed.map(({ name }) => name).sort()).toEqual(binaries);
  for (const { name, hashes = [] } of listed) {
    const sha256 = createHash('sha256')
      .update(readFileSync(path.join(content, name)))
      .digest('hex');
    expect(hashes).toEqual([{ alg: 'SHA-256', content: sha256 }]);
  }
});

test('it names what is linked into them', () => {
  const parts = (name: string) => {
    const refs = bill.dependencies.find(({ ref }) => ref === name)?.dependsOn ?? [];
    return refs.map((ref) => bill.components.find((component) => component['bom-ref'] === ref)?.name).sort();
  };
  expect(parts('prebuilds/linux-arm64/optee-secure-storage.glibc.node')).toEqual([
    ...['libgcc', 'libstdc++', 'node-addon-api'],
  ]);
  const [ta = ''] = bill.components.map(({ name }) => name).filter((name) => name.endsWith('.ta'));
  expect(parts(ta)).toEqual(expect.arrayContaining(['libutee', 'libutils']));
  expect(parts('dist/simulator/secstor.wasm')).toEqual([]);
});

test('each part has a version', () => {
  expect(bill.components.filter(({ version }) => !/^\d/.test(version))).toEqual([]);
});
