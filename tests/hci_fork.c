/* SPDX-License-Identifier: MIT */
/* Links and fork(): a child that lives on keeps no link up. */
#define _GNU_SOURCE /* for hci.h */
#include <errno.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/hci_fixture.h"

enum { SHORT = 50 };

static struct hci_fixture fixture;
static struct fixture_connect opened;

static void open_link(void)
{
	opened = (struct fixture_connect){ 0 };
	CHECK_INT(fixture_connect(&fixture, &opened), 0);
	fixture_run(&fixture, SHORT);
	REQUIRE(opened.att != NULL);
	fixture_log(&fixture);
}

/* A child with copies of all descriptors, until the parent closes *ret_end. */
static pid_t start_child(int *ret_end)
{
	int ends[2];
	char octet;
	pid_t child;

	REQUIRE(pipe(ends) == 0);
	child = fork();
	REQUIRE(child >= 0);
	if (!child) {
		close(ends[1]);
		_exit(read(ends[0], &octet, 1) != 0);
	}
	close(ends[0]);
	*ret_end = ends[1];
	return child;
}

static void end_child(pid_t child, int end)
{
	int status = -1;

	close(end);
	REQUIRE(waitpid(child, &status, 0) == child);
	CHECK_INT(status, 0);
}

/* The link ended for the peer, though the child still has the socket. */
static void check_disconnected(size_t attempt)
{
	uint8_t octet;

	CHECK_INT(recv(fixture.peers[attempt], &octet, 1, MSG_DONTWAIT), 0);
}

static void check_connected(size_t attempt)
{
	uint8_t octet;

	CHECK_INT(recv(fixture.peers[attempt], &octet, 1, MSG_DONTWAIT), -1);
	CHECK_INT(errno, EAGAIN);
}

static void child_lives_on(void)
{
	int end;
	pid_t child;

	fixture_open(&fixture);
	open_link();
	child = start_child(&end);
	check_connected(0);
	att_free(opened.att);
	check_disconnected(0);
	end_child(child, end);
	fixture_close(&fixture);
}

/* Cancelled when it was connected but not told yet. */
static void child_of_an_attempt(void)
{
	struct fixture_connect cancelled = {
		.op.requested_params = { 6, 12, 0, 500 },
	};
	int end;
	pid_t child;

	fixture_open(&fixture);
	fixture.handle = 0x40;
	fixture.slow = true;
	CHECK_INT(fixture_connect(&fixture, &cancelled), 0);
	fixture_run(&fixture, SHORT);
	REQUIRE(fixture.hci->connector.attempt.fd >= 0);
	child = start_child(&end);
	check_connected(0);
	fixture_cancel(&cancelled);
	check_disconnected(0);
	end_child(child, end);
	fixture_close(&fixture);
}

const struct test_case hci_fork_cases[] = {
	TEST(child_lives_on), TEST(child_of_an_attempt), { 0 },
};
