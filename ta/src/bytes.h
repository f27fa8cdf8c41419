/* SPDX-License-Identifier: MIT */
/* Runs of bytes, and little-endian numbers in them at any alignment. */
#ifndef BYTES_H
#define BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes that somebody else owns. */
struct span {
	const uint8_t *data;
	size_t size;
};

static inline void put_u16(uint8_t *p, uint16_t v)
{
	p[0] = v & 0xff;
	p[1] = v >> 8;
}

static inline void put_u32(uint8_t *p, uint32_t v)
{
	put_u16(p, v & 0xffff);
	put_u16(p + 2, v >> 16);
}

static inline void put_u64(uint8_t *p, uint64_t v)
{
	put_u32(p, v & 0xffffffff);
	put_u32(p + 4, v >> 32);
}

static inline uint16_t get_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t get_u32(const uint8_t *p)
{
	return get_u16(p) | (uint32_t)get_u16(p + 2) << 16;
}

static inline uint64_t get_u64(const uint8_t *p)
{
	return get_u32(p) | (uint64_t)get_u32(p + 4) << 32;
}

/* Takes size bytes from the front of a span; false if it is shorter. */
static inline bool span_take(struct span *from, size_t size, struct span *taken)
{
	if (size > from->size)
		return false;
	taken->data = from->data;
	taken->size = size;
	from->data += size;
	from->size -= size;
	return true;
}

/* Byte order, a prefix before the longer: <0, 0 or >0. */
static inline int span_compare(struct span a, struct span b)
{
	size_t size = a.size < b.size ? a.size : b.size;
	int order = size ? memcmp(a.data, b.data, size) : 0;

	if (order)
		return order;
	return (a.size > b.size) - (a.size < b.size);
}

static inline bool span_starts_with(struct span whole, struct span prefix)
{
	return prefix.size <= whole.size &&
	       (!prefix.size || !memcmp(whole.data, prefix.data, prefix.size));
}

#endif /* BYTES_H */
