// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "port.h"
#include "process.h"
#include "queue.h"
#include "spawn.h"

struct process {
	struct process *next;
	uint32_t channel;
	pid_t pid;
	bool terminal;
	bool exited;
	int fds[STREAM_COUNT];
	bool out_open[STREAM_COUNT];   /* the host still expects bytes */
	struct queue in[STREAM_COUNT]; /* of STREAM_STDIN, STREAM_EXTRA */
};

static struct process *processes;

static struct process *find(uint32_t channel)
{
	struct process *process = processes;

	while (process && process->channel != channel)
		process = process->next;
	return process;
}

static void refuse(uint32_t channel, int error, const char *what)
{
	uint8_t payload[sizeof(uint32_t) + 128] = { 0 };
	uint32_t number = (uint32_t)error;
	size_t length = strnlen(what, 128);

	memcpy(payload, &number, sizeof(number));
	memcpy(payload + sizeof(number), what, length);
	port_send(channel, AGENT_REFUSED, 0, payload, sizeof(number) + length);
}

static void make_nonblocking(const int fds[])
{
	int stream = 0;

	for (stream = 0; stream < STREAM_COUNT; stream++) {
		if (fds[stream] >= 0)
			fcntl(fds[stream], F_SETFL,
			      fcntl(fds[stream], F_GETFL) | O_NONBLOCK);
	}
}

static void add(struct process *process, uint32_t channel, bool terminal)
{
	int stream = 0;

	make_nonblocking(process->fds);
	process->channel = channel;
	process->terminal = terminal;
	for (stream = STREAM_STDOUT; stream < STREAM_COUNT; stream++)
		process->out_open[stream] = process->fds[stream] >= 0;
	process->next = processes;
	processes = process;
}

void process_spawn(uint32_t channel, uint8_t *payload, size_t length)
{
	struct process *process = calloc(1, sizeof(*process));
	const char *failed = "the request to start a process";
	struct spawn_request request;

	errno = EINVAL;
	if (!spawn_request_parse(&request, payload, length) && process)
		process->pid = spawn(&request, process->fds, &failed);
	if (process && process->pid > 0) {
		add(process, channel, request.flags & FLAG_TERMINAL);
	} else {
		refuse(channel, errno, failed);
		free(process);
	}
	spawn_request_free(&request);
}

/* Bytes that nobody will read are consumed, too: the host must not wait. */
static void consumed(struct process *process, int stream, size_t length)
{
	uint32_t number = (uint32_t)length;

	if (number)
		port_send(process->channel, AGENT_CONSUMED, (uint8_t)stream,
			  &number, sizeof(number));
}

static void close_input(struct process *process, int stream)
{
	consumed(process, stream, process->in[stream].length);
	queue_free(&process->in[stream]);
	process->in[stream].ended = true;
	if (stream == STREAM_EXTRA) {
		shutdown(process->fds[stream], SHUT_WR);
	} else if (process->fds[stream] >= 0) {
		close(process->fds[stream]);
		process->fds[stream] = -1;
	}
}

static bool takes_input(const struct process *process, int stream)
{
	return (stream == STREAM_STDIN || stream == STREAM_EXTRA) &&
	       process->fds[stream] >= 0 && !process->in[stream].ended;
}

void process_data(uint32_t channel, uint8_t stream, const uint8_t *bytes,
		  size_t length)
{
	struct process *process = find(channel);

	if (!process || stream >= STREAM_COUNT)
		return;
	if (!takes_input(process, stream)) {
		consumed(process, stream, length);
		return;
	}
	if (queue_append(&process->in[stream], bytes, length)) {
		consumed(process, stream, length);
		close_input(process, stream);
	}
}

void process_end(uint32_t channel, uint8_t stream)
{
	static const uint8_t end_of_file = 4; /* Ctrl-D */
	struct process *process = find(channel);

	if (!process || stream >= STREAM_COUNT || !takes_input(process, stream))
		return;
	if (process->terminal && stream == STREAM_STDIN) {
		queue_append(&process->in[stream], &end_of_file, 1);
		return;
	}
	process->in[stream].ended = true;
	if (!process->in[stream].length)
		close_input(process, stream);
}

void process_signal(uint32_t channel, uint32_t signal)
{
	struct process *process = find(channel);

	/* Its group outlives a leader that left background processes. */
	if (process)
		kill(-process->pid, (int)signal);
}

void process_resize(uint32_t channel, uint32_t rows, uint32_t columns)
{
	struct process *process = find(channel);
	struct winsize size = {
		.ws_row = (unsigned short)rows,
		.ws_col = (unsigned short)columns,
	};

	if (process && process->terminal && process->fds[STREAM_STDOUT] >= 0)
		ioctl(process->fds[STREAM_STDOUT], TIOCSWINSZ, &size);
}

void process_exited(pid_t pid, int status)
{
	struct process *process = processes;
	uint32_t result[2] = { 0 };

	while (process && (process->pid != pid || process->exited))
		process = process->next;
	if (!process)
		return;
	process->exited = true;
	if (WIFSIGNALED(status))
		result[1] = (uint32_t)WTERMSIG(status);
	else
		result[0] = (uint32_t)WEXITSTATUS(status);
	port_send(process->channel, AGENT_EXITED, 0, result, sizeof(result));
}

static short events_of(const struct process *process, int stream)
{
	short events = 0;

	if (process->fds[stream] < 0)
		return 0;
	if (process->out_open[stream])
		events |= POLLIN;
	if (process->in[stream].length)
		events |= POLLOUT;
	return events;
}

size_t processes_poll(struct pollfd *entries, size_t room)
{
	struct process *process = NULL;
	size_t count = 0;
	int stream = 0;

	for (process = processes; process; process = process->next) {
		for (stream = 0; stream < STREAM_COUNT; stream++) {
			short events = events_of(process, stream);

			if (events && count < room)
				entries[count++] = (struct pollfd){
					.fd = process->fds[stream],
					.events = events,
				};
		}
	}
	return count;
}

static void close_output(struct process *process, int stream)
{
	process->out_open[stream] = false;
	port_send(process->channel, AGENT_END, (uint8_t)stream, NULL, 0);
	if (stream == STREAM_EXTRA)
		close_input(process, stream);
	close(process->fds[stream]);
	process->fds[stream] = -1;
}

static void serve_output(struct process *process, int stream)
{
	static uint8_t bytes[PAYLOAD_MAX];
	ssize_t n = read(process->fds[stream], bytes, sizeof(bytes));

	if (n > 0)
		port_send(process->channel, AGENT_DATA, (uint8_t)stream, bytes,
			  (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		close_output(process, stream);
	explicit_bzero(bytes, n > 0 ? (size_t)n : 0);
}

static void serve_input(struct process *process, int stream)
{
	struct queue *queue = &process->in[stream];
	ptrdiff_t n = queue_write(queue, process->fds[stream]);

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		close_input(process, stream);
		return;
	}
	consumed(process, stream, n > 0 ? (size_t)n : 0);
	if (!queue->length && queue->ended)
		close_input(process, stream);
}

static void serve(struct process *process, int stream, short revents)
{
	short hangup = revents & (POLLHUP | POLLERR);

	if (process->in[stream].length && revents & (POLLOUT | POLLERR))
		serve_input(process, stream);
	if (process->fds[stream] < 0)
		return;
	if (process->out_open[stream] && (revents & POLLIN || hangup))
		serve_output(process, stream);
}

/* A process is over when it ended and all it could still write was sent. */
static bool is_over(const struct process *process)
{
	bool open = false;
	int stream = 0;

	for (stream = 0; stream < STREAM_COUNT; stream++)
		open |= process->out_open[stream];
	return process->exited && !open;
}

static void drop_dead(void)
{
	struct process **link = &processes;

	while (*link) {
		struct process *process = *link;

		if (!is_over(process)) {
			link = &process->next;
			continue;
		}
		*link = process->next;
		close_input(process, STREAM_STDIN);
		free(process);
	}
}

static void serve_entry(const struct pollfd *entry)
{
	struct process *process = NULL;
	int stream = 0;

	for (process = processes; process; process = process->next) {
		for (stream = 0; stream < STREAM_COUNT; stream++) {
			if (process->fds[stream] == entry->fd) {
				serve(process, stream, entry->revents);
				return;
			}
		}
	}
}

void processes_serve(const struct pollfd *entries, size_t count)
{
	size_t i = 0;

	for (i = 0; i < count; i++) {
		if (entries[i].revents)
			serve_entry(&entries[i]);
	}
	drop_dead();
}
