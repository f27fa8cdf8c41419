# SPDX-License-Identifier: MIT
# Sanitizers for all targets that come after: -DSOFT_TEE_SANITIZE=thread
set(SOFT_TEE_SANITIZE "" CACHE STRING "Comma-separated, as for -fsanitize=")
if(SOFT_TEE_SANITIZE)
  add_compile_options(-fsanitize=${SOFT_TEE_SANITIZE}
    -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
  add_link_options(-fsanitize=${SOFT_TEE_SANITIZE})
endif()
