# SPDX-License-Identifier: MIT
{ 'target_defaults': {}, 'variables': {} }
