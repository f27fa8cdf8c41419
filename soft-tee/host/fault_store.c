// SPDX-License-Identifier: MIT
#include "fault_store.h"

#include <stdlib.h>
#include <string.h>

#include "soft_tee.h"

void fault_arm(struct fault_store *faults, const struct fault *fault)
{
	memset(faults->faults, 0, sizeof(faults->faults));
	faults->hit = false;
	if (fault)
		fault_add(faults, fault);
}

void fault_add(struct fault_store *faults, const struct fault *fault)
{
	size_t n = 0;

	while (n < FAULT_MAX && faults->faults[n].nth)
		n++;
	if (n == FAULT_MAX)
		abort();
	faults->faults[n] = *fault;
}

uint64_t fault_mutations(const struct fault_store *faults)
{
	return faults->writes + faults->removes + faults->renames;
}

uint64_t fault_calls(const struct fault_store *faults)
{
	return faults->stats + faults->reads + fault_mutations(faults);
}

/* Whether a fault is due at this call. */
static bool is_due(struct fault *fault, enum fault_call call)
{
	if (!fault->nth || !(fault->calls & call))
		return false;
	if (fault->nth > 1) {
		fault->nth--;
		return false;
	}
	if (!fault->all_later)
		fault->nth = 0;
	return true;
}

/* Counts a call; what is due at it, or NULL. */
static const struct fault *count_call(struct fault_store *faults,
				      enum fault_call call, uint64_t *count)
{
	const struct fault *due = NULL;
	size_t n = 0;

	(*count)++;
	for (n = 0; n < FAULT_MAX; n++)
		if (is_due(faults->faults + n, call))
			due = faults->faults + n;
	faults->hit = faults->hit || due;
	return due;
}

/* What happens in place of the call; true if that is all. */
static bool before(const struct fault *due, TEE_Result *res)
{
	if (!due)
		return false;
	if (due->kind == FAULT_CUT_BEFORE)
		soft_tee_power_cut();
	*res = due->result;
	return due->kind == FAULT_FAIL;
}

/* What happens after the call. */
static TEE_Result after(const struct fault *due, TEE_Result res)
{
	if (!due)
		return res;
	if (due->kind == FAULT_CUT_AFTER)
		soft_tee_power_cut();
	return due->result;
}

static TEE_Result stat_blob(void *context, const TEE_UUID *ta,
			    const struct blob_id *id, size_t *size)
{
	struct fault_store *faults = context;
	const struct fault *due =
		count_call(faults, FAULT_STAT, &faults->stats);
	TEE_Result res = TEE_SUCCESS;

	if (before(due, &res))
		return res;
	res = faults->under.stat(faults->under.context, ta, id, size);
	return after(due, res);
}

static TEE_Result read_blob(void *context, const TEE_UUID *ta,
			    const struct blob_id *id, void *data, size_t size)
{
	struct fault_store *faults = context;
	const struct fault *due =
		count_call(faults, FAULT_READ, &faults->reads);
	TEE_Result res = TEE_SUCCESS;

	if (before(due, &res))
		return res;
	res = faults->under.read(faults->under.context, ta, id, data, size);
	return after(due, res);
}

static void note_read(void *context, size_t size)
{
	struct fault_store *faults = context;

	faults->read_bytes += size;
}

static TEE_Result write_blob(void *context, const TEE_UUID *ta,
			     const struct blob_id *id, const void *data,
			     size_t size, size_t changed)
{
	struct fault_store *faults = context;
	const struct fault *due =
		count_call(faults, FAULT_WRITE, &faults->writes);
	TEE_Result res = TEE_SUCCESS;

	if (before(due, &res))
		return res;
	faults->written_bytes += changed;
	res = faults->under.write(faults->under.context, ta, id, data, size,
				  changed);
	return after(due, res);
}

static TEE_Result remove_blob(void *context, const TEE_UUID *ta,
			      const struct blob_id *id)
{
	struct fault_store *faults = context;
	const struct fault *due =
		count_call(faults, FAULT_REMOVE, &faults->removes);
	TEE_Result res = TEE_SUCCESS;

	if (before(due, &res))
		return res;
	res = faults->under.remove(faults->under.context, ta, id);
	return after(due, res);
}

static TEE_Result rename_blob(void *context, const TEE_UUID *ta,
			      const struct blob_id *from,
			      const struct blob_id *to)
{
	struct fault_store *faults = context;
	const struct fault *due =
		count_call(faults, FAULT_RENAME, &faults->renames);
	TEE_Result res = TEE_SUCCESS;

	if (before(due, &res))
		return res;
	res = faults->under.rename(faults->under.context, ta, from, to);
	return after(due, res);
}

static size_t entries(void *context)
{
	const struct fault_store *faults = context;
	const struct blob_store *under = &faults->under;

	return under->entries ? under->entries(under->context) : 0;
}

struct blob_store fault_store(struct fault_store *faults)
{
	return (struct blob_store){ .context = faults,
				    .stat = stat_blob,
				    .read = read_blob,
				    .note_read = note_read,
				    .write = write_blob,
				    .remove = remove_blob,
				    .rename = rename_blob,
				    .entries = entries };
}
