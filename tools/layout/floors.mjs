// SPDX-License-Identifier: MIT
// @ts-check
/** The rooms of src-ts/ from the ground up, and what each may import: itself, and what stands in its row. */

/** @type {Readonly<Record<string, readonly string[]>>} */
export const FLOORS = {
  util: [],
  tee: ['util'],
  native: ['tee', 'util'],
  // Two sides of one seam: neither knows the other, and neither knows of keys and values.
  simulator: ['tee', 'util'],
  errors: ['tee', 'util'],
  protocol: ['errors', 'tee', 'util'],
  arguments: ['protocol', 'errors', 'util'],
  // The backends are required when one is chosen, which is not an import.
  connection: ['arguments', 'protocol', 'errors', 'tee', 'util'],
  doctor: ['connection', 'arguments', 'protocol', 'errors', 'native', 'tee', 'util'],
  store: ['doctor', 'connection', 'arguments', 'protocol', 'errors', 'tee', 'util'],
  'lazy-store': ['store', 'arguments'],
  keytar: ['lazy-store', 'store', 'arguments', 'protocol', 'errors', 'util'],
  keyv: ['lazy-store', 'store', 'arguments', 'protocol', 'errors', 'util'],
  testing: ['store', 'connection', 'arguments', 'protocol', 'errors', 'simulator', 'tee', 'util'],
  cli: ['store', 'doctor', 'arguments', 'protocol', 'errors', 'native', 'util'],
  index: ['store', 'doctor', 'connection', 'arguments', 'protocol', 'errors'],
};

/** Where a module may be required when it is needed: it is slow to load, and few programs need it. */
export const LAZY = Object.freeze({
  'connection/choose-backend.ts': ['native/backend.ts', 'simulator/backend.ts'],
  'store.ts': ['doctor/diagnose.ts'],
  'cli/main.ts': ['native/backend.ts', 'store.ts'],
  'cli/registry.ts': ['cli/commands/'],
  'cli/commands/doctor.ts': ['doctor/diagnose.ts'],
});

/** Modules of Node.js that a room may use; every one, if it is not named here. */
export const NODE_MODULES = Object.freeze({ protocol: ['node:util'], arguments: ['node:util'] });

/** The room of a file. @param {string} file relative to src-ts/ */
export function roomOf(file) {
  return file.split('/')[0]?.replace(/\.ts$/, '') ?? '';
}

/** The files of a room, as a glob pattern. @param {string} room */
const filesOf = (room) => (isFile(room) ? `src-ts/${room}.ts` : `src-ts/${room}/**/*.ts`);

/** Rooms that are one file each. @param {string} room */
const isFile = (room) => ['index', 'store', 'lazy-store'].includes(room);

/** How an import names a room. @param {string} room */
const importsOf = (room) =>
  isFile(room) ? [`./${room}.js`, `../**/${room}.js`] : [`./${room}/**`, `../**/${room}/**`];

/** The rules for ESLint, a block for each room. */
export const layerRules = Object.entries(FLOORS).map(([room, below]) => ({
  files: [filesOf(room)],
  rules: {
    'no-restricted-imports': /** @type {['error', object]} */ ([
      'error',
      { patterns: [...forbiddenRooms(room, below), ...forbiddenOfNode(room)] },
    ]),
  },
}));

/** @param {string} room @param {readonly string[]} below */
function forbiddenRooms(room, below) {
  const others = Object.keys(FLOORS).filter((other) => other !== room && !below.includes(other));
  return others.map((other) => ({ group: importsOf(other), message: `${room} must not import ${other}.` }));
}

/** @param {string} room */
function forbiddenOfNode(room) {
  const allowed = /** @type {Record<string, readonly string[]>} */ (NODE_MODULES)[room];
  if (allowed === undefined) return [];
  const message = `${room} may use of Node.js: ${allowed.join(', ') || 'no module'}.`;
  return [{ group: ['node:*', ...allowed.map((name) => `!${name}`)], message }];
}
