# SPDX-License-Identifier: MIT
# The addon as node-gyp and prebuildify build it. CMakeLists.txt builds the same
# from the same lists in src-native/*.txt.
{
  'targets': [
    {
      'target_name': 'optee_secure_storage',
      'sources': ['<!@(cat src-native/sources.txt)'],
      'cflags_cc!': ['-std=gnu++17'],
      'cflags_cc': [
        '<!@(cat src-native/flags.txt)',
        # System headers, for our warnings are not theirs.
        '-isystem', '<!(node -p "path.resolve(require(\'node-addon-api\').include_dir)")',
      ],
      'ldflags': [
        '<!@(cat src-native/link-flags.txt)',
        '-Wl,--version-script=<(module_root_dir)/src-native/exports.map',
      ],
    },
  ],
}
