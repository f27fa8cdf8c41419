/* SPDX-License-Identifier: MIT */
#ifndef REQUESTS_H
#define REQUESTS_H

/* Counts the request that TEE_IOC_SUPPL_RECV returned in its argument. */
void count_request(const void *ioctl_argument);

#endif /* REQUESTS_H */
