// SPDX-License-Identifier: MIT
// @ts-check
/** Which file of src-ts/ imports which, read from the sources; types count. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

/** @typedef {{ from: string, to: string, lazy: boolean }} Import of one file by another, both relative to the folder. */

/** All imports between the files of a folder. @param {string} folder @returns {Import[]} */
export function importsBelow(folder) {
  return filesBelow(folder).flatMap((from) => {
    const text = readFileSync(path.join(folder, from), 'utf8');
    return specifiersIn(text).map(({ specifier, lazy }) => {
      const to = path.posix.join(path.posix.dirname(from), specifier).replace(/\.js$/, '.ts');
      return { from, to, lazy };
    });
  });
}

/** @param {string} folder */
export function filesBelow(folder) {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.ts')).sort();
}

/**
 * The relative modules that a text names. One that is required, with the type that such a call is given, is lazy.
 * @param {string} text
 * @returns {{ specifier: string, lazy: boolean }[]}
 */
function specifiersIn(text) {
  /** @type {{ specifier: string, lazy: boolean }[]} */
  const found = [];
  const add = (/** @type {ts.Node | undefined} */ node, /** @type {boolean} */ lazy) => {
    if (node && ts.isStringLiteralLike(node) && /^\.{1,2}\/.*\.js$/.test(node.text)) {
      found.push({ specifier: node.text, lazy });
    }
  };
  const visit = (/** @type {ts.Node} */ node) => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) add(node.moduleSpecifier, false);
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
    if (ts.isCallExpression(node)) {
      const { expression, arguments: given } = node;
      const isRequire = ts.isIdentifier(expression) && expression.text === 'require';
      if (isRequire || expression.kind === ts.SyntaxKind.ImportKeyword) add(given[0], true);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('module.ts', text, ts.ScriptTarget.Latest));
  return found;
}
