/* SPDX-License-Identifier: MIT */
/* All that a client can see of its domain, as bytes to compare. */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include "client.h"

/*
 * Keys, revisions and values of the whole domain. Everything must be
 * readable, and agree with what STAT and GET say.
 */
struct bytes snapshot(struct client *client);

/* As snapshot(), but without the revisions. */
struct bytes contents(struct client *client);

/* As contents(), but without the values; their sizes are there. */
struct bytes keys_of(struct client *client);

#endif /* SNAPSHOT_H */
