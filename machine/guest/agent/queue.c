// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "queue.h"

/* Moves what is left to a block with room for length more bytes. */
static int make_room(struct queue *queue, size_t length)
{
	size_t capacity = queue->length + length;
	uint8_t *bytes = malloc(capacity);
	struct queue old = *queue;

	if (!bytes)
		return -1;
	if (old.length)
		memcpy(bytes, old.bytes + old.start, old.length);
	queue_free(queue);
	*queue = (struct queue){
		.bytes = bytes,
		.length = old.length,
		.capacity = capacity,
		.ended = old.ended,
	};
	return 0;
}

int queue_append(struct queue *queue, const void *bytes, size_t length)
{
	if (queue->capacity - queue->start - queue->length < length &&
	    make_room(queue, length))
		return -1;
	if (length)
		memcpy(queue->bytes + queue->start + queue->length, bytes,
		       length);
	queue->length += length;
	return 0;
}

ptrdiff_t queue_write(struct queue *queue, int fd)
{
	ssize_t n = write(fd, queue->bytes + queue->start, queue->length);

	if (n < 0)
		return -1;
	explicit_bzero(queue->bytes + queue->start, (size_t)n);
	queue->start += (size_t)n;
	queue->length -= (size_t)n;
	if (!queue->length)
		queue->start = 0;
	return n;
}

void queue_free(struct queue *queue)
{
	if (queue->bytes)
		explicit_bzero(queue->bytes, queue->capacity);
	free(queue->bytes);
	*queue = (struct queue){ .ended = queue->ended };
}
