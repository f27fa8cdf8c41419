# SPDX-License-Identifier: MIT
global-incdirs-y += include
global-incdirs-y += src

srcs-y += src/entry.c
srcs-y += src/session.c
srcs-y += src/read_commands.c
srcs-y += src/write_commands.c
srcs-y += src/owner_commands.c
srcs-y += src/identity.c
srcs-y += src/inspect.c
srcs-y += src/lookup.c
srcs-y += src/change.c
srcs-y += src/clear.c
srcs-y += src/draft.c
srcs-y += src/commit.c
srcs-y += src/leaf.c
srcs-y += src/flush.c
srcs-y += src/ranges.c
srcs-y += src/node.c
srcs-y += src/cache.c
srcs-y += src/twins.c
srcs-y += src/registry.c
srcs-y += src/owner_list.c
srcs-y += src/persistent.c
srcs-y += src/names.c
srcs-y += src/mem.c

cflags-y += -std=gnu99 -Wall -Wextra -Werror
# The TA needs no floating point or SIMD register, so that it also runs where
# the firmware keeps them from the secure world.
cflags-$(CFG_ARM64_$(sm)) += -mgeneral-regs-only

cppflags-$(CFG_SECSTOR_TEST) += -DCFG_SECSTOR_TEST=1
cppflags-$(if $(CFG_SECSTOR_TEST_PROTOCOL),y) += \
	-DSECSTOR_PROTOCOL_VERSION=$(CFG_SECSTOR_TEST_PROTOCOL)u
cppflags-$(if $(CFG_SECSTOR_QUOTA_KEYS),y) += \
	-DSECSTOR_QUOTA_KEYS=$(CFG_SECSTOR_QUOTA_KEYS)u
cppflags-$(if $(CFG_SECSTOR_QUOTA_BYTES),y) += \
	-DSECSTOR_QUOTA_BYTES=$(CFG_SECSTOR_QUOTA_BYTES)u
