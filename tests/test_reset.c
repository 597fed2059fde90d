/* SPDX-License-Identifier: MIT */
/* A real port, a real program behind it: a dongle that is reset goes away, and is
 * found again. tests/bled112 is the dongle, in a process of its own since a reset
 * waits for it without dispatching. */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bgapi/bgapi.h"
#include "tests/harness.h"

struct stand {
	struct ble_loop *loop;
	char folder[32], port[64];
	pid_t dongle;
};

static void pause_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

static void start(struct stand *stand, const char *kind, const char *reset_ms)
{
	char place[80];
	struct stat status;

	snprintf(stand->folder, sizeof(stand->folder), "/tmp/blewire-XXXXXX");
	REQUIRE(ble_loop_new(&stand->loop) == 0 && mkdtemp(stand->folder));
	snprintf(stand->port, sizeof(stand->port), "%s/dongle", stand->folder);
	snprintf(place, sizeof(place), "%s%s", kind, stand->port);
	stand->dongle = fork();
	if (stand->dongle == 0) {
		int quiet = open("/dev/null", O_WRONLY);

		dup2(quiet, STDOUT_FILENO);
		execl("tests/bled112", "bled112", "-r", reset_ms, place, (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 1000 && stat(stand->port, &status); i++)
		pause_ms(10);
	REQUIRE(stat(stand->port, &status) == 0);
}

static void stop(struct stand *stand)
{
	int status;

	kill(stand->dongle, SIGTERM);
	waitpid(stand->dongle, &status, 0);
	unlink(stand->port);
	rmdir(stand->folder);
	ble_loop_unref(stand->loop);
}

static void reset_and_use(const char *kind)
{
	static const uint8_t address[6] = { 0xee, 0xff, 0xc0, 0x80, 0x07, 0x00 };
	struct adapter *adapter = NULL;
	struct stand stand;
	int error;

	start(&stand, kind, "300");
	for (int i = 0; i < 2; i++) {
		error = bgapi_reset(stand.loop, stand.port, &adapter);
		harness_about("%s", ble_error_text(stand.loop, error));
		REQUIRE(error == 0);
		CHECK_STR(adapter->info.name, stand.port);
		CHECK_MEM(adapter->info.address.octet, address, 6);
		adapter->class->free(adapter);
	}
	harness_about(NULL);
	stop(&stand);
}

static void over_a_pty(void)
{
	reset_and_use("pty:");
}

static void over_a_socket(void)
{
	reset_and_use("");
}

/* It is looked for for some 5 s, no longer. */
static void never_back(void)
{
	struct adapter *adapter = NULL;
	struct stand stand;

	start(&stand, "pty:", "60000");
	CHECK_INT(bgapi_reset(stand.loop, stand.port, &adapter), -ENODEV);
	CHECK(!adapter);
	CHECK(strstr(ble_error_text(stand.loop, -ENODEV), stand.port) != NULL);
	stop(&stand);
}

/* Our own adapter keeps us out as well as another program's. */
static void while_it_is_open(void)
{
	struct adapter *adapter = NULL, *other = NULL;
	struct stand stand;

	start(&stand, "pty:", "300");
	REQUIRE(bgapi_backend.open(stand.loop, stand.port, &adapter) == 0);
	CHECK_INT(bgapi_reset(stand.loop, stand.port, &other), -EBUSY);
	CHECK_INT(bgapi_backend.open(stand.loop, stand.port, &other), -EBUSY);
	CHECK(!other);
	adapter->class->free(adapter);
	REQUIRE(bgapi_backend.open(stand.loop, stand.port, &adapter) == 0);
	adapter->class->free(adapter);
	stop(&stand);
}

int main(int argc, char **argv)
{
	static const struct test_case resets[] = {
		TEST(over_a_pty),
		TEST(over_a_socket),
		TEST(never_back),
		TEST(while_it_is_open),
		{ 0 },
	};
	static const struct test_suite suites[] = { { "reset", resets }, { 0 } };

	return harness_main(argc, argv, suites);
}
