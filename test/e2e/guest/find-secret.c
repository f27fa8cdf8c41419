// SPDX-License-Identifier: MIT
/*
 * Looks for a secret in the memory of processes and in files. Arguments: the
 * number that the secret is made from, as attacks/secret.ts makes it, so that
 * nobody has to write it down; then process ids and paths. Prints how many
 * pieces of it each has: any eight of its bytes in a row that begin at a
 * multiple of eight. So what is left of a block that was freed counts too.
 */
#include <ctype.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECRET_SIZE 64
#define PIECE 8
#define BLOCK (1024 * 1024)

static uint8_t secret[SECRET_SIZE];
static uint8_t begins[256];
static uint8_t block[PIECE - 1 + BLOCK];

static void make_secret(uint32_t seed)
{
	size_t n = 0;

	for (n = 0; n < SECRET_SIZE; n++) {
		seed ^= seed << 13;
		seed ^= seed >> 17;
		seed ^= seed << 5;
		secret[n] = (uint8_t)('!' + seed % 94);
		if (n % PIECE == 0)
			begins[secret[n]] = 1;
	}
}

static long pieces_in(const uint8_t *data, size_t size)
{
	long count = 0;
	size_t at = 0;
	size_t n = 0;

	for (at = 0; at + PIECE <= size; at++)
		if (begins[data[at]])
			for (n = 0; n < SECRET_SIZE; n += PIECE)
				count += !memcmp(data + at, secret + n, PIECE);
	return count;
}

/* From `from` to `to`, or to where nothing can be read any more. */
static long search(int fd, uint64_t from, uint64_t to)
{
	size_t kept = 0;
	long count = 0;

	while (from < to) {
		size_t wanted = to - from < BLOCK ? to - from : BLOCK;
		ssize_t got = pread(fd, block + kept, wanted, (off_t)from);

		if (got <= 0)
			break;
		count += pieces_in(block, kept + (size_t)got);
		from += (uint64_t)got;
		kept += (size_t)got;
		if (kept > PIECE - 1) {
			memmove(block, block + kept - (PIECE - 1), PIECE - 1);
			kept = PIECE - 1;
		}
	}
	return count;
}

/* All that the process can read, but for files that it cannot write to. */
static long search_process(const char *pid)
{
	unsigned long from = 0;
	unsigned long to = 0;
	unsigned long inode = 0;
	long count = 0;
	char path[64];
	char line[1024];
	char mode[5];
	FILE *maps = NULL;
	int fd = -1;

	snprintf(path, sizeof(path), "/proc/%s/mem", pid);
	fd = open(path, O_RDONLY);
	snprintf(path, sizeof(path), "/proc/%s/maps", pid);
	maps = fopen(path, "r");
	if (fd < 0 || !maps)
		return -1;
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %4s %*s %*s %lu", &from, &to, mode,
			   &inode) != 4 ||
		    mode[0] != 'r' || (inode && mode[1] != 'w'))
			continue;
		count += search(fd, from, to);
	}
	fclose(maps);
	close(fd);
	return count;
}

static long search_file(const char *path)
{
	int fd = open(path, O_RDONLY);
	long count = fd < 0 ? -1 : search(fd, 0, INT64_MAX);

	if (fd >= 0)
		close(fd);
	return count;
}

int main(int argc, char **argv)
{
	int n = 0;

	if (argc < 2)
		return EXIT_FAILURE;
	make_secret((uint32_t)strtoul(argv[1], NULL, 10));
	printf("[");
	for (n = 2; n < argc; n++)
		printf("%s%ld", n > 2 ? ", " : "",
		       isdigit((unsigned char)argv[n][0])
			       ? search_process(argv[n])
			       : search_file(argv[n]));
	printf("]\n");
	return EXIT_SUCCESS;
}
