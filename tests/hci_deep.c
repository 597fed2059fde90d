/* SPDX-License-Identifier: MIT */
/*
 * Receive queues that are 10,000 packets deep, one kind of socket at a time: all of it arrives in
 * order, and the other sockets and the timers have their turns meanwhile.
 */
#define _GNU_SOURCE /* for hci.h */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "tests/hci_fixture.h"

enum {
	DEEP = 10000,
	SOON = 100,  /* dispatches until the others had their turns; the deep one takes many more */
	SHORT = 50,
	PACKET_MAX = 64,
};

/* A socket's far end. Only root may make its room so large that all packets wait before the first
 * dispatch. For others it is filled up again before each dispatch: who reads never finds it empty
 * before all were sent, either. */
struct queue {
	int fd;
	uint32_t sent;
	size_t (*packet)(uint8_t packet[PACKET_MAX], uint32_t number);
};

static struct hci_fixture fixture;
static struct fixture_connect connects[2]; /* 1 is the other one */
static struct queue queue;
static struct loop_timer timer;
static uint32_t received, misplaced;
static uint32_t received_at; /* how many had been received when the last of the others had its turn */
static unsigned int dispatches, other_at, report_at, timer_at;

/* -- What arrives --------------------------------------------------------------------- */

static void count_number(uint32_t number)
{
	misplaced += number != received++;
}

static void note_turn(unsigned int *at)
{
	*at = dispatches;
	received_at = received;
}

static void on_value(void *user, uint16_t handle, struct ble_bytes value)
{
	CHECK_INT(handle, 3);
	CHECK_INT(value.len, 4);
	if (user == &connects[1])
		note_turn(&other_at);
	else
		count_number(get_le32(value.data));
}

static void on_numbered_report(void *user, const struct ble_advertisement *report)
{
	(void)user;
	if (report->data.len != 4)
		note_turn(&report_at);
	else
		count_number(get_le32(report->data.data));
}

static void on_timer(struct loop_timer *fired)
{
	(void)fired;
	note_turn(&timer_at);
}

/* -- What waits ----------------------------------------------------------------------- */

static size_t notification(uint8_t packet[PACKET_MAX], uint32_t number)
{
	packet[0] = 0x1b;
	put_le16(packet + 1, 3);
	put_le32(packet + 3, number);
	return 7;
}

static size_t report(uint8_t packet[PACKET_MAX], uint32_t number)
{
	static const uint8_t head[] = { 4, 0x3e, 16, 2, 1, 0, 1, 6, 5, 4, 3, 2, 1, 4 };

	memcpy(packet, head, sizeof(head));
	put_le32(packet + sizeof(head), number);
	packet[sizeof(head) + 4] = 0xc4;
	return sizeof(head) + 5;
}

/* New Settings: nothing changes before the last one, with which it is switched off. */
static size_t settings(uint8_t packet[PACKET_MAX], uint32_t number)
{
	put_le16(packet, MGMT_NEW_SETTINGS);
	put_le16(packet + 2, 0);
	put_le16(packet + 4, 4);
	put_le32(packet + 6, number == DEEP - 1 ? MGMT_LE : MGMT_LE | MGMT_POWERED);
	return 10;
}

static void fill(void)
{
	uint8_t packet[PACKET_MAX];

	while (queue.sent < DEEP) {
		size_t len = queue.packet(packet, queue.sent);

		if (send(queue.fd, packet, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
			REQUIRE(errno == EAGAIN);
			return;
		}
		queue.sent++;
	}
}

static void make_deep(int fd, size_t (*packet)(uint8_t packet[PACKET_MAX], uint32_t number))
{
	int room = 64 * 1024 * 1024;

	queue = (struct queue){ .fd = fd, .packet = packet };
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	fill();
}

static bool dispatch(void)
{
	fill();
	return ++dispatches < 4 * DEEP && ble_loop_dispatch(fixture.loop, 0) == 0;
}

/* -- The cases ------------------------------------------------------------------------ */

static void begin(void)
{
	static struct att_events link_events;
	static struct adapter_events adapter_events;

	memset(connects, 0, sizeof(connects));
	received = misplaced = received_at = 0;
	dispatches = other_at = report_at = timer_at = 0;
	fixture_open(&fixture);
	for (size_t i = 0; i < 2; i++) {
		connects[i].peer = (uint8_t)i;
		CHECK_INT(fixture_connect(&fixture, &connects[i]), 0);
	}
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, SHORT);
	REQUIRE(connects[0].att && connects[1].att && fixture.scanning);
	link_events = *connects[0].att->events;
	link_events.value = on_value;
	connects[0].att->events = connects[1].att->events = &link_events;
	adapter_events = *fixture.adapter->events;
	adapter_events.report = on_numbered_report;
	fixture.adapter->events = &adapter_events;
}

static void end(void)
{
	loop_timer_stop(&timer);
	for (size_t i = 0; i < 2; i++)
		att_free(connects[i].att);
	fixture_close(&fixture);
}

/* Behind the deep queue in time: one value of the other link, and a timer. */
static void begin_others(void)
{
	uint8_t packet[PACKET_MAX];
	size_t len = notification(packet, 0);

	REQUIRE(send(fixture.peers[1], packet, len, MSG_NOSIGNAL) == (ssize_t)len);
	timer = (struct loop_timer){ .fire = on_timer };
	loop_timer_in(fixture.loop, &timer, 0);
}

static void others_had_their_turns(void)
{
	CHECK(other_at && other_at < SOON);
	CHECK(timer_at && timer_at < SOON);
	CHECK(received_at < DEEP / 10);
}

static void values_wait(void)
{
	begin();
	make_deep(fixture.peers[0], notification);
	begin_others();
	fixture_report(&fixture);
	while (received < DEEP && dispatch())
		;
	CHECK_INT(received, DEEP);
	CHECK_INT(misplaced, 0);
	others_had_their_turns();
	CHECK(report_at && report_at < SOON);
	end();
}

static void reports_wait(void)
{
	begin();
	make_deep(fixture.raw.fd, report);
	begin_others();
	while (received < DEEP && dispatch())
		;
	CHECK_INT(received, DEEP);
	CHECK_INT(misplaced, 0);
	others_had_their_turns();
	end();
}

static void settings_wait(void)
{
	begin();
	make_deep(fixture.mgmt.fd, settings);
	begin_others();
	fixture_report(&fixture);
	REQUIRE(fixture.adapter->info.powered);
	while (fixture.adapter->info.powered && dispatch())
		;
	CHECK_INT(queue.sent, DEEP);
	fixture.settings = MGMT_LE;
	fixture_run(&fixture, 2000);
	CHECK_INT(fixture.ended, 1);
	CHECK_INT(fixture.ended_error, -ENETDOWN);
	others_had_their_turns();
	CHECK(report_at && report_at < SOON);
	/* a message each */
	CHECK(dispatches >= DEEP);
	end();
}

const struct test_case hci_deep_cases[] = {
	TEST(values_wait), TEST(reports_wait), TEST(settings_wait), { 0 },
};
