// SPDX-License-Identifier: MIT
// @ts-check
/**
 * The package's software bill of materials, in CycloneDX 1.6. No package manager can tell it: npm sees a package without
 * dependencies, while what counts is what was compiled and linked into its binaries. There is no time and no random
 * number in it, so that the same package has the same one.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../lib/paths.mjs';
import { TA_UUID } from '../../machine/product.mjs';
import { prebuildFile, TARGET_NAMES } from '../prebuild/targets.mjs';
import { addonParts, taParts } from './parts.mjs';
import { sha256 } from './state.mjs';
import { TA_FILES } from './ta.mjs';

/** @typedef {import('./parts.mjs').Part} Part */

const SIMULATOR = 'dist/simulator/secstor.wasm';
const OWN_LICENSE = [{ license: { id: 'MIT' } }];

const manifest = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));

/** A file of the package. @param {string} name @param {string} description */
function fileComponent(name, description) {
  return {
    ...{ type: 'file', 'bom-ref': name, name, version: manifest.version, description },
    hashes: [{ alg: 'SHA-256', content: sha256(name) }],
    licenses: OWN_LICENSE,
  };
}

/** Something of others' that is in files of the package. @param {Part} part */
function partComponent({ name, version, license, purl, description }) {
  const licenses = /\s/.test(license) ? [{ expression: license }] : [{ license: { id: license } }];
  return { type: 'library', 'bom-ref': purl, name, version, description, licenses, purl };
}

/** @param {string} ref @param {string[]} dependsOn */
const dependency = (ref, dependsOn = []) => ({ ref, dependsOn: [...new Set(dependsOn)].sort() });

/**
 * @param {string} map the linker's, of the Trusted Application that is packed.
 * @returns {Promise<string>} the bill as JSON text.
 */
export async function makeSbom(map) {
  const own = `pkg:npm/${manifest.name}@${manifest.version}`;
  const ta = await taParts(map);
  const addon = await addonParts();
  const addons = TARGET_NAMES.map((name) => path.relative(ROOT, prebuildFile(name)));
  const files = [
    ...addons.map((name) => fileComponent(name, `The addon for ${path.basename(path.dirname(name))} with glibc`)),
    ...TA_FILES.map((name) => fileComponent(name, `The Trusted Application ${TA_UUID}`)),
    fileComponent(SIMULATOR, 'The Trusted Application and a software TEE as WebAssembly, the simulator'),
  ];
  const parts = new Map([...ta, ...addon].map((part) => [part.purl, part]));
  const refs = (/** @type {Part[]} */ of) => of.map(({ purl }) => purl);
  return `${JSON.stringify(
    {
      $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      version: 1,
      metadata: {
        component: {
          ...{ type: 'library', 'bom-ref': own, name: manifest.name, version: manifest.version, purl: own },
          ...{ description: manifest.description, licenses: OWN_LICENSE },
        },
      },
      components: [...files, ...[...parts.values()].map(partComponent)],
      dependencies: [
        dependency(
          own,
          files.map(({ name }) => name),
        ),
        ...addons.map((name) => dependency(name, refs(addon))),
        ...TA_FILES.map((name) => dependency(name, refs(ta))),
        dependency(SIMULATOR),
        ...[...parts.keys()].map((ref) => dependency(ref)),
      ],
    },
    null,
    2,
  )}\n`;
}
