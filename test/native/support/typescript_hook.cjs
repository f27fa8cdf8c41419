// SPDX-License-Identifier: MIT
// Lets a child process run the TypeScript sources as they are, without a build that could be out of date. With
// TEST_ADDON in the environment they find that addon in place of the one in build/Release.
'use strict';
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');

const CACHE = path.resolve(__dirname, '..', '..', '..', 'build', 'test-native', 'javascript');
const options = {
  jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
  module: { type: 'commonjs', ignoreDynamic: true },
};
const compiler = JSON.stringify([options, require('@swc/core/package.json').version]);

// Kept from run to run: the compiler takes longer to load than most scenarios to run, and is not to be looked at by
// sanitizers.
require.extensions['.ts'] = (module, file) => {
  const source = fs.readFileSync(file, 'utf8');
  const name = createHash('sha256').update(`${compiler}\0${file}\0${source}`).digest('hex');
  const kept = path.join(CACHE, `${name}.js`);
  if (!fs.existsSync(kept)) compile(source, file, kept);
  module._compile(fs.readFileSync(kept, 'utf8'), file);
};

/** Several processes may be at it at once, so what is found under its name is complete. */
function compile(source, file, kept) {
  const { code } = require('@swc/core').transformSync(source, { ...options, filename: file });
  const unfinished = `${kept}.${process.pid}.${require('node:worker_threads').threadId}`;
  fs.mkdirSync(CACHE, { recursive: true });
  fs.writeFileSync(unfinished, code);
  fs.renameSync(unfinished, kept);
}

const addon = process.env.TEST_ADDON;
const resolve = Module._resolveFilename;
Module._resolveFilename = function (request, parent, ...rest) {
  if (addon && request.endsWith('/build/Release/optee_secure_storage.node')) return addon;
  const source = parent?.filename?.endsWith('.ts') && /^\..*\.js$/.test(request);
  return resolve.call(this, source ? request.replace(/\.js$/, '.ts') : request, parent, ...rest);
};
