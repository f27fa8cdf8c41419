/* SPDX-License-Identifier: MIT */
/* The flags with which a TA's user_ta_header_defines.h says what it is. */
#ifndef USER_TA_HEADER_H
#define USER_TA_HEADER_H

#define TA_FLAG_SINGLE_INSTANCE (1u << 2)
#define TA_FLAG_MULTI_SESSION (1u << 3)
#define TA_FLAG_INSTANCE_KEEP_ALIVE (1u << 4)

#endif /* USER_TA_HEADER_H */
