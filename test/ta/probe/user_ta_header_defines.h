/* SPDX-License-Identifier: MIT */
#ifndef USER_TA_HEADER_DEFINES_H
#define USER_TA_HEADER_DEFINES_H

/* 6d0c3dd5-5c55-4b8c-8ef2-0b4e3c2f7a11, of no other TA. */
#define TA_UUID                                                                \
	{                                                                      \
		0x6d0c3dd5, 0x5c55, 0x4b8c,                                    \
		{                                                              \
			0x8e, 0xf2, 0x0b, 0x4e, 0x3c, 0x2f, 0x7a, 0x11         \
		}                                                              \
	}
#define TA_FLAGS                                                               \
	(TA_FLAG_SINGLE_INSTANCE | TA_FLAG_MULTI_SESSION | PROBE_KEEP_ALIVE)
#define TA_STACK_SIZE (8 * 1024)
#define TA_DATA_SIZE (64 * 1024)

#endif /* USER_TA_HEADER_DEFINES_H */
