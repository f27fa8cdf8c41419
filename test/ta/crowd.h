/* SPDX-License-Identifier: MIT */
/*
 * Many services of several users, none of which closes its session: what a
 * board has that runs for years.
 */
#ifndef CROWD_H
#define CROWD_H

#include "client.h"

/* The n-th of any number of users that are not alice, bob or crew. */
TEE_Identity crowd_user(unsigned int n);

struct crowd {
	size_t users;
	size_t count;
	/* Service n is of user n % users. */
	struct client services[64];
	bool open[64];
};

/* The session of a service, opened when it is used first. */
struct client *crowd_service(struct crowd *crowd, size_t n);

/* The service ends, and comes back when it is used again. */
void crowd_leave(struct crowd *crowd, size_t n);

/* Its session is dead or gone: the TA panicked, or the board rebooted. */
void crowd_forget(struct crowd *crowd);

/* A number below a limit; the same ones in every run. */
size_t crowd_dice(size_t limit);

#endif /* CROWD_H */
