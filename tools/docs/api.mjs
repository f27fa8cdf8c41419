// SPDX-License-Identifier: MIT
// @ts-check
/** docs/api.md from the doc comments of the package's entry points. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Application, Converter } from 'typedoc';
import { ROOT } from '../lib/paths.mjs';
import { SetupError } from '../lib/run.mjs';
import { reference } from './reference.mjs';

const HEAD = `<!-- Made from the doc comments in src-ts/ by "npm run docs"; not to be edited here. -->
# API

Everything is asynchronous. \`require\` and \`import\` give the same classes, with types for TypeScript. An error's code
is a link to what it means and what to do about it; all of them are in [errors.md](errors.md).
`;

/** The text of docs/api.md. @returns {Promise<string>} @throws {SetupError} where a comment is not as it should be */
export async function apiText() {
  const entries = entryPoints();
  const app = await Application.bootstrap({
    entryPoints: entries.map(({ source }) => source),
    tsconfig: path.join(ROOT, 'tsconfig.json'),
    alwaysCreateEntryPointModule: true,
    skipErrorChecking: true, // as "types of src-ts" checks them
    disableSources: true,
    excludeExternals: true,
    excludeInternal: true,
    readme: 'none',
    sort: ['kind'],
    kindSortOrder: ['Class', 'Function', 'Interface', 'TypeAlias'],
    sortEntryPoints: false,
    jsDocCompatibility: { defaultTag: false },
    validation: { notExported: false, invalidLink: true },
    logLevel: 'Warn',
  });
  /** @type {import('typedoc').Context | undefined} */
  let context;
  app.converter.on(Converter.EVENT_END, (ended) => (context = ended));
  const project = await app.convert();
  if (project === undefined || context === undefined) throw new SetupError('typedoc cannot read src-ts.');
  project.children?.forEach((module, index) => (module.name = entries[index]?.name ?? module.name));
  app.validate(project);
  if (app.logger.hasErrors() || app.logger.hasWarnings()) throw new SetupError('A doc comment is not as it should be.');
  return `${HEAD}\n${linkCodes(reference(project, context))}\n`;
}

/** What can be imported, in the order of package.json: the name, and the source that its types come from. */
function entryPoints() {
  const { name, exports } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  return Object.entries(exports).flatMap(([subpath, target]) => {
    const types = typesOf(target);
    if (types === undefined) return [];
    const source = types.replace(/^\.\/dist\//, 'src-ts/').replace(/\.d\.ts$/, '.ts');
    return [{ name: path.posix.join(name, subpath), source: path.join(ROOT, source) }];
  });
}

/** The first "types" of an entry of exports, whatever the conditions around it. @param {unknown} target @returns {string | undefined} */
function typesOf(target) {
  if (typeof target !== 'object' || target === null) return undefined;
  for (const [condition, inner] of Object.entries(target)) {
    const found = condition === 'types' && typeof inner === 'string' ? inner : typesOf(inner);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Error codes of the text, outside of code, as links. @param {string} text */
function linkCodes(text) {
  const link = (/** @type {string} */ code) => `[\`${code}\`](errors.md#${code.toLowerCase()})`;
  return text.replace(/```[\s\S]*?```|`[^`\n]*`|\bERR_[A-Z0-9_]+\b/g, (found) => {
    const code = found.replaceAll('`', '');
    return /^ERR_[A-Z0-9_]+$/.test(code) ? link(code) : found;
  });
}
