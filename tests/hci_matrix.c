/* SPDX-License-Identifier: MIT */
/*
 * Two connects of the kernel backend, begun in one dispatch: each peer is present, absent,
 * taken by another program, or advertises and does not answer. A third link is in use. The
 * kernel of this test makes one connection at a time, as the real one, and gives up after
 * 20 s.
 */
#define _GNU_SOURCE /* for hci.h */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "att/pdu.h"
#include "tests/failmalloc.h"
#include "tests/hci_fixture.h"

enum role { PRESENT, ABSENT, TAKEN, SILENT, ROLES };
enum { PAIR = 2, THIRD = PAIR, PEERS = PAIR + 1, HANGS = 1, STEP_MS = 50, SHORT = 50 };
enum { TURN_MS = 4000, GIVES_UP_MS = 20000 };

static const char *const words[ROLES] = { "present", "absent", "taken", "silent" };

static struct hci_fixture fixture;
static struct fixture_connect connects[PEERS];
static enum role roles[PAIR];
static int how[PEERS];
static struct loop_task begin_task;
static unsigned int ends, order[PAIR];
static uint64_t ended[PAIR];

/* -- The kernel -------------------------------------------------------------------------- */

static int initiating; /* the place of the attempt, -1: none */
static int initiated;  /* the end of its socket */
static uint64_t initiating_since, deaf_until;
static unsigned int created[PAIR]; /* Create Connection commands to each */

static bool pending(size_t place)
{
	struct pollfd poller = { .fd = fixture.peers[place], .events = POLLIN };

	/* What it was filled with is still there, and the other end is open. */
	return place < fixture.next_attempt && poller.fd >= 0 && poll(&poller, 1, 0) == 1 &&
	       (poller.revents & POLLIN) && !(poller.revents & POLLHUP);
}

static size_t peer_at(size_t place)
{
	return (size_t)(fixture.addresses[place] - connects[0].op.address.octet[5]);
}

static void create(size_t peer)
{
	uint8_t params[25] = { 0 };

	params[5] = connects[peer].op.address.type;
	memcpy(params + 6, connects[peer].op.address.octet, 6);
	fixture_command(&fixture, RAW_CREATE, params, sizeof(params));
	created[peer]++;
}

/* It ends the socket with an error, of which a socket pair has this one: ECONNABORTED. */
static void give_up(size_t place)
{
	fixture_connected(&fixture, place);
	close(fixture.peers[place]);
	fixture.peers[place] = -1;
}

/* Where its connect is pending: the place, or -1. */
static int place_of(size_t peer)
{
	for (size_t i = 0; i < fixture.next_attempt; i++)
		if (peer_at(i) == peer && pending(i))
			return (int)i;
	return -1;
}

/* The peers advertise in their order. */
static void hear_one(uint64_t now)
{
	for (size_t peer = 0; peer < PAIR && initiating < 0; peer++) {
		int place = place_of(peer);

		if (place < 0)
			continue;
		if (roles[peer] == PRESENT)
			fixture_connected(&fixture, (size_t)place);
		if (roles[peer] != SILENT)
			continue;
		initiating = place;
		initiated = fixture.peers[place];
		initiating_since = now;
		create(peer);
	}
}

/* The controller cancels it, and it takes a while until the kernel scans again. */
static void ends_initiating(uint64_t now)
{
	enum { RESTART_MS = 150 };

	initiating = -1;
	deaf_until = now + RESTART_MS * UINT64_C(1000000);
}

static void kernel(void)
{
	static const uint8_t scans[2] = { 1, 1 };
	uint64_t now = loop_now(fixture.loop), turn = GIVES_UP_MS * UINT64_C(1000000);

	if (initiating >= 0 &&
	    (!pending((size_t)initiating) || fixture.peers[initiating] != initiated))
		ends_initiating(now);
	if (initiating >= 0 && now - initiating_since >= turn) {
		give_up((size_t)initiating);
		ends_initiating(now);
	}
	if (now >= deaf_until)
		hear_one(now);
	fixture_command(&fixture, RAW_SCAN_ENABLE, scans, sizeof(scans));
}

/* -- The third link ------------------------------------------------------------------------- */

static void serve_third(void)
{
	static const uint8_t response[] = { ATT_WRITE_RSP };
	uint8_t pdu[64];

	if (recv(fixture.peers[0], pdu, sizeof(pdu), MSG_DONTWAIT) <= 0)
		return;
	CHECK_INT(pdu[0], ATT_WRITE_REQ);
	REQUIRE(send(fixture.peers[0], response, 1, MSG_NOSIGNAL) == 1);
}

static void run(unsigned int ms)
{
	for (unsigned int i = 0; i < ms / STEP_MS; i++) {
		unsigned int before = connects[THIRD].request_done;

		kernel();
		fixture_request(&connects[THIRD]);
		fixture_run(&fixture, STEP_MS / 2);
		serve_third();
		fixture_run(&fixture, STEP_MS / 2);
		CHECK_INT(connects[THIRD].request_done, before + 1);
		CHECK_INT(connects[THIRD].request_error, 0);
	}
}

/* -- The pair -------------------------------------------------------------------------------- */

static void on_done(struct fixture_connect *connect)
{
	size_t i = (size_t)(connect - connects);

	if (i >= PAIR)
		return;
	order[i] = ++ends;
	ended[i] = loop_now(fixture.loop);
}

static void begin_both(struct loop_task *task)
{
	(void)task;
	for (size_t i = 0; i < PAIR; i++)
		CHECK_INT(fixture_connect(&fixture, &connects[i]), 0);
}

static void open_pair(enum role first, enum role second, bool privileged)
{
	memset(connects, 0, sizeof(connects));
	memset(created, 0, sizeof(created));
	fixture_open(&fixture);
	fixture.hci->raw.privileged = privileged; /* CAP_NET_RAW */
	roles[0] = first;
	roles[1] = second;
	for (size_t i = 0; i < PEERS; i++) {
		connects[i].peer = (uint8_t)i;
		connects[i].on_done = on_done;
		how[i] = i == THIRD ? 0 : roles[i] == TAKEN ? -EBUSY : HANGS;
	}
	fixture.by_peer = how;
	ends = 0;
	deaf_until = 0;
	initiating = -1;
	connects[0].op.address.octet[5] = 0;
	CHECK_INT(fixture_connect(&fixture, &connects[THIRD]), 0);
	fixture_run(&fixture, SHORT);
	REQUIRE(connects[THIRD].att != NULL);
	begin_task.run = begin_both;
	loop_defer(fixture.loop, &begin_task);
	ble_loop_dispatch(fixture.loop, 0);
}

static void close_pair(void)
{
	for (size_t i = 0; i < PEERS; i++) {
		if (fixture.adapter && connects[i].fixture)
			fixture_cancel(&connects[i]);
		att_free(connects[i].att);
		connects[i].att = NULL;
	}
	fixture_close(&fixture);
	harness_about(NULL);
}

/* Without CAP_NET_RAW its own half may be the first to yield. */
static unsigned int turns_until_heard(void)
{
	return fixture.hci->raw.privileged ? 1 : 2;
}

static void check_one(size_t i, enum role other, uint64_t begun)
{
	const struct fixture_connect *connect = &connects[i];
	uint64_t ms = (ended[i] - begun) / 1000000;

	switch (roles[i]) {
	case PRESENT:
		CHECK_INT(connect->done, 1);
		CHECK_INT(connect->error, 0);
		CHECK(ms <= (other == SILENT ? turns_until_heard() * TURN_MS + 1000 : 500));
		break;
	case TAKEN:
		CHECK_INT(connect->done, 1);
		CHECK_INT(connect->error, -EBUSY);
		CHECK(strstr(connect->text, "another program") != NULL);
		CHECK(ms <= 500);
		break;
	case ABSENT:
		CHECK_INT(connect->done, 0);
		CHECK_INT(connect->op.failure, 0);
		break;
	case SILENT:
	default:
		/* It gives way only to one who waits, and else has the kernel's time. */
		CHECK_INT(connect->done, 0);
		if (other == TAKEN || (other == PRESENT && i == 1)) {
			CHECK_INT(created[i], 1);
			CHECK_INT(connect->op.failure, 0);
		} else if (fixture.hci->raw.privileged) {
			CHECK_INT(connect->op.failure, -ETIMEDOUT);
		}
		break;
	}
}

static void start_anew(size_t i)
{
	fixture_cancel(&connects[i]);
	att_free(connects[i].att);
	connects[i] = (struct fixture_connect){ .peer = (uint8_t)i };
}

/* Both peers are there now, and each connects. */
static void check_as_new(void)
{
	for (size_t i = 0; i < PAIR; i++) {
		start_anew(i);
		roles[i] = PRESENT;
		how[i] = HANGS;
	}
	CHECK(list_empty(&fixture.hci->connector.attempts));
	fixture_run(&fixture, 3000); /* the links linger */
	for (size_t i = 0; i < PAIR; i++)
		CHECK_INT(fixture_connect(&fixture, &connects[i]), 0);
	run(500);
	for (size_t i = 0; i < PAIR; i++) {
		CHECK_INT(connects[i].done, 1);
		CHECK_INT(connects[i].error, 0);
	}
	CHECK(list_empty(&fixture.hci->connector.attempts));
	CHECK_INT(connects[THIRD].closed, 0);
}

/* The adapter was reset: the third peer, too, connects again. */
static void check_reset(void)
{
	start_anew(THIRD);
	fixture.next_attempt = 0;
	for (size_t i = 0; i < FIXTURE_ATTEMPTS; i++) {
		if (fixture.peers[i] >= 0)
			close(fixture.peers[i]);
		fixture.peers[i] = -1;
	}
	initiating = -1;
	connects[THIRD].peer = THIRD;
	CHECK_INT(fixture_connect(&fixture, &connects[THIRD]), 0);
	fixture_run(&fixture, 3000);
	REQUIRE(connects[THIRD].att != NULL);
	check_as_new();
}

static void pair(enum role first, enum role second, bool privileged)
{
	uint64_t begun;

	harness_about("%s and %s%s", words[first], words[second],
		      privileged ? "" : ", not privileged");
	open_pair(first, second, privileged);
	begun = loop_now(fixture.loop);
	run(12000);
	check_one(0, second, begun);
	check_one(1, first, begun);
	if (ends == PAIR && first != TAKEN && second == TAKEN)
		CHECK_INT(order[1], 1);
	check_as_new();
	close_pair();
}

static void each_pair(void)
{
	for (int first = 0; first < ROLES; first++)
		for (int second = 0; second < ROLES; second++) {
			pair((enum role)first, (enum role)second, true);
			pair((enum role)first, (enum role)second, false);
		}
}

/* -- More than 40 s -------------------------------------------------------------------------- */

/* The kernel gives up again and again; the peer appears after 60 s, beside one that never
 * does. */
static void appears_late(void)
{
	open_pair(ABSENT, ABSENT, true);
	for (unsigned int ms = 0; ms < 60000; ms += 1000) {
		run(1000);
		for (size_t i = 0; ms % GIVES_UP_MS == GIVES_UP_MS / 2 && i < fixture.next_attempt; i++)
			if (pending(i))
				give_up(i);
	}
	CHECK_INT(connects[0].done + connects[1].done, 0);
	CHECK_INT(fixture.next_attempt, 1 + 4 * PAIR); /* it gave up three times */
	roles[0] = PRESENT;
	run(2000);
	CHECK_INT(connects[0].done, 1);
	CHECK_INT(connects[0].error, 0);
	run(40000);
	CHECK_INT(connects[1].done, 0);
	close_pair();
}

/* A peer that does not answer has had its turn before the other one is wanted. */
static void another_begins_later(void)
{
	for (int privileged = 1; privileged >= 0; privileged--) {
		uint64_t begun;

		open_pair(SILENT, PRESENT, privileged);
		harness_about("%s", privileged ? "privileged" : "not privileged");
		fixture_cancel(&connects[1]);
		run(TURN_MS + 1000);
		CHECK_INT(connects[0].op.repeats, 0);
		begun = loop_now(fixture.loop);
		CHECK_INT(fixture_connect(&fixture, &connects[1]), 0);
		run(2 * TURN_MS + 1000);
		CHECK_INT(connects[1].done, 1);
		CHECK((ended[1] - begun) / 1000000 <= (privileged ? 500u : 2 * TURN_MS + 1000u));
		CHECK_INT(connects[0].done, 0);
		close_pair();
	}
}

/* -- Others ------------------------------------------------------------------------------------- */

/* Another program connects to peers of its own: the kernel makes its connections, scans for
 * its absent ones, and gives up on one that does not answer. Ours are left alone. */
static void unrelated_connects(void)
{
	uint8_t params[25] = { [5] = BLE_ADDRESS_RANDOM, 0xee, 2, 3, 4, 5, 0xc6 };
	uint8_t done[19] = { RAW_LE_CONNECTION, 0, 0x77, 0, 0, BLE_ADDRESS_RANDOM,
			     0xee, 2, 3, 4, 5, 0xc6 };

	for (int fails = 0; fails < 2; fails++) {
		harness_about("%s", fails ? "unanswered" : "answered");
		open_pair(ABSENT, ABSENT, true);
		run(1000);
		fixture_command(&fixture, RAW_CREATE, params, sizeof(params));
		run(fails ? GIVES_UP_MS : 100);
		done[1] = fails ? 0x02 : 0; /* Unknown Connection Identifier: cancelled */
		fixture_event(&fixture, RAW_LE_META, done, sizeof(done));
		run(1000);
		for (size_t i = 0; i < PAIR; i++) {
			CHECK_INT(connects[i].done, 0);
			CHECK_INT(connects[i].op.repeats, 0);
			CHECK_INT(connects[i].op.failure, 0);
		}
		CHECK_INT(fixture.next_attempt, PEERS); /* none connected again */
		roles[1] = PRESENT;
		run(500);
		CHECK_INT(connects[1].done, 1);
		CHECK_INT(connects[1].error, 0);
		CHECK_INT(connects[0].done, 0);
		close_pair();
	}
}

/* Another program's command has no answer yet, so that none of ours would have one: a scan
 * waits, the connects go on. Then it is answered, well or not. */
static void command_of_others_meanwhile(void)
{
	static const uint8_t off[2] = { 0, 0 };

	for (int status = 0; status <= RAW_DISALLOWED; status += RAW_DISALLOWED) {
		harness_about("status 0x%02x", (unsigned int)status);
		open_pair(PRESENT, ABSENT, true);
		CHECK_INT(fixture_scan(&fixture, true), 0);
		fixture_run(&fixture, SHORT);
		CHECK(fixture.scanning);
		fixture_others_command(&fixture, RAW_SCAN_ENABLE, off, sizeof(off));
		fixture_run(&fixture, SHORT);
		REQUIRE(place_of(0) >= 0);
		fixture_connected(&fixture, (size_t)place_of(0));
		fixture_run(&fixture, SHORT);
		CHECK_INT(connects[0].done, 1);
		CHECK_INT(connects[0].error, 0);
		fixture.scanning = status != 0;
		fixture_others_answer(&fixture, RAW_SCAN_ENABLE, (uint8_t)status);
		fixture_run(&fixture, 3000);
		CHECK(fixture.scanning);
		CHECK_INT(fixture.ended, 0);
		CHECK_INT(connects[1].done, 0);
		CHECK_INT(connects[1].op.repeats, 0);
		fixture.adapter->class->scan_stop(fixture.adapter);
		fixture_run(&fixture, SHORT);
		check_as_new();
		close_pair();
	}
}

/* -- The adapter ends, at each step ------------------------------------------------------------- */

static struct reset_op reset;
static unsigned int resets;

static void on_reset(struct reset_op *op, int error)
{
	(void)op;
	CHECK_INT(error, 0);
	resets++;
}

static void is_pulled(void)
{
	fixture_mgmt_event(&fixture, MGMT_INDEX_REMOVED, 0, NULL, 0);
}

static void is_reset(void)
{
	reset.done = on_reset;
	resets = 0;
	CHECK_INT(fixture.adapter->class->reset(fixture.adapter, &reset), 0);
}

static void is_freed(void)
{
	for (size_t i = 0; i < PEERS; i++) {
		fixture_cancel(&connects[i]);
		att_free(connects[i].att);
		connects[i].att = NULL;
	}
	fixture_free_adapter(&fixture);
}

static void both_cancelled(void)
{
	for (size_t i = PAIR; i--;)
		fixture_cancel(&connects[i]);
}

static const struct end {
	const char *name;
	void (*happens)(void);
	int error; /* of a connect that is under way; 0: it is not called back */
} adapter_ends[] = {
	{ "pulled", is_pulled, -ENODEV }, { "reset", is_reset, -ENETRESET },
	{ "freed", is_freed, 0 }, { "cancelled", both_cancelled, 0 },
};

/* The first steps are those of one instant, then there are two in each second. */
static void take_step(unsigned int number)
{
	enum { AT_ONCE = 8 };

	if (fixture.adapter)
		kernel();
	if (number < AT_ONCE)
		ble_loop_dispatch(fixture.loop, 0);
	else
		fixture_run(&fixture, 500);
}

static void check_ended(const struct end *end, const unsigned int done[PAIR])
{
	for (size_t i = 0; i < PAIR; i++) {
		const struct fixture_connect *connect = &connects[i];

		CHECK_INT(connect->done, done[i] || end->error ? 1 : 0);
		if (!done[i] && end->error)
			CHECK_INT(connect->error, end->error);
		CHECK_INT(connect->closed, connect->att && end->error ? 1 : 0);
	}
	CHECK_INT(connects[THIRD].closed, end->error ? 1 : 0);
	CHECK_INT(fixture.gone, end->happens == is_pulled);
	CHECK_INT(resets, end->happens == is_reset);
}

static void ends_at(const struct end *end, enum role first, enum role second, unsigned int step)
{
	unsigned int done[PAIR];

	harness_about("%s at step %u, %s and %s", end->name, step, words[first], words[second]);
	open_pair(first, second, true);
	resets = 0;
	for (unsigned int i = 0; i < step; i++)
		take_step(i);
	for (size_t i = 0; i < PAIR; i++)
		done[i] = connects[i].done;
	end->happens();
	fixture_run(&fixture, 200);
	/* One that was connected in this moment is a link that is lost; or it was refused. */
	for (size_t i = 0; i < PAIR; i++)
		if (!connects[i].error || (roles[i] == TAKEN && connects[i].error == -EBUSY))
			done[i] = connects[i].done;
	check_ended(end, done);
	if (end->happens == is_reset)
		check_reset();
	else
		fixture_run(&fixture, 30000); /* nothing is left that calls back */
	close_pair();
}

static void each_end_at_each_step(void)
{
	enum { LAST = 20 };
	static const enum role pairs[][PAIR] = {
		{ PRESENT, ABSENT }, { SILENT, PRESENT }, { SILENT, SILENT }, { ABSENT, TAKEN },
	};

	for (size_t e = 0; e < sizeof(adapter_ends) / sizeof(*adapter_ends); e++)
		for (size_t p = 0; p < sizeof(pairs) / sizeof(*pairs); p++)
			for (unsigned int step = 0; step < LAST; step++)
				ends_at(&adapter_ends[e], pairs[p][0], pairs[p][1], step);
}

/* -- Memory --------------------------------------------------------------------------------------- */

static int try_pair(void *user)
{
	int error = fixture_try_open(&fixture);

	(void)user;
	if (error)
		return error;
	memset(connects, 0, sizeof(connects));
	roles[0] = SILENT;
	roles[1] = PRESENT;
	how[0] = how[1] = HANGS;
	fixture.by_peer = how;
	deaf_until = 0;
	initiating = -1;
	for (size_t i = 0; i < PAIR; i++) {
		int refused;

		connects[i].peer = (uint8_t)i;
		refused = fixture_connect(&fixture, &connects[i]);
		error = error ? error : refused;
	}
	for (unsigned int ms = 0; ms < TURN_MS + 500; ms += STEP_MS) {
		kernel();
		fixture_run(&fixture, STEP_MS);
	}
	for (size_t i = 0; i < PAIR; i++)
		error = error ? error : connects[i].error;
	if (!error)
		CHECK_INT(connects[1].done, 1);
	close_pair();
	return error;
}

static void memory_fails(void)
{
	CHECK(fail_each(try_pair, NULL) >= 5);
}

const struct test_case hci_matrix_cases[] = {
	TEST(each_pair), TEST(appears_late), TEST(another_begins_later), TEST(unrelated_connects),
	TEST(command_of_others_meanwhile),
	TEST(each_end_at_each_step), TEST(memory_fails), { 0 },
};
