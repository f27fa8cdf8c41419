// SPDX-License-Identifier: MIT
/** Where the files of this package are: never what lies around a bundle that its code became a part of. */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';

const NAME = 'optee-secure-storage';

/**
 * The folder of this package, or of the checkout.
 * @param file of this package, the one that asks
 * @param room its folder below dist/ or src-ts/
 * @returns undefined if the file is elsewhere, as in a bundle, or if somebody else made what is around it
 */
export function ownPackage(file: string, room: string): string | undefined {
  // Bundlers may give a path that is relative to where they ran.
  if (!path.isAbsolute(file)) return undefined;
  const built = path.dirname(file).slice(0, -path.join(path.sep, room).length);
  if (path.join(built, room) !== path.dirname(file) || !['dist', 'src-ts'].includes(path.basename(built)))
    return undefined;
  const folder = path.dirname(built);
  const manifest = path.join(folder, 'package.json');
  return nameIn(manifest) === NAME && belongsTogether(file, folder, manifest) ? folder : undefined;
}

/** Whether others belong to root, to this user, or to whom the file belongs if that runs already. */
export function belongsTogether(file: string, ...others: readonly string[]): boolean {
  const owner = (name: string) => statSync(name, { throwIfNoEntry: false })?.uid;
  // Node.js has loaded it if it has it here; in a bundle only its name is known.
  const trusted = [0, process.geteuid?.() ?? 0, ...(file in require.cache ? [owner(file)] : [])];
  return others.every((name) => trusted.includes(owner(name)));
}

function nameIn(manifest: string): unknown {
  try {
    return (JSON.parse(readFileSync(manifest, 'utf8')) as { name?: unknown } | null)?.name;
  } catch {
    return undefined;
  }
}
