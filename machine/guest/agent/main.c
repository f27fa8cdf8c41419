// SPDX-License-Identifier: MIT
/*
 * The agent: process 1 of the OP-TEE machine once it is up. It starts
 * processes for the host and carries their streams, all over one virtio-serial
 * port; it touches neither the TEE device nor the supplicant, so it goes on
 * whatever happens to them.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "port.h"
#include "process.h"

#define STORAGE "/var/lib/optee-client/data"
#define ENTRIES_MAX 1024

/* The streams of a process get the lowest descriptors; ours stay above. */
static void reserve_low_descriptors(void)
{
	int fd = -1;

	do {
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (fd < 0)
			fatal("/dev/null");
	} while (fd <= STREAM_EXTRA);
	close(fd);
}

static int watch_children(void)
{
	sigset_t signals;
	int fd = -1;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		fatal("signalfd");
	return fd;
}

static void reap_children(int fd)
{
	struct signalfd_siginfo info;
	int status = 0;
	pid_t pid = 0;

	/* One signal may stand for several children. */
	while (read(fd, &info, sizeof(info)) > 0)
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		process_exited(pid, status);
}

/*
 * In good order: everything is asked to end, then made to, and the storage is
 * unmounted before the power goes. A supplicant that is stuck in the kernel
 * may keep it busy; then it is at least written out.
 */
__attribute__((noreturn)) static void shut_down(void)
{
	kill(-1, SIGTERM);
	kill(-1, SIGCONT);
	usleep(50 * 1000);
	kill(-1, SIGKILL);
	usleep(10 * 1000);
	sync();
	umount(STORAGE);
	reboot(RB_POWER_OFF);
	fatal("powering off");
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void handle_frame(const struct frame_header *header,
			 const uint8_t *payload)
{
	static uint8_t copy[PAYLOAD_MAX];
	uint32_t numbers[2] = { 0 };

	memcpy(numbers, payload, smaller(header->length, sizeof(numbers)));
	switch (header->type) {
	case HOST_SPAWN:
		memcpy(copy, payload, header->length);
		process_spawn(header->channel, copy, header->length);
		break;
	case HOST_DATA:
		process_data(header->channel, header->stream, payload,
			     header->length);
		break;
	case HOST_END:
		process_end(header->channel, header->stream);
		break;
	case HOST_SIGNAL:
		process_signal(header->channel, numbers[0]);
		break;
	case HOST_RESIZE:
		process_resize(header->channel, numbers[0], numbers[1]);
		break;
	case HOST_SHUTDOWN:
		shut_down();
	default:
		errno = EPROTO;
		fatal("a frame of unknown type");
	}
}

static void serve(struct pollfd *entries, int children)
{
	size_t count = 2;

	entries[0] = (struct pollfd){ .fd = port_fd(), .events = POLLIN };
	entries[1] = (struct pollfd){ .fd = children, .events = POLLIN };
	count += processes_poll(entries + 2, ENTRIES_MAX - 2);
	if (poll(entries, count, -1) < 0) {
		if (errno != EINTR)
			fatal("poll");
		return;
	}
	/* What a process wrote is sent before the news that it ended. */
	processes_serve(entries + 2, count - 2);
	if (entries[1].revents)
		reap_children(children);
	if (entries[0].revents && port_receive(handle_frame))
		shut_down();
}

int main(int argc, char *argv[])
{
	static struct pollfd entries[ENTRIES_MAX];
	uint32_t version = PROTOCOL_VERSION;
	int children = -1;

	if (argc != 2) {
		errno = EINVAL;
		fatal("usage: agent PORT");
	}
	reserve_low_descriptors();
	children = watch_children();
	port_open(argv[1]);
	port_send(0, AGENT_HELLO, 0, &version, sizeof(version));
	for (;;)
		serve(entries, children);
}
