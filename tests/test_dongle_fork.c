/* SPDX-License-Identifier: MIT */
/*
 * fork() and a dongle's objects. In a child they only close descriptors and free memory:
 * the child writes no command, takes no octet from the parent, changes no setting of the
 * tty and removes no lock. blewire-dongle-emulator is the dongle, and prints each message.
 */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/loop.h"
#include "bgapi/adapter.h"
#include "bgapi/bgapi.h"
#include "tests/harness.h"

enum { PATIENCE_MS = 120000 }; /* an end for what does not happen */

struct bed {
	char folder[32], port[64], trace[64];
	pid_t dongle;
	struct ble_loop *loop;
	struct adapter *adapter;
	struct att *att;
	struct connect_op connect;
	struct att_op op;
	uint16_t measurement; /* its value's handle */
	unsigned int done, values, ends;
	bool forks, is_child; /* the next value forks */
};

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

/* -- The dongle ------------------------------------------------------------------- */

static void start_dongle(struct bed *bed, const char *kind)
{
	char place[80];
	struct stat status;

	strcpy(bed->folder, "/tmp/blewire-XXXXXX");
	REQUIRE(mkdtemp(bed->folder) != NULL);
	snprintf(bed->port, sizeof(bed->port), "%s/dongle", bed->folder);
	snprintf(bed->trace, sizeof(bed->trace), "%s/trace", bed->folder);
	snprintf(place, sizeof(place), "%s%s", kind, bed->port);
	bed->dongle = fork();
	if (bed->dongle == 0) {
		int file = open(bed->trace, O_WRONLY | O_CREAT | O_TRUNC, 0600);

		dup2(file, STDOUT_FILENO);
		execl("./blewire-dongle-emulator", "blewire-dongle-emulator", "--trace", place,
		      (char *)NULL);
		_exit(127);
	}
	for (int ms = 0; ms < PATIENCE_MS && stat(bed->port, &status); ms += 10)
		pause_ms(10);
	REQUIRE(stat(bed->port, &status) == 0);
}

static void stop_dongle(struct bed *bed)
{
	int status;

	kill(bed->dongle, SIGTERM);
	waitpid(bed->dongle, &status, 0);
	unlink(bed->trace);
	CHECK_INT(rmdir(bed->folder), 0);
}

/* How many commands the dongle has got. */
static unsigned int commands(const struct bed *bed)
{
	unsigned int n = 0;
	char line[1024];
	FILE *file = fopen(bed->trace, "r");

	REQUIRE(file != NULL);
	while (fgets(line, sizeof(line), file)) {
		const char *mark = strchr(line, ' ');

		n += mark && !strncmp(mark, " > ", 3);
	}
	fclose(file);
	return n;
}

/* -- The host, below the public calls ------------------------------------------------ */

static void run_until(struct bed *bed, const unsigned int *count, unsigned int wanted)
{
	while (*count < wanted)
		REQUIRE(ble_loop_dispatch(bed->loop, PATIENCE_MS) == 0);
}

static void fork_in_callback(struct bed *bed)
{
	bed->forks = false;
	bed->is_child = harness_fork_first();
}

static void on_value(void *user, uint16_t handle, struct ble_bytes value)
{
	struct bed *bed = user;

	CHECK_INT(handle, bed->measurement);
	CHECK(value.len >= 2);
	bed->values++;
	if (bed->forks)
		fork_in_callback(bed);
}

static void on_closed(void *user, int error, uint8_t reason)
{
	(void)error;
	(void)reason;
	((struct bed *)user)->ends++;
}

static const struct att_events att_events = { .value = on_value, .closed = on_closed };

static void on_connected(struct connect_op *op, int error, uint8_t reason, struct att *att)
{
	struct bed *bed = container_of(op, struct bed, connect);

	CHECK_INT(error, 0);
	CHECK_INT(reason, 0);
	bed->att = att;
	att->events = &att_events;
	att->user = bed;
	bed->done++;
}

static void on_record(struct att_op *op, const struct att_record *record)
{
	struct bed *bed = container_of(op, struct bed, op);

	/* Of a declaration: properties, handle, UUID. */
	if (op->verb == ATT_READ_BY_TYPE && record->value.len == 5 &&
	    get_le16((const uint8_t *)record->value.data + 3) == 0x2a37)
		bed->measurement = get_le16((const uint8_t *)record->value.data + 1);
}

static void on_done(struct att_op *op, int error)
{
	CHECK_INT(error, 0);
	container_of(op, struct bed, op)->done++;
}

static void submit(struct bed *bed, struct att_op op)
{
	bed->op = op;
	bed->op.record = on_record;
	bed->op.done = on_done;
	CHECK_INT(att_submit(bed->att, &bed->op), 0);
}

static void request(struct bed *bed, struct att_op op)
{
	submit(bed, op);
	run_until(bed, &bed->done, bed->done + 1);
}

/* Its response shows that the dongle has got everything that was sent before. */
static void reads(struct bed *bed)
{
	request(bed, (struct att_op){ .verb = ATT_READ, .start = bed->measurement + 3u });
}

/* Connects, and has the heart rate notified. */
static void open_all(struct bed *bed)
{
	static const uint8_t notify[] = { 1, 0 };

	REQUIRE(ble_loop_new(&bed->loop) == 0);
	REQUIRE(bgapi_backend.open(bed->loop, bed->port, &bed->adapter) == 0);
	bed->done = bed->values = bed->ends = 0;
	bed->connect = (struct connect_op){ .done = on_connected };
	REQUIRE(ble_address_parse("C0:FF:EE:00:18:0D/random", &bed->connect.address) == 0);
	CHECK_INT(bed->adapter->class->connect(bed->adapter, &bed->connect), 0);
	run_until(bed, &bed->done, 1);
	request(bed, (struct att_op){ .verb = ATT_READ_BY_TYPE, .start = 1, .end = 0xffff,
				      .type = ble_uuid16(0x2803) });
	REQUIRE(bed->measurement != 0);
	request(bed, (struct att_op){ .verb = ATT_WRITE, .start = bed->measurement + 1u,
				      .value = bytes(notify, sizeof(notify)) });
	run_until(bed, &bed->values, 1);
}

static void close_all(struct bed *bed)
{
	att_free(bed->att);
	bed->adapter->class->free(bed->adapter);
	ble_loop_unref(bed->loop);
}

/* -- A child ----------------------------------------------------------------------- */

static void settings(const struct bed *bed, struct termios *ret_tty)
{
	int fd = open(bed->port, O_RDWR | O_NOCTTY | O_NONBLOCK);

	memset(ret_tty, 0, sizeof(*ret_tty));
	if (fd >= 0) {
		tcgetattr(fd, ret_tty);
		close(fd);
	}
}

/* Whether another program can lock the port. */
static bool is_locked(const struct bed *bed)
{
	int fd = open(bed->port, O_RDWR | O_NOCTTY | O_NONBLOCK), error;

	REQUIRE(fd >= 0);
	error = flock(fd, LOCK_EX | LOCK_NB);
	close(fd);
	return error;
}

/* The parent still has its link, its lock and its settings, hears what was sent meanwhile,
 * and the dongle got one command more: the parent's. */
static void goes_on(struct bed *bed, unsigned int before, bool tty)
{
	CHECK(!tty || is_locked(bed));
	reads(bed);
	CHECK_INT(commands(bed), before + 1);
	run_until(bed, &bed->values, bed->values + 2);
	CHECK_INT(bed->ends, 0);
}

static void frees(const char *kind)
{
	struct bed bed = { .folder = "" };
	struct termios tty[2];
	bool is_tty = *kind;
	unsigned int before;

	start_dongle(&bed, kind);
	open_all(&bed);
	before = commands(&bed);
	if (is_tty)
		settings(&bed, &tty[0]);
	if (harness_fork_first()) {
		close_all(&bed);
		harness_end_child();
	}
	if (is_tty) {
		settings(&bed, &tty[1]);
		CHECK_MEM(&tty[1], &tty[0], sizeof(tty[0]));
	}
	goes_on(&bed, before, is_tty);
	close_all(&bed);
	stop_dongle(&bed);
}

static void child_that_frees(void)
{
	frees("");
	frees("pty:");
}

/* Whatever it asks for, nothing is sent, and nothing is read in the parent's place. */
static void child_that_tries(void)
{
	static const struct adapter_scan scan = { false, 96, 48 };
	struct bed bed = { .folder = "" };
	struct adapter *other = NULL;
	unsigned int before;

	start_dongle(&bed, "pty:");
	open_all(&bed);
	before = commands(&bed);
	if (harness_fork_first()) {
		submit(&bed, (struct att_op){ .verb = ATT_READ, .start = bed.measurement + 3u });
		bed.adapter->class->scan_start(bed.adapter, &scan);
		CHECK_INT(ble_loop_dispatch(bed.loop, 0), -ECHILD);
		CHECK_INT(bgapi_backend.open(bed.loop, bed.port, &other), -ECHILD);
		close_all(&bed);
		harness_end_child();
	}
	goes_on(&bed, before, true);
	close_all(&bed);
	stop_dongle(&bed);
}

/* The child lives on with its copies while the parent disconnects: the port is free at
 * once. Then the child frees them, and the parent's new adapter goes on. */
static void outlives(const char *kind)
{
	struct bed bed = { .folder = "" }, old;
	unsigned int before;
	int ends[2];
	pid_t child;
	char octet;

	start_dongle(&bed, kind);
	open_all(&bed);
	REQUIRE(pipe(ends) == 0);
	child = harness_fork();
	if (!child) {
		close(ends[1]);
		CHECK_INT(read(ends[0], &octet, 1), 1);
		close_all(&bed);
		harness_end_child();
	}
	close(ends[0]);
	before = commands(&bed);
	old = bed;
	close_all(&old);
	open_all(&bed); /* ends old's link if it was still there: it has one peripheral */
	CHECK(commands(&bed) > before);
	before = commands(&bed);
	CHECK_INT(write(ends[1], "x", 1), 1);
	harness_await_child(child);
	goes_on(&bed, before, *kind);
	close(ends[1]);
	close_all(&bed);
	stop_dongle(&bed);
}

static void child_that_lives_on(void)
{
	outlives("pty:");
	outlives("");
}

struct two {
	struct loop_task task;
	struct bed *bed;
	unsigned int runs, before; /* before: the values until then */
};

/* One read of two notifications, of connection 0. */
static void read_two(struct loop_task *task)
{
	struct two *two = container_of(task, struct two, task);
	const struct bgapi_adapter *adapter =
		container_of(two->bed->adapter, struct bgapi_adapter, adapter);
	struct bgapi_stream *stream = adapter->dongle.stream;
	uint8_t octets[22] = { 0x80, 7, 4, 5, 0, 0, 0, 1, 2, 0, 60 };

	put_le16(octets + 5, two->bed->measurement);
	memcpy(octets + 11, octets, 11);
	two->runs++;
	two->before = two->bed->values;
	two->bed->forks = true;
	stream->events->input(stream->user, bytes(octets, sizeof(octets)));
}

/* A callback forks and returns in the child: there nothing more is read or called. */
static void child_of_a_callback(void)
{
	struct bed bed = { .folder = "" };
	struct two two = { .task.run = read_two, .bed = &bed };
	unsigned int before;
	int error;

	start_dongle(&bed, "pty:");
	open_all(&bed);
	before = commands(&bed);
	loop_defer(bed.loop, &two.task);
	error = ble_loop_dispatch(bed.loop, 0);
	CHECK_INT(two.runs, 1);
	if (bed.is_child) {
		CHECK_INT(error, -ECHILD);
		CHECK_INT(ble_loop_dispatch(bed.loop, 0), -ECHILD);
		CHECK_INT(bed.values, two.before + 1);
		CHECK_INT(bed.ends, 0);
		loop_undefer(&two.task);
		close_all(&bed);
		harness_end_child();
	}
	CHECK_INT(error, 0);
	CHECK_INT(bed.values, two.before + 2);
	goes_on(&bed, before, true);
	close_all(&bed);
	stop_dongle(&bed);
}

static const struct test_case forks[] = {
	TEST(child_that_frees), TEST(child_that_tries), TEST(child_that_lives_on),
	TEST(child_of_a_callback), { 0 }
};
static const struct test_suite suites[] = { { "forks", forks }, { 0 } };

int main(int argc, char **argv)
{
	return harness_main(argc, argv, suites);
}
