// SPDX-License-Identifier: MIT
#include "counters.h"

#include <string.h>

#include "shared_file.h"

static const char *const names[] = {
	[COUNT_REQUESTS] = "requests",
	[COUNT_LOAD_TA] = "loadTa",
	[COUNT_RPMB] = "rpmb",
	[COUNT_SHM_ALLOC] = "shmAlloc",
	[COUNT_SHM_FREE] = "shmFree",
	[COUNT_OTHER_REQUESTS] = "otherRequests",
	[COUNT_STORAGE_OPEN] = "storageOpen",
	[COUNT_STORAGE_CREATE] = "storageCreate",
	[COUNT_STORAGE_CLOSE] = "storageClose",
	[COUNT_STORAGE_READ] = "storageRead",
	[COUNT_STORAGE_WRITE] = "storageWrite",
	[COUNT_STORAGE_TRUNCATE] = "storageTruncate",
	[COUNT_STORAGE_REMOVE] = "storageRemove",
	[COUNT_STORAGE_RENAME] = "storageRename",
	[COUNT_STORAGE_OPENDIR] = "storageOpendir",
	[COUNT_STORAGE_CLOSEDIR] = "storageClosedir",
	[COUNT_STORAGE_READDIR] = "storageReaddir",
	[COUNT_OTHER_STORAGE] = "otherStorage",
	[COUNT_FILE_OPENS] = "fileOpens",
	[COUNT_FILE_READS] = "fileReads",
	[COUNT_FILE_WRITES] = "fileWrites",
	[COUNT_SYNC_WRITES] = "syncWrites",
	[COUNT_FSYNCS] = "fsyncs",
	[COUNT_FILE_TRUNCATES] = "fileTruncates",
	[COUNT_FILE_REMOVES] = "fileRemoves",
	[COUNT_FILE_RENAMES] = "fileRenames",
};

_Static_assert(sizeof(names) / sizeof(names[0]) == COUNTER_TOTAL,
	       "each counter has a name");

static struct counter *counters;

void count(enum counter_id id)
{
	if (counters)
		atomic_fetch_add_explicit(&counters[id].value, 1,
					  memory_order_relaxed);
}

/* Runs before the supplicant's main(). */
__attribute__((constructor)) static void map_counters(void)
{
	size_t i = 0;

	counters = map_shared_file(COUNTERS_FILE,
				   COUNTER_TOTAL * sizeof(struct counter));
	for (i = 0; counters && i < COUNTER_TOTAL; i++)
		strncpy(counters[i].name, names[i],
			sizeof(counters[i].name) - 1);
}
