/* SPDX-License-Identifier: MIT */
#ifndef QUEUE_H
#define QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Bytes on their way into a process that does not read them yet. The host
 * sends no more than its window before they are consumed, which bounds it.
 */
struct queue {
	uint8_t *bytes;
	size_t start;
	size_t length;
	size_t capacity;
	bool ended; /* nothing is appended any more */
};

/* Returns 0, or -1 when memory is short. */
int queue_append(struct queue *queue, const void *bytes, size_t length);

/* Writes what fd takes now. Returns how much, or -1 with errno. */
ptrdiff_t queue_write(struct queue *queue, int fd);

/* Wipes what is left, which may be secret, and frees it. */
void queue_free(struct queue *queue);

#endif /* QUEUE_H */
