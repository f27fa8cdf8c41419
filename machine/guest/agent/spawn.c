// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spawn.h"

/* What the child says when it cannot become the program asked for. */
struct failure {
	int error;
	char step[64];
};

static char *take_string(uint8_t **at, uint8_t *end)
{
	uint8_t *zero = memchr(*at, 0, (size_t)(end - *at));
	char *text = (char *)*at;

	if (!zero)
		return NULL;
	*at = zero + 1;
	return text;
}

static char **take_strings(uint8_t **at, uint8_t *end, uint32_t count)
{
	char **strings = NULL;
	uint32_t i = 0;

	if (count > (size_t)(end - *at))
		return NULL;
	strings = calloc((size_t)count + 1, sizeof(*strings));
	for (i = 0; strings && i < count; i++) {
		strings[i] = take_string(at, end);
		if (!strings[i]) {
			free(strings);
			return NULL;
		}
	}
	return strings;
}

int spawn_request_parse(struct spawn_request *request, uint8_t *payload,
			size_t length)
{
	uint32_t numbers[8] = { 0 };
	uint8_t *end = payload + length;
	size_t groups_size = 0;

	memset(request, 0, sizeof(*request));
	if (length < sizeof(numbers))
		return -1;
	memcpy(numbers, payload, sizeof(numbers));
	payload += sizeof(numbers);
	request->uid = numbers[0];
	request->gid = numbers[1];
	request->flags = numbers[2];
	request->rows = numbers[3];
	request->columns = numbers[4];
	request->group_count = numbers[5];
	groups_size = (size_t)numbers[5] * sizeof(gid_t);
	if (groups_size > (size_t)(end - payload))
		return -1;
	request->groups = calloc((size_t)numbers[5] + 1, sizeof(gid_t));
	if (!request->groups)
		return -1;
	memcpy(request->groups, payload, groups_size);
	payload += groups_size;
	request->directory = take_string(&payload, end);
	request->arguments = take_strings(&payload, end, numbers[6]);
	request->environment = take_strings(&payload, end, numbers[7]);
	if (!request->directory || !request->environment ||
	    !request->arguments || !request->arguments[0])
		return -1;
	return 0;
}

void spawn_request_free(struct spawn_request *request)
{
	free(request->groups);
	free(request->arguments);
	free(request->environment);
}

static int open_terminal(const struct spawn_request *request, int ours[],
			 int theirs[])
{
	struct winsize size = {
		.ws_row = (unsigned short)request->rows,
		.ws_col = (unsigned short)request->columns,
	};
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	int slave = -1;
	int i = 0;

	if (master < 0)
		return -1;
	ours[STREAM_STDIN] = master;
	if (grantpt(master) || unlockpt(master) ||
	    ioctl(master, TIOCSWINSZ, &size))
		return -1;
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0 || fchown(slave, request->uid, (gid_t)-1))
		return -1;
	theirs[STREAM_STDIN] = slave;
	for (i = STREAM_STDOUT; i <= STREAM_STDERR; i++)
		theirs[i] = fcntl(slave, F_DUPFD_CLOEXEC, 4);
	ours[STREAM_STDOUT] = fcntl(master, F_DUPFD_CLOEXEC, 4);
	return 0;
}

static int open_pipes(int ours[], int theirs[])
{
	int ends[2] = { -1, -1 };
	int stream = 0;

	for (stream = STREAM_STDIN; stream <= STREAM_STDERR; stream++) {
		int reads = stream == STREAM_STDIN;

		if (pipe2(ends, O_CLOEXEC))
			return -1;
		theirs[stream] = ends[reads ? 0 : 1];
		ours[stream] = ends[reads ? 1 : 0];
	}
	return 0;
}

static int open_streams(const struct spawn_request *request, int ours[],
			int theirs[])
{
	int ends[2] = { -1, -1 };
	int error = request->flags & FLAG_TERMINAL
			    ? open_terminal(request, ours, theirs)
			    : open_pipes(ours, theirs);

	if (error || !(request->flags & FLAG_EXTRA))
		return error;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return -1;
	ours[STREAM_EXTRA] = ends[0];
	theirs[STREAM_EXTRA] = ends[1];
	return 0;
}

static void close_all(int fds[])
{
	int stream = 0;

	for (stream = 0; stream < STREAM_COUNT; stream++) {
		if (fds[stream] >= 0)
			close(fds[stream]);
		fds[stream] = -1;
	}
}

/* Moves the streams to descriptors 0 to 3; their own numbers are higher. */
static const char *place_streams(const int theirs[])
{
	int stream = 0;

	for (stream = 0; stream < STREAM_COUNT; stream++) {
		if (theirs[stream] >= 0 && dup2(theirs[stream], stream) < 0)
			return "dup2";
	}
	return NULL;
}

static const char *take_identity(const struct spawn_request *request)
{
	if (setgroups(request->group_count, request->groups))
		return "setgroups";
	if (setresgid(request->gid, request->gid, request->gid))
		return "setresgid";
	if (setresuid(request->uid, request->uid, request->uid))
		return "setresuid";
	return NULL;
}

/* Runs in the child; returns the step that failed, if it returns. */
static const char *become(const struct spawn_request *request,
			  const int theirs[])
{
	const char *failed = NULL;
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setsid();
	if (request->flags & FLAG_TERMINAL &&
	    ioctl(theirs[STREAM_STDIN], TIOCSCTTY, 0))
		return "TIOCSCTTY";
	failed = place_streams(theirs);
	if (!failed)
		failed = take_identity(request);
	if (failed)
		return failed;
	if (chdir(request->directory))
		return request->directory;
	environ = request->environment;
	execvp(request->arguments[0], request->arguments);
	return request->arguments[0];
}

static void tell_failure(int fd, const char *step)
{
	struct failure failure = { .error = errno };

	strncpy(failure.step, step, sizeof(failure.step) - 1);
	/* The pipe is empty, so this is written whole or the agent is gone. */
	if (write(fd, &failure, sizeof(failure)) < 0)
		_exit(126);
	_exit(127);
}

/* Waits until the child is its program; -1 with errno when it failed. */
static int await_start(int fd, pid_t pid, const char **failed)
{
	static struct failure failure;
	ssize_t n = 0;

	do {
		n = read(fd, &failure, sizeof(failure));
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		return 0;
	waitpid(pid, NULL, 0);
	*failed = failure.step;
	errno = n == sizeof(failure) ? failure.error : EIO;
	return -1;
}

pid_t spawn(const struct spawn_request *request, int fds[STREAM_COUNT],
	    const char **failed)
{
	int theirs[STREAM_COUNT] = { -1, -1, -1, -1 };
	int report[2] = { -1, -1 };
	pid_t pid = -1;
	int error = 0;

	*failed = "starting a process";
	memset(fds, 0xff, STREAM_COUNT * sizeof(*fds));
	if (open_streams(request, fds, theirs) || pipe2(report, O_CLOEXEC))
		goto out;
	pid = fork();
	if (pid == 0)
		tell_failure(report[1], become(request, theirs));
	close(report[1]);
	if (pid > 0 && await_start(report[0], pid, failed))
		pid = -1;
	error = errno;
	close(report[0]);
	errno = error;
out:
	error = errno;
	close_all(theirs);
	if (pid < 0)
		close_all(fds);
	errno = error;
	return pid;
}
