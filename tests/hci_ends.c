/* SPDX-License-Identifier: MIT */
/* How links and the adapter end, callbacks that free, and failing allocations. */
#define _GNU_SOURCE /* for hci.h */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hci/l2cap.h"
#include "hci/lost_sockets.h"
#include "tests/failmalloc.h"
#include "tests/hci_fixture.h"

enum { SHORT = 50, HANGS = 1, LINKS = 4 };

static struct hci_fixture fixture;
static struct fixture_connect connects[LINKS + 1];

static void open_links(size_t count)
{
	memset(connects, 0, sizeof(connects));
	fixture_open(&fixture);
	for (size_t i = 0; i < count; i++) {
		CHECK_INT(fixture_connect(&fixture, &connects[i]), 0);
		fixture_run(&fixture, SHORT);
		REQUIRE(connects[i].att != NULL);
	}
	fixture_log(&fixture);
}

static void close_links(void)
{
	for (size_t i = 0; i < LINKS; i++)
		att_free(connects[i].att);
	fixture_close(&fixture);
}

static void notify(int fd)
{
	static const uint8_t pdu[] = { 0x1b, 5, 0, 'x' };

	REQUIRE(send(fd, pdu, sizeof(pdu), MSG_NOSIGNAL) == (ssize_t)sizeof(pdu));
}

/* -- Links ------------------------------------------------------------------------ */

static void several_links(void)
{
	open_links(LINKS);
	for (size_t i = 0; i < LINKS; i++)
		for (size_t k = 0; k <= i; k++)
			notify(fixture.peers[i]);
	fixture_run(&fixture, SHORT);
	for (size_t i = 0; i < LINKS; i++)
		CHECK_INT(connects[i].values, i + 1);
	close_links();
}

/* Disconnection Complete waits at the raw socket when the link is closed. */
static void reason_of_the_end(void)
{
	static const uint8_t ended[] = { 0, 0x40, 0, 0x13 }, other[] = { 0, 0x41, 0, 0x08 };

	open_links(2);
	list_for_each(l, &fixture.hci->links)
		list_entry(l, struct l2cap_link, link)->conn_params.handle = 0x41;
	list_entry(fixture.hci->links.next, struct l2cap_link, link)->conn_params.handle = 0x40;
	fixture_request(&connects[0]);
	notify(fixture.peers[0]); /* what arrived before the end is still delivered */
	fixture_event(&fixture, RAW_DISCONNECTION, other, 3);
	fixture_event(&fixture, RAW_DISCONNECTION, ended, sizeof(ended));
	close(fixture.peers[0]);
	fixture.peers[0] = -1;
	fixture_run(&fixture, SHORT);
	CHECK_INT(connects[0].values, 1);
	CHECK_INT(connects[0].request_done, 1);
	CHECK_INT(connects[0].request_error, -ENOTCONN);
	CHECK_INT(connects[0].closed, 1);
	CHECK_INT(connects[0].closed_error, -ENOTCONN);
	CHECK_INT(connects[0].closed_reason, 0x13);
	CHECK(strstr(connects[0].text, "the peer ended the connection (0x13)"));
	CHECK_INT(connects[1].closed, 0);
	close_links();
}

/* The kernel ends the links of an adapter that it switches off as if the peer, or this
 * host, had ended them. */
static void adapter_off(void)
{
	static const uint8_t ended[] = { 0, 0x40, 0, 0x13 };
	static const struct {
		enum rfkill rfkill;
		enum power power;
		bool disconnect;
		const char *text;
	} rows[] = {
		{ RFKILL_NONE, POWER_DOWN, false, "the connection was lost with its adapter: hci0 "
		  "was switched off or reset" },
		{ RFKILL_NONE, POWER_UP, true, "the connection was lost with its adapter: hci0 "
		  "was switched off, or this machine was suspended" },
		{ RFKILL_NONE, POWER_DOWN, true, "the connection was lost with its adapter: hci0 "
		  "was switched off or reset" },
		{ RFKILL_NONE, POWER_GONE, false, "the connection was lost with its adapter: hci0 "
		  "was pulled out or reset" },
		{ RFKILL_SOFT, POWER_UP, false, "the connection was lost with its adapter: hci0 is "
		  "blocked by rfkill: lift the block with \"rfkill unblock bluetooth\"" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		open_links(1);
		list_entry(fixture.hci->links.next, struct l2cap_link, link)->conn_params.handle =
			0x40;
		fixture.power = rows[i].power;
		if (rows[i].disconnect)
			fixture_command(&fixture, RAW_DISCONNECT, "\x40\0\x15", 3);
		fixture.rfkill = rows[i].rfkill;
		fixture_request(&connects[0]);
		fixture_event(&fixture, RAW_DISCONNECTION, ended, sizeof(ended));
		close(fixture.peers[0]);
		fixture.peers[0] = -1;
		fixture_run(&fixture, SHORT);
		CHECK_INT(connects[0].request_error, -ENOTCONN);
		CHECK_STR(connects[0].request_text, rows[i].text);
		CHECK_INT(connects[0].closed_error, -ENOTCONN);
		CHECK_INT(connects[0].closed_reason, 0);
		CHECK_STR(connects[0].text, rows[i].text);
		close_links();
	}
}

/* The kernel gives up a pending connect as if the peer had ended it. */
static void adapter_off_while_connecting(void)
{
	open_links(0);
	fixture.attempts[0] = -ECONNRESET;
	CHECK_INT(fixture_connect(&fixture, &connects[0]), 0);
	fixture.settings = MGMT_LE;
	fixture_run(&fixture, SHORT);
	CHECK_INT(connects[0].error, 0); /* it was switched on again */
	CHECK(fixture.settings & MGMT_POWERED);
	close_links();
	open_links(0);
	fixture.attempts[0] = fixture.attempts[1] = -ECONNRESET;
	fixture.power = POWER_DOWN;
	CHECK_INT(fixture_connect(&fixture, &connects[0]), 0);
	fixture_run(&fixture, SHORT);
	CHECK_INT(connects[0].error, -ENETDOWN);
	CHECK_STR(connects[0].text,
		  "connecting to 06:05:04:03:02:01 failed: hci0 was switched off or reset");
	close_links();
	open_links(0);
	fixture.attempts[0] = fixture.attempts[1] = -ECONNRESET;
	fixture.power = POWER_GONE; /* and Index Removed is still to come */
	CHECK_INT(fixture_connect(&fixture, &connects[0]), 0);
	fixture_run(&fixture, SHORT);
	CHECK_INT(connects[0].error, -ENETDOWN);
	CHECK_STR(connects[0].text,
		  "connecting to 06:05:04:03:02:01 failed: hci0 was pulled out or reset");
	close_links();
	open_links(0);
	fixture.attempts[0] = -ECONNRESET;
	fixture.settings = MGMT_LE;
	fixture.rfkill = RFKILL_SOFT;
	fixture_answer(fixture.mgmt_answers, MGMT_SET_POWERED, MGMT_FAILED, 1);
	CHECK_INT(fixture_connect(&fixture, &connects[0]), 0);
	fixture_run(&fixture, SHORT);
	CHECK_INT(connects[0].error, -ERFKILL);
	CHECK(strstr(connects[0].text, "hci0 is blocked by rfkill"));
	close_links();
}

static void power_off(void)
{
	static const uint8_t settings[4] = { 0, MGMT_LE >> 8 };

	fixture.settings = MGMT_LE;
	fixture_mgmt_event(&fixture, MGMT_NEW_SETTINGS, 0, settings, 4);
}

/* Connects that are pending, that wait for a retry, and a link that is up. */
static void switched_off_while_connecting(void)
{
	for (int blocked = 0; blocked < 2; blocked++) {
		open_links(1);
		for (size_t i = 1; i < 4; i++)
			fixture.attempts[i] = HANGS;
		fixture.attempts[2] = -ETIMEDOUT;
		fixture.rfkill = blocked ? RFKILL_SOFT : RFKILL_NONE;
		for (size_t i = 1; i < 3; i++)
			CHECK_INT(fixture_connect(&fixture, &connects[i]), 0);
		ble_loop_dispatch(fixture.loop, 0);
		power_off();
		fixture_run(&fixture, 400);
		CHECK_INT(connects[1].done + connects[2].done, 0); /* it may have been pulled */
		fixture_log(&fixture);
		fixture_run(&fixture, 200);
		for (size_t i = 1; i < 3; i++) {
			CHECK_INT(connects[i].done, 1);
			CHECK_INT(connects[i].error, blocked ? -ERFKILL : -ENETDOWN);
			CHECK(strstr(connects[i].text, blocked ? "hci0 is blocked by rfkill"
							       : "hci0 was switched off or reset"));
		}
		CHECK_STR(fixture_log(&fixture), ""); /* nothing switches it on */
		CHECK(!(fixture.settings & MGMT_POWERED));
		CHECK_INT(connects[0].closed, 0); /* the kernel ends its socket */
		/* the next one does */
		fixture.rfkill = RFKILL_NONE;
		memset(&connects[1], 0, sizeof(connects[1]));
		fixture.attempts[fixture.next_attempt] = 0;
		CHECK_INT(fixture_connect(&fixture, &connects[1]), 0);
		fixture_run(&fixture, SHORT);
		CHECK_INT(connects[1].error, 0);
		CHECK(connects[1].att != NULL);
		close_links();
	}
}

/* The pending connect has got an error before, and is at its set-up again. */
static void switched_off_after_the_error(void)
{
	open_links(0);
	fixture.attempts[0] = -ECONNRESET;
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, SHORT);
	fixture_answer(fixture.mgmt_answers, MGMT_SET_POWERED, MGMT_BUSY, 3);
	fixture.settings = MGMT_LE;
	CHECK_INT(fixture_connect(&fixture, &connects[0]), 0);
	fixture_run(&fixture, 150);
	CHECK_INT(connects[0].done, 0);
	power_off();
	fixture_run(&fixture, 1000);
	CHECK_INT(connects[0].done, 1);
	CHECK_INT(connects[0].error, -ENETDOWN);
	CHECK(strstr(connects[0].text, "hci0 was switched off or reset"));
	CHECK(!(fixture.settings & MGMT_POWERED)); /* and stays so */
	close_links();
}

/* Meanwhile it is cancelled, freed, or the adapter is pulled. */
static void switched_off_while_connecting_and_then(void)
{
	for (int then = 0; then < 3; then++) {
		open_links(0);
		fixture.attempts[0] = HANGS;
		CHECK_INT(fixture_connect(&fixture, &connects[0]), 0);
		fixture_run(&fixture, SHORT);
		power_off();
		fixture_run(&fixture, SHORT);
		if (then == 0)
			fixture_cancel(&connects[0]);
		else if (then == 1)
			fixture_mgmt_event(&fixture, MGMT_INDEX_REMOVED, 0, NULL, 0);
		else
			fixture_free_adapter(&fixture);
		fixture_run(&fixture, 1000);
		CHECK_INT(connects[0].done, then == 1);
		if (then == 1)
			CHECK_INT(connects[0].error, -ENODEV);
		close_links();
	}
}

/* 30 s without an answer end the bearer (Vol 3, Part F, 3.3.3). */
static void unanswered(void)
{
	unsigned int fds;

	open_links(1);
	fds = harness_fds();
	fixture_request(&connects[0]);
	fixture_run(&fixture, 29900);
	CHECK_INT(connects[0].closed, 0);
	fixture_run(&fixture, 200);
	CHECK_INT(connects[0].request_error, -ETIMEDOUT);
	CHECK_INT(connects[0].closed, 1);
	CHECK_INT(harness_fds(), fds - 1);
	close_links();
}

static void free_link(struct fixture_connect *connect)
{
	att_free(connect->att);
	connect->att = NULL;
}

static void freed_when_closed(void)
{
	open_links(1);
	connects[0].on_closed = free_link;
	close(fixture.peers[0]);
	fixture.peers[0] = -1;
	fixture_run(&fixture, SHORT);
	CHECK_INT(connects[0].closed, 1);
	CHECK(list_empty(&fixture.hci->links));
	close_links();
}

/* -- Kernels that kill who closes the socket of a lost link ------------------------- */

static void known_kernels(void)
{
	static const struct {
		const char *release, *version;
		bool known;
	} rows[] = {
		{ "6.1.0-57-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.192-3 (2026-11-20)", true },
		{ "6.1.0-55-cloud-arm64", "#1 SMP Debian 6.1.192-1 (2026-10-01)", true },
		{ "6.1.0-54-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.190-1 (2026-09-01)", false },
		{ "6.1.0-57-amd64", "#1 SMP somebody's own", false },
		{ "6.12.117+deb12-amd64", "#1 SMP Debian 6.12.117-1~deb12u1 (2026-11-01)", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_INT(lost_sockets_find(rows[i].release, rows[i].version) != NULL,
			  rows[i].known);
}

static const struct lost_sockets_kernel *bad_kernel(void)
{
	static const struct lost_sockets_kernel kernel = { "", "", "9.9" };

	return &kernel;
}

/* Loses a link; its descriptor, which is still open. */
static int lose(size_t i)
{
	int fd = list_entry(fixture.hci->links.next, struct l2cap_link, link)->watch.fd;

	close(fixture.peers[i]);
	fixture.peers[i] = -1;
	fixture_run(&fixture, SHORT);
	CHECK_INT(connects[i].closed, 1);
	CHECK(fcntl(fd, F_GETFD) >= 0);
	return fd;
}

static void sockets_are_kept(void)
{
	const struct lost_sockets_kernel *(*real)(void) = lost_sockets_kernel;
	struct rlimit limit, low;
	int fds[2], fd;

	lost_sockets_kernel = bad_kernel;
	open_links(3);
	fds[0] = lose(0);
	CHECK(strstr(connects[0].text, "install kernel 9.9"));
	fds[1] = lose(1);
	CHECK(!strstr(connects[1].text, "install")); /* it was told */
	CHECK_INT(lost_sockets_count(), 2);
	fd = list_entry(fixture.hci->links.next, struct l2cap_link, link)->watch.fd;
	att_free(connects[2].att); /* is up: safe */
	connects[2].att = NULL;
	CHECK(fcntl(fd, F_GETFD) < 0);
	CHECK_INT(lost_sockets_count(), 2);
	/* no more */
	REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	low = (struct rlimit){ 5, limit.rlim_max };
	REQUIRE(setrlimit(RLIMIT_NOFILE, &low) == 0);
	CHECK(lost_sockets_full());
	CHECK_INT(l2cap_connect(fixture.hci, &connects[0].op.address, &fd), -EMFILE);
	fixture.attempts[3] = -EMFILE;
	CHECK_INT(fixture_connect(&fixture, &connects[3]), 0);
	fixture_run(&fixture, SHORT);
	CHECK_INT(connects[3].error, -EMFILE);
	CHECK(strstr(connects[3].text, "keeps 2 of them"));
	REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	CHECK(!lost_sockets_full());
	lost_sockets_kernel = real;
	close(fds[0]);
	close(fds[1]);
	close_links();
}

/* An empty packet is not the end; a closed connection is. */
static void empty_packet(void)
{
	open_links(1);
	REQUIRE(send(fixture.peers[0], "", 0, 0) == 0);
	notify(fixture.peers[0]);
	fixture_run(&fixture, SHORT);
	CHECK_INT(connects[0].values, 1);
	CHECK_INT(connects[0].closed, 0);
	shutdown(fixture.peers[0], SHUT_WR);
	fixture_run(&fixture, SHORT);
	CHECK_INT(connects[0].closed, 1);
	close_links();
}

static void long_packet(void)
{
	uint8_t pdu[1500] = { 0x1b, 5, 0 };

	open_links(1);
	REQUIRE(send(fixture.peers[0], pdu, sizeof(pdu), 0) == (ssize_t)sizeof(pdu));
	notify(fixture.peers[0]);
	fixture_run(&fixture, SHORT);
	CHECK_INT(connects[0].values, 1);
	CHECK_INT(connects[0].closed, 0);
	close_links();
}

static void no_allocation(void)
{
	unsigned long before;

	open_links(1);
	CHECK_INT(fixture_scan(&fixture, false), 0);
	fixture_run(&fixture, SHORT);
	before = failmalloc_count();
	for (int i = 0; i < 100; i++) {
		notify(fixture.peers[0]);
		fixture_report(&fixture);
		if (i % 40 == 0)
			fixture_run(&fixture, SHORT);
	}
	fixture_run(&fixture, SHORT);
	CHECK_INT(connects[0].values, 100);
	CHECK_INT(fixture.reports, 100);
	CHECK_INT(failmalloc_count(), before);
	close_links();
}

/* -- The adapter is pulled ------------------------------------------------------------ */

static unsigned int order;

static void gone_last(struct hci_fixture *s)
{
	order = 0;
	for (size_t i = 0; i < LINKS; i++)
		order += connects[i].closed;
	order += connects[LINKS].done + s->ended;
}

static void pull(void)
{
	open_links(LINKS);
	fixture_request(&connects[0]);
	fixture_request(&connects[2]);
	CHECK_INT(fixture_scan(&fixture, false), 0);
	fixture_run(&fixture, SHORT);
	fixture.attempts[LINKS] = HANGS;
	CHECK_INT(fixture_connect(&fixture, &connects[LINKS]), 0);
	fixture_run(&fixture, SHORT);
	fixture_mgmt_event(&fixture, MGMT_INDEX_REMOVED, 7, NULL, 0);
	fixture_run(&fixture, SHORT);
	CHECK_INT(fixture.gone, 0); /* another adapter */
	fixture_mgmt_event(&fixture, MGMT_INDEX_REMOVED, 0, NULL, 0);
}

static void pulled(void)
{
	pull();
	fixture.on_gone = gone_last;
	fixture_run(&fixture, SHORT);
	CHECK_INT(fixture.gone, 1);
	CHECK_INT(order, LINKS + 2);
	for (size_t i = 0; i < LINKS; i++) {
		CHECK_INT(connects[i].closed, 1);
		CHECK_INT(connects[i].closed_error, -ENODEV);
		CHECK_INT(connects[i].request_done, i % 2 ? 0 : 1);
	}
	CHECK_INT(connects[0].request_error, -ENOTCONN);
	CHECK_STR(connects[0].request_text, "the connection was lost with its adapter: "
		  "hci0 was pulled out or reset");
	CHECK_INT(connects[LINKS].error, -ENODEV);
	CHECK_INT(fixture.ended_error, -ENODEV);
	CHECK(strstr(fixture.text, "pulled out"));
	/* every call fails, and none crashes */
	CHECK_INT(fixture_scan(&fixture, false), -ENODEV);
	fixture.adapter->class->scan_stop(fixture.adapter);
	memset(&connects[LINKS], 0, sizeof(connects[LINKS]));
	CHECK_INT(fixture_connect(&fixture, &connects[LINKS]), -ENODEV);
	fixture_cancel(&connects[LINKS]);
	fixture_run(&fixture, 5000);
	CHECK_INT(fixture.gone, 1);
	close_links();
}

/* The kernel switches a pulled adapter off first. A slow one does so long before. */
static void pulled_after_power(void)
{
	static const uint8_t settings[4] = { 0, MGMT_LE >> 8 };

	for (unsigned int slow = 0; slow < 2; slow++) {
		open_links(0);
		CHECK_INT(fixture_scan(&fixture, false), 0);
		fixture_run(&fixture, SHORT);
		fixture.power = slow ? POWER_GONE : POWER_DOWN;
		fixture_mgmt_event(&fixture, MGMT_NEW_SETTINGS, 0, settings, 4);
		fixture_run(&fixture, slow ? 5000 : SHORT);
		CHECK_INT(fixture.ended, 0);
		fixture_mgmt_event(&fixture, MGMT_INDEX_REMOVED, 0, NULL, 0);
		fixture_run(&fixture, 2000);
		CHECK_INT(fixture.ended, 1);
		CHECK_INT(fixture.ended_error, -ENODEV);
		CHECK_INT(fixture.gone, 1);
		close_links();
	}
}

/* Its index was given to another adapter. */
static void index_added(void)
{
	open_links(1);
	fixture_mgmt_event(&fixture, MGMT_INDEX_ADDED, 0, NULL, 0);
	fixture_run(&fixture, SHORT);
	CHECK_INT(fixture.gone, 1);
	CHECK_INT(connects[0].closed, 1);
	close_links();
}

static void raw_socket_ends(void)
{
	open_links(1);
	shutdown(fixture.raw.fd, SHUT_RDWR);
	fixture_run(&fixture, SHORT);
	CHECK_INT(fixture.gone, 1);
	close_links();
}

static void free_all(void)
{
	for (size_t i = 0; i < LINKS; i++) {
		att_free(connects[i].att);
		connects[i].att = NULL;
	}
	fixture_free_adapter(&fixture);
}

static void free_all_on_closed(struct fixture_connect *connect)
{
	(void)connect;
	free_all();
}

static void free_all_on_event(struct hci_fixture *s)
{
	(void)s;
	free_all();
}

static void pulled_and_freed(void)
{
	for (size_t i = 0; i < LINKS; i++) {
		pull();
		connects[i].on_closed = free_all_on_closed;
		fixture_run(&fixture, SHORT);
		CHECK(!fixture.adapter);
		CHECK_INT(fixture.gone, 0);
		CHECK_INT(connects[i].closed, 1);
		fixture_close(&fixture);
	}
	pull();
	connects[LINKS].on_done = free_all_on_closed;
	fixture_run(&fixture, SHORT);
	CHECK_INT(connects[LINKS].done, 1);
	CHECK_INT(fixture.gone, 0);
	fixture_close(&fixture);
	pull();
	fixture.on_ended = free_all_on_event;
	fixture_run(&fixture, SHORT);
	CHECK_INT(fixture.ended, 1);
	CHECK_INT(fixture.gone, 0);
	fixture_close(&fixture);
	pull();
	fixture.on_gone = free_all_on_event;
	fixture_run(&fixture, SHORT);
	CHECK_INT(fixture.gone, 1);
	fixture_close(&fixture);
}

static void freed_by_done(void)
{
	memset(connects, 0, sizeof(connects));
	fixture_open(&fixture);
	connects[0].on_done = free_all_on_closed;
	CHECK_INT(fixture_connect(&fixture, &connects[0]), 0);
	fixture_run(&fixture, SHORT);
	CHECK_INT(connects[0].done, 1);
	CHECK(!fixture.adapter);
	fixture_close(&fixture);
}

/* Freed at each step, with a scan, connects and links */
static void freed_at_each_step(void)
{
	for (int steps = 0; steps < 30; steps++) {
		open_links(1);
		fixture.attempts[1] = steps % 3;
		CHECK_INT(fixture_scan(&fixture, false), 0);
		CHECK_INT(fixture_connect(&fixture, &connects[1]), 0);
		CHECK_INT(fixture_connect(&fixture, &connects[2]), 0);
		for (int i = 0; i < steps; i++)
			ble_loop_dispatch(fixture.loop, 0);
		close_links();
	}
}

/* -- Memory ------------------------------------------------------------------------------- */

static int scenario(void *user)
{
	struct fixture_connect *connect = &connects[0];
	int error = fixture_try_open(&fixture);

	(void)user;
	memset(connects, 0, sizeof(connects));
	if (error)
		return error;
	error = fixture_scan(&fixture, false);
	if (!error)
		error = fixture_connect(&fixture, connect);
	if (!error)
		fixture_run(&fixture, 200);
	if (!error)
		error = connect->error;
	if (!error) {
		CHECK_INT(connect->done, 1);
		CHECK(fixture.scanning);
	}
	close_links();
	return error;
}

static void memory_fails(void)
{
	CHECK(fail_each(scenario, NULL) >= 5);
}

const struct test_case hci_ends_cases[] = {
	TEST(several_links), TEST(reason_of_the_end), TEST(adapter_off), TEST(adapter_off_while_connecting),
	TEST(switched_off_after_the_error), TEST(switched_off_while_connecting), TEST(switched_off_while_connecting_and_then),
	TEST(known_kernels), TEST(sockets_are_kept), TEST(unanswered),
	TEST(freed_when_closed), TEST(empty_packet), TEST(long_packet),
	TEST(no_allocation), TEST(pulled), TEST(pulled_after_power), TEST(index_added),
	TEST(raw_socket_ends), TEST(pulled_and_freed), TEST(freed_by_done),
	TEST(freed_at_each_step), TEST(memory_fails), { 0 },
};
