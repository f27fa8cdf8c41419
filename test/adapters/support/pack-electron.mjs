// SPDX-License-Identifier: MIT
/**
 * Packs examples/electron as electron-builder would, by Electron's own archiver (which needs Node.js 22): into
 * FOLDER/app.asar, and beside it what asarUnpack of its package.json names. Prints which file went where.
 */
import { cpSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as asar from '@electron/asar';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const folder = process.argv[2];
const app = path.join(folder, 'app');
const archive = path.join(folder, 'app.asar');

cpSync(path.join(ROOT, 'examples/electron'), app, { recursive: true });
const own = path.join(app, 'node_modules/optee-secure-storage');
cpSync(path.join(ROOT, 'package.json'), path.join(own, 'package.json'));
cpSync(path.join(ROOT, 'dist'), path.join(own, 'dist'), { recursive: true });
// Where the loader looks for the addon; its content does not matter here.
cpSync(path.join(ROOT, 'LICENSE'), path.join(own, 'prebuilds/linux-arm64/optee-secure-storage.glibc.node'));

const { build } = JSON.parse(readFileSync(path.join(app, 'package.json'), 'utf8'));
// The archiver takes folders without the "/**" of electron-builder.
const [pattern, ...others] = build.asarUnpack;
if (others.length > 0 || !pattern.endsWith('/**')) throw new Error('asarUnpack has a form that is not known here');
await asar.createPackageWithOptions(app, archive, { unpackDir: pattern.slice(0, -'/**'.length) });

const files = asar.listPackage(archive).filter((file) => !('files' in asar.statFile(archive, file.slice(1))));
const isUnpacked = (file) => asar.statFile(archive, file.slice(1)).unpacked === true;
process.stdout.write(
  JSON.stringify({ inside: files.filter((file) => !isUnpacked(file)), unpacked: files.filter(isUnpacked) }),
);
