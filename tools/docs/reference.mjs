// SPDX-License-Identifier: MIT
// @ts-check
/**
 * The form of docs/api.md: all entry points on one page, each method with its signature as the source has it, its
 * options in a table beneath, what it returns and throws, and examples. typedoc has read the doc comments; it sees
 * through the names of types, so signatures and types are taken from the source's own text.
 */
import ts from 'typescript';
import { ReflectionKind } from 'typedoc';
import { SetupError } from '../lib/run.mjs';
import { anchors, table } from './markdown.mjs';

/** @import { Comment, CommentDisplayPart, Context, DeclarationReflection, ProjectReflection, Reflection, SomeType } from 'typedoc' */
/** @typedef {{ level: number, title: string, body: () => (string | undefined)[] }} Section */

/** The type of options that all others extend: it has a section of its own, others are shown with their method. */
const SHARED = 'CallOptions';

/** What its one sentence shows as well as an example would. */
const WITHOUT_EXAMPLE = ['SecureStorageError.toJSON', 'isSecureStorageError'];

/** The page without its title. @param {ProjectReflection} project @param {Context} context of its conversion */
export function reference(project, context) {
  return new Reference(project, context).text();
}

class Reference {
  /** @type {Section[]} */
  #sections = [];
  #anchor = anchors();
  /** Where each thing is described. @type {Map<Reflection, { name: string, anchor: string }>} */
  #places = new Map();
  /** Types of options, each with the method that it is shown with. @type {Map<DeclarationReflection, DeclarationReflection>} */
  #options;

  /** @param {ProjectReflection} project @param {Context} context */
  constructor(project, context) {
    this.context = context;
    this.modules = project.children ?? [];
    this.#options = optionsOfMethods(project);
    this.#anchor('API');
    this.#anchor('Contents');
    for (const module of this.modules) this.#addModule(module);
    for (const [type, method] of this.#options) this.#places.set(type, this.#place(method));
  }

  text() {
    const sections = this.#sections.map(({ level, title, body }) =>
      [`${'#'.repeat(level)} ${title}`, ...body()].filter(Boolean).join('\n\n'),
    );
    return ['## Contents', this.modules.map((module) => this.#contents(module)).join('\n'), ...sections].join('\n\n');
  }

  /** Adds a section; its text is made when all places are known. @param {Reflection} about @param {Section} section */
  #add(about, section) {
    this.#places.set(about, { name: section.title, anchor: this.#anchor(section.title) });
    this.#sections.push(section);
  }

  /** @param {DeclarationReflection} module */
  #addModule(module) {
    this.#add(module, { level: 2, title: module.name, body: () => this.#comment(module.comment) });
    for (const child of shown(module)) {
      if (child.kindOf(ReflectionKind.Class)) this.#addClass(child);
      else if (child.kindOf(ReflectionKind.Function)) this.#addFunction(child, 3);
      else if (child.kindOf(ReflectionKind.Interface)) this.#addInterface(child);
      else this.#add(child, { level: 3, title: child.name, body: () => this.#type(child) });
    }
  }

  /** @param {DeclarationReflection} model */
  #addClass(model) {
    const fields = shown(model).filter((member) => member.kindOf(ReflectionKind.Property));
    const body = () => [...this.#comment(model.comment), this.#table('Property', fields)];
    this.#add(model, { level: 3, title: model.name, body });
    for (const method of methodsOf(model)) this.#addFunction(method, 4);
  }

  /** @param {DeclarationReflection} model @param {number} level */
  #addFunction(model, level) {
    this.#add(model, { level, title: callName(model), body: () => this.#function(model) });
  }

  /** @param {DeclarationReflection} model */
  #addInterface(model) {
    if (this.#options.has(model)) return;
    const body = () => [...this.#comment(model.comment), ...this.#properties(model)];
    this.#add(model, { level: 3, title: model.name, body });
  }

  /** @param {DeclarationReflection} module */
  #contents(module) {
    const callables = shown(module).filter((child) => child.kindOf(ReflectionKind.Class | ReflectionKind.Function));
    const lines = callables.map((child) => {
      const methods = methodsOf(child).map((method) => this.#link(method, method.name));
      return `  * ${this.#link(child)}${methods.length > 0 ? `: ${methods.join(', ')}` : ''}`;
    });
    return [`* ${this.#link(module)}`, ...lines].join('\n');
  }

  /** @param {DeclarationReflection} model */
  #function(model) {
    const comment = model.signatures?.find((signature) => signature.comment)?.comment;
    const parameters = (model.signatures?.[0]?.parameters ?? []).filter((one) => this.#prose(one.comment?.summary));
    const name = model.parent?.kindOf(ReflectionKind.Class) ? `${model.parent.name}.${model.name}` : model.name;
    if (!comment?.getTags('@example').length && !WITHOUT_EXAMPLE.includes(name)) {
      throw new SetupError(`docs/api.md needs an example for ${name}: add @example to its doc comment.`);
    }
    const told = parameters.map(({ name, comment: text }) => `* \`${name}\`: ${this.#prose(text?.summary)}`);
    return [
      code(this.#declarations(model).map(head).join('\n')),
      this.#prose(comment?.summary),
      told.join('\n'),
      ...optionTypes(model).flatMap((type) => this.#optionsFor(model, type)),
      ...this.#tags(comment),
    ];
  }

  /** @param {DeclarationReflection} method @param {DeclarationReflection} type */
  #optionsFor(method, type) {
    if (this.#options.get(type) === method) return ['Options:', ...this.#properties(type)];
    return [`Options: those of ${this.#link(type)}.`];
  }

  /** An interface; what it has from the shared options is only named. @param {DeclarationReflection} type */
  #properties(type) {
    const fields = shown(type);
    const shared = type.name === SHARED ? [] : fields.filter((field) => this.#declaredIn(field) === SHARED);
    const names = shared.map(({ name }) => `\`${name}\``).join(' and ');
    const base = shared.length > 0 ? this.#named(SHARED) : undefined;
    const rest = fields.filter((field) => !shared.includes(field));
    const label = type.name.endsWith('Options') ? 'Option' : 'Property';
    return [this.#table(label, rest), base && `${rest.length > 0 ? 'Also ' : ''}${names} of ${this.#link(base)}.`];
  }

  /** @param {string} label @param {DeclarationReflection[]} fields */
  #table(label, fields) {
    const rows = fields.flatMap(withMembers).map(({ name, field }) => {
      const type = field.type?.type === 'reflection' && field.type.declaration.children ? '' : this.#typeOf(field);
      return [`\`${name}\``, type, defaultOf(field.comment), this.#comment(commentOf(field)).join(' ')];
    });
    if (rows.length === 0) return undefined;
    const columns = [0, 1, 2, 3].filter((column) => rows.some((row) => row[column]));
    const narrow = (/** @type {string[]} */ row) => columns.map((column) => row[column] ?? '');
    return table(narrow([label, 'Type', 'Default', 'Meaning']), rows.map(narrow));
  }

  /** The type of a property as written; a link if it names something on this page. @param {DeclarationReflection} field */
  #typeOf(field) {
    const [declaration] = this.#declarations(field);
    const node = /** @type {ts.PropertyDeclaration | undefined} */ (declaration)?.type;
    const text = (node?.getText() ?? String(field.type)).replace(/\s+/g, ' ').replace(/^\| /, '');
    const type = field.flags.isOptional ? text.replace(/ \| undefined$/, '') : text;
    const known = /** @type {string[]} */ (type.match(/\w+/g) ?? []).map((word) => this.#named(word)).find(Boolean);
    return known ? `[\`${type}\`](#${this.#place(known).anchor})` : `\`${type}\``;
  }

  /** @param {DeclarationReflection} model */
  #type(model) {
    const text = this.#declarations(model).map((node) => node.getText().replace(/^export /, ''));
    return [...text.filter((one) => !one.includes('typeof ')).map(code), ...this.#comment(model.comment)];
  }

  /** Where the source declares something. @param {Reflection} model @returns {readonly ts.Node[]} */
  #declarations(model) {
    const nodes = this.context.getSymbolFromReflection(model)?.declarations ?? [];
    // Of an overloaded function the implementation is not for callers.
    return nodes.length > 1 ? nodes.filter((node) => !('body' in node && node.body)) : nodes;
  }

  /** The interface that declares a property. @param {DeclarationReflection} field */
  #declaredIn(field) {
    const parent = this.#declarations(field)[0]?.parent;
    return parent && ts.isInterfaceDeclaration(parent) ? parent.name.text : undefined;
  }

  /** @param {Comment | undefined} comment */
  #comment(comment) {
    return [this.#prose(comment?.summary), ...this.#tags(comment)].filter(Boolean);
  }

  /** @param {Comment | undefined} comment */
  #tags(comment) {
    const texts = (/** @type {`@${string}`} */ tag) =>
      (comment?.getTags(tag) ?? []).map(({ content }) => this.#prose(content));
    return [
      ...texts('@returns').map((returned) => `**Returns** ${returned}`),
      ...texts('@throws').map((thrown) => `**Throws** ${thrown.replace(/^SecureStorageError /, '')}`),
      ...texts('@example'),
    ];
  }

  /** @param {readonly CommentDisplayPart[] | undefined} parts */
  #prose(parts = []) {
    const texts = parts.map((part) => {
      if (part.kind !== 'inline-tag' || typeof part.target !== 'object') return part.text;
      return 'kind' in part.target ? this.#link(/** @type {Reflection} */ (part.target)) : part.text;
    });
    return texts.join('').trim();
  }

  /** @param {Reflection} to @param {string} [text] */
  #link(to, text) {
    const { name, anchor } = this.#place(to);
    return `[\`${text ?? name}\`](#${anchor})`;
  }

  /** @param {Reflection} of */
  #place(of) {
    const place = this.#places.get(of) ?? this.#places.get(of.parent ?? of);
    if (place === undefined) throw new Error(`${of.getFriendlyFullName()} is linked to and not exported`);
    return place;
  }

  /** @param {string} name */
  #named(name) {
    return [...this.#places.keys()].find((one) => one.name === name && one.parent?.kindOf(ReflectionKind.Module));
  }
}

/**
 * What a reader is shown: nothing with a symbol for its name, and no constant, of whose type there is more to say.
 * @param {DeclarationReflection} model
 */
function shown(model) {
  const hidden = ReflectionKind.Constructor | ReflectionKind.Variable | ReflectionKind.Reference;
  return (model.children ?? []).filter((child) => !child.name.startsWith('[') && !child.kindOf(hidden));
}

/** @param {DeclarationReflection} model */
function methodsOf(model) {
  return shown(model).filter((member) => member.kindOf(ReflectionKind.Method));
}

/** @param {DeclarationReflection} model */
function callName({ name, flags, kind, parent }) {
  if (kind === ReflectionKind.Function) return `${name}()`;
  return `${flags.isStatic ? (parent?.name ?? '') : ''}.${name}()`;
}

/** Each type of options with the first method that takes it. @param {ProjectReflection} project */
function optionsOfMethods(project) {
  /** @type {Map<DeclarationReflection, DeclarationReflection>} */
  const found = new Map();
  const kinds = ReflectionKind.Method | ReflectionKind.Function;
  for (const method of /** @type {DeclarationReflection[]} */ (project.getReflectionsByKind(kinds))) {
    for (const type of optionTypes(method)) if (type.name !== SHARED && !found.has(type)) found.set(type, method);
  }
  return found;
}

/** The types of options that a method takes. @param {DeclarationReflection} method */
function optionTypes({ signatures = [] }) {
  const types = signatures.flatMap(({ parameters = [] }) => parameters.flatMap(({ type }) => interfacesIn(type)));
  return [...new Set(types)].filter(({ name }) => name.endsWith('Options'));
}

/** @param {SomeType | undefined} type @returns {DeclarationReflection[]} */
function interfacesIn(type) {
  if (type?.type === 'intersection') return type.types.flatMap(interfacesIn);
  const target = type?.type === 'reference' ? type.reflection : undefined;
  return target?.kindOf(ReflectionKind.Interface) ? [/** @type {DeclarationReflection} */ (target)] : [];
}

/** A property, then the properties of the object it is. @param {DeclarationReflection} field @returns {{ name: string, field: DeclarationReflection }[]} */
function withMembers(field) {
  const name = `${field.name}${field.flags.isOptional ? '?' : ''}`;
  const members = field.type?.type === 'reflection' ? (field.type.declaration.children ?? []) : [];
  return [{ name, field }, ...members.map((member) => ({ name: `${field.name}.${member.name}`, field: member }))];
}

/** A function without its body, as one declares it. @param {ts.Node} node */
function head(node) {
  const body = 'body' in node && node.body ? /** @type {ts.Node} */ (node.body) : undefined;
  const source = node.getSourceFile();
  const indent = source.getLineAndCharacterOfPosition(node.getStart()).character;
  const text = source.text.slice(node.getStart(), body?.getStart() ?? node.getEnd());
  return text
    .trim()
    .replace(/;$/, '')
    .replace(/^(?:(?:export|public|async|override) )*(static )?(?:async )?(?:function )?\*?/, '$1')
    .replaceAll(`\n${' '.repeat(indent)}`, '\n');
}

/** @param {string} text */
function code(text) {
  return `\`\`\`ts\n${text}\n\`\`\``;
}

/** Of a property that is a function typedoc keeps the comment with its signature. @param {DeclarationReflection} field */
function commentOf({ comment, type }) {
  const signatures = type?.type === 'reflection' ? type.declaration.signatures : undefined;
  return comment?.hasVisibleComponent() ? comment : signatures?.[0]?.comment;
}

/** @param {Comment | undefined} comment */
function defaultOf(comment) {
  const tag = comment?.getTag('@default') ?? comment?.getTag('@defaultValue');
  const text =
    tag?.content
      .map((part) => part.text)
      .join('')
      .trim() ?? '';
  return /^('.*'|\d+|true|false)$/.test(text) ? `\`${text}\`` : text;
}
