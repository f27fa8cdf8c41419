// SPDX-License-Identifier: MIT
#include "sha1.h"

#include <string.h>

#define BLOCK_SIZE 64

static uint32_t rotate(uint32_t word, unsigned int count)
{
	return word << count | word >> (32 - count);
}

static void expand(const uint8_t block[BLOCK_SIZE], uint32_t schedule[80])
{
	size_t n = 0;

	for (n = 0; n < 16; n++)
		schedule[n] = (uint32_t)block[4 * n] << 24 |
			      (uint32_t)block[4 * n + 1] << 16 |
			      (uint32_t)block[4 * n + 2] << 8 |
			      (uint32_t)block[4 * n + 3];
	for (n = 16; n < 80; n++)
		schedule[n] =
			rotate(schedule[n - 3] ^ schedule[n - 8] ^
				       schedule[n - 14] ^ schedule[n - 16],
			       1);
}

/* The function and the constant of a round (section 6.1.2). */
static uint32_t mix(size_t round, const uint32_t v[5])
{
	if (round < 20)
		return ((v[1] & v[2]) | (~v[1] & v[3])) + 0x5a827999;
	if (round < 40)
		return (v[1] ^ v[2] ^ v[3]) + 0x6ed9eba1;
	if (round < 60)
		return ((v[1] & v[2]) | (v[1] & v[3]) | (v[2] & v[3])) +
		       0x8f1bbcdc;
	return (v[1] ^ v[2] ^ v[3]) + 0xca62c1d6;
}

void sha1_short(const void *data, size_t size, uint8_t digest[SHA1_SIZE])
{
	const uint32_t start[5] = { 0x67452301, 0xefcdab89, 0x98badcfe,
				    0x10325476, 0xc3d2e1f0 };
	uint8_t block[BLOCK_SIZE] = { 0 };
	uint32_t schedule[80] = { 0 };
	uint32_t v[5] = { 0 };
	size_t n = 0;

	memcpy(block, data, size);
	block[size] = 0x80;
	block[BLOCK_SIZE - 2] = (uint8_t)(size * 8 >> 8);
	block[BLOCK_SIZE - 1] = (uint8_t)(size * 8);
	expand(block, schedule);

	memcpy(v, start, sizeof(v));
	for (n = 0; n < 80; n++) {
		uint32_t next =
			rotate(v[0], 5) + mix(n, v) + v[4] + schedule[n];

		v[4] = v[3];
		v[3] = v[2];
		v[2] = rotate(v[1], 30);
		v[1] = v[0];
		v[0] = next;
	}
	for (n = 0; n < SHA1_SIZE; n++)
		digest[n] = (uint8_t)((v[n / 4] + start[n / 4]) >>
				      (24 - n % 4 * 8));
}
