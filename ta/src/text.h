/* SPDX-License-Identifier: MIT */
/* The rules for keys, domains and prefixes, see secstor_ta.h. */
#ifndef TEXT_H
#define TEXT_H

#include "bytes.h"

/* 1 to max bytes of well-formed UTF-8 without control characters. */
bool text_is_name(struct span text, size_t max);

/* 0 to max bytes without control characters; may end within a character. */
bool text_is_prefix(struct span text, size_t max);

#endif /* TEXT_H */
