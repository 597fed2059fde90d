/* SPDX-License-Identifier: MIT */
/* See child.h. */
#define _GNU_SOURCE /* pipe2 */
#include "tests/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int wait_ready(int fd)
{
	char line[64];
	ssize_t len = read(fd, line, sizeof(line));

	return len > 0 ? 0 : -EIO;
}

int child_start(char *const argv[], pid_t *ret_child)
{
	posix_spawn_file_actions_t actions;
	int fds[2], error;

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fds[1], 1);
	error = -posix_spawn(ret_child, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(fds[1]);
	if (!error)
		error = wait_ready(fds[0]);
	close(fds[0]);
	return error;
}

void child_stop(pid_t child)
{
	if (child <= 0)
		return;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}
