// SPDX-License-Identifier: MIT
#include <stdio.h>

#include "facts.h"

int main(void)
{
	unsigned long n = 0;

	for (n = 0; n < fact_count; n++)
		printf("%s = 0x%llx\n", facts[n].name, facts[n].value);
	return 0;
}
