/* SPDX-License-Identifier: MIT */
#ifndef SHA1_H
#define SHA1_H

#include <stddef.h>
#include <stdint.h>

#define SHA1_SIZE 20

/*
 * SHA-1 (FIPS 180-4) of at most 55 bytes, which is one block. It is here for
 * UUIDs only; nothing rests on its strength.
 */
void sha1_short(const void *data, size_t size, uint8_t digest[SHA1_SIZE]);

#endif /* SHA1_H */
