/* SPDX-License-Identifier: MIT */
/* How links and the adapter end, what frees what, and memory that fails. */
#define _GNU_SOURCE /* for hci.h */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hci/l2cap.h"
#include "tests/failmalloc.h"
#include "tests/hci_stand.h"

enum { SHORT = 50, HANGS = 1, LINKS = 4 };

static struct hci_stand stand;
static struct stand_connect connects[LINKS + 1];

static void open_links(size_t count)
{
	memset(connects, 0, sizeof(connects));
	stand_open(&stand);
	for (size_t i = 0; i < count; i++) {
		CHECK_INT(stand_connect(&stand, &connects[i]), 0);
		stand_run(&stand, SHORT);
		REQUIRE(connects[i].att != NULL);
	}
	stand_log(&stand);
}

static void close_links(void)
{
	for (size_t i = 0; i < LINKS; i++)
		att_free(connects[i].att);
	stand_close(&stand);
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
			notify(stand.peers[i]);
	stand_run(&stand, SHORT);
	for (size_t i = 0; i < LINKS; i++)
		CHECK_INT(connects[i].values, i + 1);
	close_links();
}

/* The reason is on its way to the raw socket when the link hangs up. */
static void reason_of_the_end(void)
{
	static const uint8_t ended[] = { 0, 0x40, 0, 0x13 }, other[] = { 0, 0x41, 0, 0x08 };

	open_links(2);
	list_for_each(l, &stand.hci->links)
		list_entry(l, struct l2cap_link, link)->radio.handle = 0x41;
	list_entry(stand.hci->links.next, struct l2cap_link, link)->radio.handle = 0x40;
	stand_request(&connects[0]);
	notify(stand.peers[0]); /* what came before the end is still told */
	stand_event(&stand, RAW_DISCONNECTION, other, 3);
	stand_event(&stand, RAW_DISCONNECTION, ended, sizeof(ended));
	close(stand.peers[0]);
	stand.peers[0] = -1;
	stand_run(&stand, SHORT);
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

/* 30 s without an answer end the bearer (Vol 3, Part F, 3.3.3). */
static void unanswered(void)
{
	unsigned int fds;

	open_links(1);
	fds = harness_fds();
	stand_request(&connects[0]);
	stand_run(&stand, 29900);
	CHECK_INT(connects[0].closed, 0);
	stand_run(&stand, 200);
	CHECK_INT(connects[0].request_error, -ETIMEDOUT);
	CHECK_INT(connects[0].closed, 1);
	CHECK_INT(harness_fds(), fds - 1);
	close_links();
}

static void free_link(struct stand_connect *connect)
{
	att_free(connect->att);
	connect->att = NULL;
}

static void freed_when_closed(void)
{
	open_links(1);
	connects[0].on_closed = free_link;
	close(stand.peers[0]);
	stand.peers[0] = -1;
	stand_run(&stand, SHORT);
	CHECK_INT(connects[0].closed, 1);
	CHECK(list_empty(&stand.hci->links));
	close_links();
}

/* An empty packet is no end, a hang-up is. */
static void empty_packet(void)
{
	open_links(1);
	REQUIRE(send(stand.peers[0], "", 0, 0) == 0);
	notify(stand.peers[0]);
	stand_run(&stand, SHORT);
	CHECK_INT(connects[0].values, 1);
	CHECK_INT(connects[0].closed, 0);
	shutdown(stand.peers[0], SHUT_WR);
	stand_run(&stand, SHORT);
	CHECK_INT(connects[0].closed, 1);
	close_links();
}

static void long_packet(void)
{
	uint8_t pdu[1500] = { 0x1b, 5, 0 };

	open_links(1);
	REQUIRE(send(stand.peers[0], pdu, sizeof(pdu), 0) == (ssize_t)sizeof(pdu));
	notify(stand.peers[0]);
	stand_run(&stand, SHORT);
	CHECK_INT(connects[0].values, 1);
	CHECK_INT(connects[0].closed, 0);
	close_links();
}

static void no_allocation(void)
{
	unsigned long before;

	open_links(1);
	CHECK_INT(stand_scan(&stand, false), 0);
	stand_run(&stand, SHORT);
	before = failmalloc_count();
	for (int i = 0; i < 100; i++) {
		notify(stand.peers[0]);
		stand_report(&stand);
		if (i % 40 == 0)
			stand_run(&stand, SHORT);
	}
	stand_run(&stand, SHORT);
	CHECK_INT(connects[0].values, 100);
	CHECK_INT(stand.reports, 100);
	CHECK_INT(failmalloc_count(), before);
	close_links();
}

/* -- The adapter is pulled ------------------------------------------------------------ */

static unsigned int order;

static void gone_last(struct hci_stand *s)
{
	order = 0;
	for (size_t i = 0; i < LINKS; i++)
		order += connects[i].closed;
	order += connects[LINKS].done + s->ended;
}

static void pull(void)
{
	open_links(LINKS);
	stand_request(&connects[0]);
	stand_request(&connects[2]);
	CHECK_INT(stand_scan(&stand, false), 0);
	stand_run(&stand, SHORT);
	stand.dials[LINKS] = HANGS;
	CHECK_INT(stand_connect(&stand, &connects[LINKS]), 0);
	stand_run(&stand, SHORT);
	stand_mgmt_event(&stand, MGMT_INDEX_REMOVED, 7, NULL, 0);
	stand_run(&stand, SHORT);
	CHECK_INT(stand.gone, 0); /* another adapter */
	stand_mgmt_event(&stand, MGMT_INDEX_REMOVED, 0, NULL, 0);
}

static void pulled(void)
{
	pull();
	stand.on_gone = gone_last;
	stand_run(&stand, SHORT);
	CHECK_INT(stand.gone, 1);
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
	CHECK_INT(stand.ended_error, -ENODEV);
	CHECK(strstr(stand.text, "pulled out"));
	/* nothing works any more, and nothing breaks */
	CHECK_INT(stand_scan(&stand, false), -ENODEV);
	stand.adapter->class->scan_stop(stand.adapter);
	memset(&connects[LINKS], 0, sizeof(connects[LINKS]));
	CHECK_INT(stand_connect(&stand, &connects[LINKS]), -ENODEV);
	stand_cancel(&connects[LINKS]);
	stand_run(&stand, 5000);
	CHECK_INT(stand.gone, 1);
	close_links();
}

/* The kernel switches a pulled adapter off first. */
static void pulled_after_power(void)
{
	static const uint8_t settings[4] = { 0, MGMT_LE >> 8 };

	open_links(0);
	CHECK_INT(stand_scan(&stand, false), 0);
	stand_run(&stand, SHORT);
	stand_mgmt_event(&stand, MGMT_NEW_SETTINGS, 0, settings, 4);
	stand_run(&stand, SHORT);
	stand_mgmt_event(&stand, MGMT_INDEX_REMOVED, 0, NULL, 0);
	stand_run(&stand, 2000);
	CHECK_INT(stand.ended, 1);
	CHECK_INT(stand.ended_error, -ENODEV);
	CHECK_INT(stand.gone, 1);
	close_links();
}

/* Its number went to another adapter. */
static void index_added(void)
{
	open_links(1);
	stand_mgmt_event(&stand, MGMT_INDEX_ADDED, 0, NULL, 0);
	stand_run(&stand, SHORT);
	CHECK_INT(stand.gone, 1);
	CHECK_INT(connects[0].closed, 1);
	close_links();
}

static void raw_socket_ends(void)
{
	open_links(1);
	shutdown(stand.raw.fd, SHUT_RDWR);
	stand_run(&stand, SHORT);
	CHECK_INT(stand.gone, 1);
	close_links();
}

static void free_all(void)
{
	for (size_t i = 0; i < LINKS; i++) {
		att_free(connects[i].att);
		connects[i].att = NULL;
	}
	stand_free_adapter(&stand);
}

static void free_all_on_closed(struct stand_connect *connect)
{
	(void)connect;
	free_all();
}

static void free_all_on_event(struct hci_stand *s)
{
	(void)s;
	free_all();
}

static void pulled_and_freed(void)
{
	for (size_t i = 0; i < LINKS; i++) {
		pull();
		connects[i].on_closed = free_all_on_closed;
		stand_run(&stand, SHORT);
		CHECK(!stand.adapter);
		CHECK_INT(stand.gone, 0);
		CHECK_INT(connects[i].closed, 1);
		stand_close(&stand);
	}
	pull();
	connects[LINKS].on_done = free_all_on_closed;
	stand_run(&stand, SHORT);
	CHECK_INT(connects[LINKS].done, 1);
	CHECK_INT(stand.gone, 0);
	stand_close(&stand);
	pull();
	stand.on_ended = free_all_on_event;
	stand_run(&stand, SHORT);
	CHECK_INT(stand.ended, 1);
	CHECK_INT(stand.gone, 0);
	stand_close(&stand);
	pull();
	stand.on_gone = free_all_on_event;
	stand_run(&stand, SHORT);
	CHECK_INT(stand.gone, 1);
	stand_close(&stand);
}

static void freed_by_done(void)
{
	memset(connects, 0, sizeof(connects));
	stand_open(&stand);
	connects[0].on_done = free_all_on_closed;
	CHECK_INT(stand_connect(&stand, &connects[0]), 0);
	stand_run(&stand, SHORT);
	CHECK_INT(connects[0].done, 1);
	CHECK(!stand.adapter);
	stand_close(&stand);
}

/* Freed at any moment, with everything under way */
static void freed_at_each_step(void)
{
	for (int steps = 0; steps < 30; steps++) {
		open_links(1);
		stand.dials[1] = steps % 3;
		CHECK_INT(stand_scan(&stand, false), 0);
		CHECK_INT(stand_connect(&stand, &connects[1]), 0);
		CHECK_INT(stand_connect(&stand, &connects[2]), 0);
		for (int i = 0; i < steps; i++)
			ble_loop_dispatch(stand.loop, 0);
		close_links();
	}
}

/* -- Memory ------------------------------------------------------------------------------- */

static int scenario(void *user)
{
	struct stand_connect *connect = &connects[0];
	int error = stand_try_open(&stand);

	(void)user;
	memset(connects, 0, sizeof(connects));
	if (error)
		return error;
	error = stand_scan(&stand, false);
	if (!error)
		error = stand_connect(&stand, connect);
	if (!error)
		stand_run(&stand, 200);
	if (!error)
		error = connect->error;
	if (!error) {
		CHECK_INT(connect->done, 1);
		CHECK(stand.scanning);
	}
	close_links();
	return error;
}

static void memory_fails(void)
{
	CHECK(fail_each(scenario, NULL) >= 5);
}

const struct test_case hci_ends_cases[] = {
	TEST(several_links), TEST(reason_of_the_end), TEST(unanswered),
	TEST(freed_when_closed), TEST(empty_packet), TEST(long_packet),
	TEST(no_allocation), TEST(pulled), TEST(pulled_after_power), TEST(index_added),
	TEST(raw_socket_ends), TEST(pulled_and_freed), TEST(freed_by_done),
	TEST(freed_at_each_step), TEST(memory_fails), { 0 },
};
