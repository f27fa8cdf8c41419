// SPDX-License-Identifier: MIT
/*
 * A setuid program as careless ones are: it runs whatever it is told to with
 * the rights of the file's owner.
 */
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	if (argc > 1)
		execvp(argv[1], argv + 1);
	perror("as-owner");
	return 1;
}
