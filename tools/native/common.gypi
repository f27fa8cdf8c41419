# SPDX-License-Identifier: MIT
# What a Node.js gives to addons built by node-gyp, as far as one that uses
# Node-API alone can tell: how to optimise.
{
  'target_defaults': {
    'default_configuration': 'Release',
    'configurations': {
      'Release': { 'cflags': ['-O3'] },
      'Debug': { 'cflags': ['-g', '-O0'] },
    },
  },
}
