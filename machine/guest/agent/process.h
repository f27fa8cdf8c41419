/* SPDX-License-Identifier: MIT */
#ifndef PROCESS_H
#define PROCESS_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What the host asks for, by channel; see enum host_frame. */
void process_spawn(uint32_t channel, uint8_t *payload, size_t length);
void process_data(uint32_t channel, uint8_t stream, const uint8_t *bytes,
		  size_t length);
void process_end(uint32_t channel, uint8_t stream);
void process_signal(uint32_t channel, uint32_t signal);
void process_resize(uint32_t channel, uint32_t rows, uint32_t columns);

/* A child ended; one that no channel started is only reaped. */
void process_exited(pid_t pid, int status);

/* Fills in what the processes wait for; returns how many entries. */
size_t processes_poll(struct pollfd *entries, size_t room);

/* Serves the entries that processes_poll() filled in, and drops the dead. */
void processes_serve(const struct pollfd *entries, size_t count);

#endif /* PROCESS_H */
