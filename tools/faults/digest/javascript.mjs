// SPDX-License-Identifier: MIT
// @ts-check
/**
 * The digest of a module and all that it imports, by what it does. One program is made of them, without types and comments.
 * Then its declarations are written down in the order in which they are met, beginning with what the module exports. So
 * neither the names of files, folders and variables count, nor the order of imports, nor what nothing refers to.
 *
 * What is required where it is needed is another way and is not followed. Texts for people do not count: see isForPeople().
 */
import { createHash } from 'node:crypto';
import { build, transform } from 'esbuild';
import { Linter } from 'eslint';

/** @typedef {import('eslint').Scope.Variable} Variable */
/** @typedef {import('estree').Node & { range: [number, number] }} Node */
/** @typedef {{ start: number, end: number, text: string }} Edit */

/** What stands for `require`, of which bundling would make part of the program what is loaded only when needed. */
const ELSEWHERE = 'elsewhere';

/**
 * The program of some modules, as one text.
 *
 * @param {string} folder
 * @param {string} contents the module that imports them
 */
async function programOf(folder, contents) {
  const { outputFiles } = await build({
    ...{ stdin: { contents, resolveDir: folder }, bundle: true, write: false, define: { require: ELSEWHERE } },
    ...{ platform: 'node', format: 'esm', target: 'es2022', legalComments: 'none', charset: 'utf8', tsconfigRaw: {} },
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}

/** Words, and not a name, a path or a format: there is a space beside a word. @param {string} text */
const isForPeople = (text) => /[a-z]{2}[,;:.)"']* | ["']?[a-z]{2}/i.test(text);

/**
 * Whether an expression is nothing but a text for people, or a list of them: what went wrong, what to do about it.
 *
 * @param {Node} node @returns {boolean}
 */
function isWords(node) {
  const all = (/** @type {readonly unknown[]} */ nodes) => nodes.every((each) => isWords(/** @type {Node} */ (each)));
  if (node.type === 'Literal') return typeof node.value === 'string' && isForPeople(node.value);
  if (node.type === 'TemplateLiteral') return isForPeople(node.quasis.map(({ value }) => value.cooked).join('0'));
  if (node.type === 'BinaryExpression') return node.operator === '+' && all([node.left, node.right]);
  return node.type === 'ArrayExpression' && node.elements.length > 0 && all(node.elements);
}

/** Whether a call is about where a file is, in this package or a checkout. @param {Node} node */
function isAboutPlaces(node) {
  if (node.type !== 'CallExpression') return false;
  const { callee } = node;
  const [first] = node.arguments;
  if (first?.type === 'Identifier') return first.name === '__dirname';
  if (first?.type !== 'Literal' || typeof first.value !== 'string') return false;
  const isRequired = callee.type === 'Identifier' && callee.name === ELSEWHERE && first.value.startsWith('.');
  return isRequired || first.value === 'src-ts';
}

/** The changes to a text that leave out what does not count. @param {Node} root @param {Record<string, string[]>} keys of nodes that have nodes */
function omissions(root, keys) {
  /** @type {Edit[]} */
  const edits = [];
  const leaveOut = (/** @type {Node} */ { range: [start, end] }) => edits.push({ start, end, text: '""' });
  /** @param {Node} node */
  function visit(node) {
    if (isWords(node)) return void leaveOut(node);
    const children = (keys[node.type] ?? []).flatMap((key) => /** @type {any} */ (node)[key]).filter(Boolean);
    for (const child of children) {
      if (isAboutPlaces(node) && child.type === 'Literal') leaveOut(child);
      else visit(child);
    }
  }
  visit(root);
  return edits;
}

/** @param {string} text @param {Node['range']} range the part that is wanted @param {readonly Edit[]} edits within it */
function edited(text, [start, end], edits) {
  let result = '';
  let from = start;
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    result += text.slice(from, edit.start) + edit.text;
    from = edit.end;
  }
  return result + text.slice(from, end);
}

/** The name of what a variable was imported as, or undefined. @param {Variable} variable */
function importedAs({ defs: [definition] }) {
  if (definition?.type !== 'ImportBinding') return undefined;
  const { node, parent } = definition;
  const what = node.type === 'ImportSpecifier' ? /** @type {any} */ (node.imported).name : node.type;
  return `$${what}_of_${parent.source.value}`.replace(/[^\w$]/g, '_');
}

/**
 * All places where a variable of the program is written, its declaration too.
 *
 * @param {Variable} variable
 */
function mentionsOf(variable) {
  const identifiers = new Set([...variable.identifiers, ...variable.references.map(({ identifier }) => identifier)]);
  return [...identifiers].map((identifier) => {
    const { range, parent, name } = /** @type {any} */ (identifier);
    const prefix = parent?.type === 'Property' && parent.shorthand ? `${name}: ` : '';
    return { start: Number(range[0]), end: Number(range[1]), variable, prefix };
  });
}

/** A program as statements, and who mentions whom. */
class Program {
  /** @param {string} text */
  constructor(text) {
    const linter = new Linter();
    const [failure] = linter.verify(text, [{ languageOptions: { ecmaVersion: 2022, sourceType: 'module' } }]);
    if (failure) throw new SyntaxError(failure.message);
    const { ast, scopeManager, visitorKeys } = linter.getSourceCode();
    this.text = text;
    this.statements = /** @type {Node[]} */ (ast.body);
    this.omissions = omissions(/** @type {Node} */ (/** @type {unknown} */ (ast)), visitorKeys);
    this.variables = scopeManager?.globalScope?.childScopes[0]?.variables ?? [];
    this.mentions = this.variables.flatMap(mentionsOf).sort((a, b) => a.start - b.start);
  }

  /** @template {{ start: number, end: number }} T @param {readonly T[]} all @param {Node} node */
  within = (all, { range }) => all.filter(({ start, end }) => start >= range[0] && end <= range[1]);

  /** The mentions in a statement, but for those in what is left out. @param {Node} statement */
  mentionsIn(statement) {
    const leftOut = this.within(this.omissions, statement);
    return this.within(this.mentions, statement).filter(
      ({ start }) => !leftOut.some((edit) => start >= edit.start && start < edit.end),
    );
  }
}

/** Writes a program down in the order in which its declarations are met. */
class Writer {
  #program;
  /** The statements in which a variable is declared, and those beside that change it. @type {Map<Variable, Node[]>} */
  #statementsOf = new Map();
  /** @type {Map<Variable, string>} */
  #names = new Map();
  /** @type {Set<Node>} */
  #met = new Set();
  #text = '';

  /** @param {Program} program */
  constructor(program) {
    this.#program = program;
    for (const statement of program.statements) {
      if (statement.type === 'ImportDeclaration' || statement.type === 'ExportNamedDeclaration') continue;
      const declared = program.variables.filter(({ identifiers }) => identifiers.some((each) => isIn(each, statement)));
      const changed = program
        .mentionsIn(statement)
        .slice(0, 1)
        .map(({ variable }) => variable);
      for (const variable of declared.length > 0 ? declared : changed) {
        this.#statementsOf.set(variable, [...(this.#statementsOf.get(variable) ?? []), statement]);
      }
    }
  }

  /** @param {Variable} variable */
  #nameOf(variable) {
    const known = this.#names.get(variable);
    if (known) return known;
    const name = importedAs(variable) ?? `$${this.#names.size}`;
    this.#names.set(variable, name);
    for (const statement of this.#statementsOf.get(variable) ?? []) this.#met.add(statement);
    return name;
  }

  /** @param {Node} statement */
  #write(statement) {
    const names = this.#program.mentionsIn(statement).map(({ variable, prefix, ...place }) => {
      return { ...place, text: prefix + this.#nameOf(variable) };
    });
    const omitted = this.#program.within(this.#program.omissions, statement);
    this.#text += `${edited(this.#program.text, statement.range, [...omitted, ...names])};\n`;
  }

  /** @returns {string} all that is reached from what the program exports */
  written() {
    const exported = this.#program.statements.flatMap((statement) =>
      statement.type === 'ExportNamedDeclaration' ? statement.specifiers : [],
    );
    const named = exported.map(({ exported, local }) => [nameOf(exported), nameOf(local)]).sort();
    for (const [name, local] of named) {
      const variable = this.#program.variables.find((each) => each.name === local);
      if (variable) this.#text += `${this.#nameOf(variable)}("${name}");\n`;
    }
    // A set goes on with what is added to it meanwhile.
    for (const statement of this.#met) this.#write(statement);
    return this.#text;
  }
}

/** @param {import('estree').Identifier | import('estree').Literal} node */
const nameOf = (node) => (node.type === 'Identifier' ? node.name : String(node.value));

/** @param {{ range?: [number, number] | undefined }} inner @param {Node} outer */
const isIn = ({ range: [start, end] = [-1, -1] }, { range }) => start >= range[0] && end <= range[1];

/**
 * What is digested.
 *
 * @param {string} folder
 * @param {string} contents the module that exports what is called from outside, as if it were in the folder
 */
export async function canonicalProgram(folder, contents) {
  const program = new Program(await programOf(folder, contents));
  // What is left to rename are variables in functions.
  const { code } = await transform(new Writer(program).written(), { minify: true, target: 'es2022', charset: 'utf8' });
  return code;
}

/** @param {string} folder @param {string} contents as above */
export async function digestOfProgram(folder, contents) {
  return createHash('sha256')
    .update(await canonicalProgram(folder, contents))
    .digest('hex');
}
