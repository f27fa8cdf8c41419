/* SPDX-License-Identifier: MIT */
/*
 * The device with its sessions, and beside it the model. Each request is made
 * of both, and what they say is compared.
 */
#ifndef WORLD_H
#define WORLD_H

#include "device.h"
#include "expect.h"

#define SLOTS 4

struct slot {
	struct client client;
	struct asker asker;
	bool open;
};

struct world {
	struct model model;
	/* Opened when they are used first, and again after a restart. */
	struct slot slots[SLOTS];
};

extern struct world world;

/* A device that is switched on, and empty; and its end. */
void world_begin(void);
void world_end(void);

/* The sessions are gone; for after a restart of the device. */
void world_forget_sessions(void);

/* The slot with its session open. */
struct slot *world_slot(uint8_t choice);

/* The request as the unit says it. */
struct request world_request(const struct unit *unit, struct input *input,
			     const struct slot *slot);

/* Makes a request; the TA must say what the model says, and both change. */
void world_play(struct slot *slot, const struct request *request);

/* The same, of a TA that may be hindered. What it answers is not looked at. */
TEE_Result world_try(struct slot *slot, const struct request *request,
		     struct expectation *expectation);

/* Whether the model can't say more than that this may be the result. */
bool world_may_refuse(TEE_Result res, const struct expectation *expectation);

/* Compares an answer with the model before the change, then changes it. */
void world_accept(struct slot *slot, const struct request *request,
		  const struct expectation *expectation);

/* Whether all that can be read is what a model says (contents.c). Revisions
 * and values that the model does not know are learned. */
bool world_holds(struct model *model);

#endif /* WORLD_H */
