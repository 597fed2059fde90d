/* SPDX-License-Identifier: MIT */
/* The process that tests run in, on POSIX systems. */
#include "tests/runner.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_FDS = 1024 };

static bool open_before[MAX_FDS];
static const char *watched;

static void hang(int number)
{
	static const char text[] = "\nharness: this case hangs: ";

	(void)number;
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0 ||
	    write(STDERR_FILENO, watched, strlen(watched)) < 0 ||
	    write(STDERR_FILENO, "\n", 1) < 0)
		_exit(98);
	_exit(99);
}

void process_watch(unsigned int seconds, const char *name)
{
	watched = name;
	signal(SIGALRM, hang);
	alarm(seconds);
}

pid_t harness_fork(void)
{
	pid_t child;

	fflush(stdout);
	child = fork();
	REQUIRE(child >= 0);
	if (!child)
		harness_enter_child();
	return child;
}

void harness_await_child(pid_t child)
{
	int status = -1;

	REQUIRE(waitpid(child, &status, 0) == child);
	REQUIRE(status == 0); /* a child that failed may have read what the parent waits for */
}

bool harness_fork_first(void)
{
	pid_t child = harness_fork();

	if (child)
		harness_await_child(child);
	return !child;
}

void harness_run_child(void (*run)(void))
{
	if (!harness_fork_first())
		return;
	run();
	harness_end_child();
}

uint32_t process_number(void)
{
	return (uint32_t)getpid();
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

unsigned int harness_fds(void)
{
	unsigned int n = 0;

	for (int fd = 0; fd < MAX_FDS; fd++)
		n += is_open(fd);
	return n;
}

void process_mark_open(void)
{
	for (int fd = 0; fd < MAX_FDS; fd++)
		open_before[fd] = is_open(fd);
}

void process_check_open(void (*left)(const char *what))
{
	for (int fd = 0; fd < MAX_FDS; fd++) {
		char link[32], target[128] = "?", what[200];
		ssize_t len;

		if (open_before[fd] || !is_open(fd))
			continue;
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		len = readlink(link, target, sizeof(target) - 1);
		if (len > 0)
			target[len] = '\0';
		snprintf(what, sizeof(what), "descriptor %d left open: %s", fd, target);
		left(what);
		close(fd);
	}
}
