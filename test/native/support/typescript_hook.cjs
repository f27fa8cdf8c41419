// SPDX-License-Identifier: MIT
// Lets a child process run the TypeScript sources as they are, without a build that could be out of date.
'use strict';
const fs = require('node:fs');
const Module = require('node:module');
const { transformSync } = require('@swc/core');

const options = {
  jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
  module: { type: 'commonjs', ignoreDynamic: true },
};

require.extensions['.ts'] = (module, file) => {
  module._compile(transformSync(fs.readFileSync(file, 'utf8'), { ...options, filename: file }).code, file);
};

const resolve = Module._resolveFilename;
Module._resolveFilename = function (request, parent, ...rest) {
  const source = parent?.filename?.endsWith('.ts') && /^\..*\.js$/.test(request);
  return resolve.call(this, source ? request.replace(/\.js$/, '.ts') : request, parent, ...rest);
};
