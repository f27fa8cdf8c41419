// SPDX-License-Identifier: MIT
/*
 * Opens a session with the login and the group of the arguments and prints
 * whose it is: the 16 octets of the owner, or the result of the refusal.
 */
#include "tee-device.h"

int main(int argc, char **argv)
{
	int fd = device_open();
	struct shared shared = share(fd, 4096);
	struct request request = { 0 };
	struct opening opening = { 0 };
	uint32_t group = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
	int n = 0;

	must(argc > 1, "arguments");
	opening = opening_of((uint32_t)strtoul(argv[1], NULL, 10), "default",
			     &shared);
	memcpy(opening.arg.clnt_uuid, &group, sizeof(group));
	if (send_opening(fd, &opening) || opening.arg.ret) {
		printf("\"refused\"\n");
		return EXIT_SUCCESS;
	}
	for (n = 0; n < 3; n++)
		request.params[n] = value(VALUE_OUT, 0);
	must(!invoke(fd, opening.arg.session, SECSTOR_CMD_WHOAMI, &request),
	     "whoami");
	printf("\"");
	for (n = 0; n < 16; n++) {
		const struct tee_ioctl_param *half = request.params + n / 8;
		uint64_t number = n % 8 < 4 ? half->a : half->b;

		printf("%02x", (unsigned int)(number >> n % 4 * 8) & 0xff);
	}
	printf("\"\n");
	return EXIT_SUCCESS;
}
