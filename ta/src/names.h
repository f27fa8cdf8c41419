/* SPDX-License-Identifier: MIT */
/* The rules for keys, domains and prefixes, see secstor_ta.h. */
#ifndef NAMES_H
#define NAMES_H

#include "bytes.h"

/* 1 to max bytes of well-formed UTF-8 without control characters. */
bool name_is_sound(struct span text, size_t max);

/* 0 to max bytes without control characters; may end within a character. */
bool prefix_is_sound(struct span text, size_t max);

#endif /* NAMES_H */
