/* SPDX-License-Identifier: MIT */
/* Several connects at once, and other programs that connect. */
#define _GNU_SOURCE /* for hci.h */
#include <bluetooth/bluetooth.h>
#include <bluetooth/l2cap.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "tests/hci_fixture.h"

enum { SHORT = 50, HANGS = 1, SEVERAL = 8 };

static struct hci_fixture fixture;
static struct fixture_connect connects[SEVERAL];

static void begin(size_t count)
{
	memset(connects, 0, sizeof(connects));
	fixture_open(&fixture);
	for (size_t i = 0; i < count; i++)
		connects[i].peer = (uint8_t)i;
}

static void start(size_t count)
{
	for (size_t i = 0; i < count; i++)
		CHECK_INT(fixture_connect(&fixture, &connects[i]), 0);
}

static void end(size_t count)
{
	for (size_t i = 0; i < count; i++) {
		fixture_cancel(&connects[i]);
		att_free(connects[i].att);
	}
	fixture_close(&fixture);
}

/* The kernel scans for a peer that is absent. */
static void kernel_scans(void)
{
	fixture_command(&fixture, RAW_SCAN_ENABLE, "\1\1", 2);
}

/* -- Side by side --------------------------------------------------------------------- */

static void absent_peer(void)
{
	begin(SEVERAL);
	fixture.attempts[0] = HANGS;
	start(SEVERAL);
	fixture_run(&fixture, SHORT);
	CHECK_INT(connects[0].done, 0);
	for (size_t i = 1; i < SEVERAL; i++) {
		CHECK_INT(connects[i].done, 1);
		CHECK_INT(connects[i].error, 0);
	}
	kernel_scans();
	fixture_run(&fixture, 600000);
	CHECK_INT(connects[0].done, 0);
	CHECK_INT(fixture.next_attempt, SEVERAL);
	fixture_connected(&fixture, 0);
	fixture_run(&fixture, SHORT);
	CHECK_INT(connects[0].done, 1);
	CHECK_INT(connects[0].error, 0);
	end(SEVERAL);
}

/* All share one set-up and one Stop Discovery. */
static void shared_steps(void)
{
	begin(3);
	start(3);
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "info stop0 connect connect connect");
	end(3);
}

static void cancelled_among_others(void)
{
	begin(3);
	for (size_t i = 0; i < 3; i++)
		fixture.attempts[i] = HANGS;
	start(3);
	fixture_cancel(&connects[1]); /* before its first step ended */
	fixture_run(&fixture, SHORT);
	CHECK_INT(fixture.next_attempt, 2);
	kernel_scans();
	fixture_cancel(&connects[0]);
	fixture_cancel(&connects[0]); /* allowed where it is not under way */
	fixture_connected(&fixture, 1);
	fixture_run(&fixture, SHORT);
	CHECK_INT(connects[0].done + connects[1].done, 0);
	CHECK_INT(connects[2].done, 1);
	CHECK_INT(connects[2].error, 0);
	end(3);
}

static void on_done_cancel_rest(struct fixture_connect *connect)
{
	(void)connect;
	for (size_t i = 1; i < SEVERAL; i++)
		fixture_cancel(&connects[i]);
}

static void cancelled_by_a_callback(void)
{
	begin(SEVERAL);
	connects[0].on_done = on_done_cancel_rest;
	start(SEVERAL);
	fixture_run(&fixture, SHORT);
	CHECK_INT(connects[0].done, 1);
	for (size_t i = 1; i < SEVERAL; i++)
		CHECK_INT(connects[i].done, 0);
	end(SEVERAL);
}

static void on_done_free_adapter(struct fixture_connect *connect)
{
	fixture_cancel(&connects[1]);
	att_free(connect->att);
	connect->att = NULL;
	fixture_free_adapter(&fixture);
}

static void freed_by_a_callback(void)
{
	begin(2);
	fixture.attempts[1] = HANGS;
	connects[0].on_done = on_done_free_adapter;
	start(2);
	fixture_run(&fixture, SHORT);
	CHECK_INT(connects[0].done, 1);
	fixture_close(&fixture);
}

/* Handles and parameters of connections that are made at the same time. */
static void parameters_of_each(void)
{
	static const struct { uint16_t handle, interval; } links[2] = { { 0x40, 24 }, { 0x41, 80 } };

	begin(2);
	fixture.attempts[0] = fixture.attempts[1] = HANGS;
	start(2);
	fixture_run(&fixture, SHORT);
	for (size_t i = 0; i < 2; i++) {
		uint8_t event[19] = { RAW_LE_CONNECTION };

		put_le16(event + 2, links[i].handle);
		event[5] = connects[i].op.address.type;
		memcpy(event + 6, connects[i].op.address.octet, 6);
		put_le16(event + 12, links[i].interval);
		fixture_event(&fixture, RAW_LE_META, event, sizeof(event));
	}
	fixture_connected(&fixture, 1);
	fixture_connected(&fixture, 0);
	fixture_run(&fixture, SHORT);
	for (size_t i = 0; i < 2; i++) {
		REQUIRE(connects[i].att != NULL);
		CHECK_INT(connects[i].att->link.interval, links[i].interval);
	}
	end(2);
}

/* A connect is pending, and the kernel makes a connection. */
static void begin_initiating(void)
{
	static const uint8_t create[25];

	begin(1);
	fixture.attempts[0] = HANGS;
	start(1);
	fixture_run(&fixture, SHORT);
	kernel_scans();
	fixture_command(&fixture, RAW_CREATE, create, sizeof(create));
	fixture_run(&fixture, SHORT);
}

/* Some controllers refuse to scan while they make a connection: the scan starts later. */
static void scan_refused_meanwhile(void)
{
	begin_initiating();
	fixture_answer(fixture.answers, RAW_SCAN_ENABLE, RAW_DISALLOWED, 6);
	fixture_answer(fixture.answers, RAW_EXT_SCAN_ENABLE, RAW_DISALLOWED, 6);
	fixture_log(&fixture);
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, 4000);
	CHECK_STR(fixture_log(&fixture), ""); /* it waits for the connection */
	fixture_run(&fixture, 5000);
	CHECK(fixture.scanning);
	CHECK_INT(fixture.ended, 0);
	CHECK(fixture.adapter->scan_paused > 0);
	fixture.adapter->class->scan_stop(fixture.adapter);
	end(1);
}

/* The connection that the kernel makes is cancelled with the connect: a scan need not wait. */
static void scan_after_a_cancel(void)
{
	begin_initiating();
	fixture_cancel(&connects[0]);
	fixture_answer(fixture.answers, RAW_SCAN_ENABLE, RAW_DISALLOWED, 4);
	fixture_answer(fixture.answers, RAW_EXT_SCAN_ENABLE, RAW_DISALLOWED, 4);
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, 1500);
	CHECK(fixture.scanning);
	CHECK_INT(fixture.ended, 0);
	fixture.adapter->class->scan_stop(fixture.adapter);
	end(1);
}

/* The kernel's own scan for absent peers replaces ours again and again. */
static void scan_goes_on_for_long(void)
{
	static const uint8_t params[7] = { 0, 96, 0, 48, 0, 0, 1 };

	begin(1);
	fixture.attempts[0] = HANGS;
	start(1);
	fixture_run(&fixture, SHORT);
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, SHORT);
	for (int round = 0; round < 20; round++) {
		fixture_command(&fixture, RAW_SCAN_ENABLE, "\0\0", 2);
		fixture_command(&fixture, RAW_SCAN_PARAMS, params, sizeof(params));
		fixture_command(&fixture, RAW_SCAN_ENABLE, "\1\1", 2);
		fixture_run(&fixture, 5000);
		CHECK_INT(fixture.adapter->scan_paused_since, 0);
	}
	CHECK(fixture.adapter->scan_paused < 20 * 300 * UINT64_C(1000000));
	fixture.adapter->class->scan_stop(fixture.adapter);
	end(1);
}

static void cancel_first(struct hci_fixture *it)
{
	(void)it;
	fixture_cancel(&connects[0]);
}

static void free_adapter(struct hci_fixture *it)
{
	fixture_cancel(&connects[0]);
	fixture_free_adapter(it);
}

/* A report arrives together with the end of the attempt. */
static void freed_in_a_report(void)
{
	void (*const ends[])(struct hci_fixture *it) = { cancel_first, free_adapter };

	for (size_t i = 0; i < 2; i++) {
		begin(1);
		fixture.attempts[0] = HANGS;
		start(1);
		fixture_run(&fixture, SHORT);
		CHECK_INT(fixture_scan(&fixture, true), 0);
		fixture_run(&fixture, SHORT);
		fixture.on_report = ends[i];
		fixture_connected(&fixture, 0);
		fixture_report(&fixture);
		fixture_run(&fixture, SHORT);
		CHECK_INT(connects[0].done, 0);
		fixture_close(&fixture);
	}
}

/* -- The adapter goes, or is reset ----------------------------------------------------- */

/* Another program connects while we only scan. */
static void freed_while_others_connect(void)
{
	static const uint8_t create[25];

	begin(0);
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, SHORT);
	fixture_command(&fixture, RAW_CREATE, create, sizeof(create));
	fixture_run(&fixture, SHORT);
	fixture_free_adapter(&fixture);
	fixture_run(&fixture, 5000);
	fixture_close(&fixture);
}

static void pulled(void)
{
	begin(3);
	fixture.attempts[0] = fixture.attempts[1] = HANGS;
	start(3);
	fixture_run(&fixture, SHORT);
	kernel_scans();
	fixture_mgmt_event(&fixture, MGMT_INDEX_REMOVED, 0, NULL, 0);
	fixture_run(&fixture, SHORT);
	for (size_t i = 0; i < 2; i++) {
		CHECK_INT(connects[i].done, 1);
		CHECK_INT(connects[i].error, -ENODEV);
		CHECK(strstr(connects[i].text, "pulled"));
	}
	CHECK_INT(connects[2].closed, 1);
	CHECK_INT(fixture.gone, 1);
	end(3);
}

/* -- Others ------------------------------------------------------------------------------- */

/* The names are the linker's. */
int __real_getpeername(int fd, struct sockaddr *address, socklen_t *len);
int __wrap_getpeername(int fd, struct sockaddr *address, socklen_t *len);

static const struct ble_address *own; /* of a link that this process has by other means */
static int own_fd = -1;

int __wrap_getpeername(int fd, struct sockaddr *address, socklen_t *len)
{
	struct sockaddr_l2 to = { .l2_family = AF_BLUETOOTH };

	if (!own || fd != own_fd)
		return __real_getpeername(fd, address, len);
	put_le16((uint8_t *)&to.l2_cid, 4);
	memcpy(&to.l2_bdaddr, own->octet, sizeof(own->octet));
	to.l2_bdaddr_type = own->type == BLE_ADDRESS_RANDOM ? BDADDR_LE_RANDOM : BDADDR_LE_PUBLIC;
	memcpy(address, &to, sizeof(to));
	*len = sizeof(to);
	return 0;
}

/* Another adapter object of this program has the channel: to this peer, to another one, or
 * to one with these octets and the other type, as while both types are tried. */
static void taken_by_us(void)
{
	struct ble_address to;

	for (int other = 0; other < 3; other++) {
		begin(2);
		fixture.taken = true;
		fixture.attempts[0] = -EBUSY;
		start(2);
		to = connects[other == 1].op.address;
		if (other == 2)
			to.type = to.type == BLE_ADDRESS_PUBLIC ? BLE_ADDRESS_RANDOM
								: BLE_ADDRESS_PUBLIC;
		own = &to;
		own_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		fixture_run(&fixture, SHORT);
		own = NULL;
		close(own_fd);
		CHECK_INT(connects[0].error, -EBUSY);
		CHECK(strstr(connects[0].text, other ? "another program" :
						       "another open of the adapter"));
		end(2);
	}
}

static void taken(void)
{
	begin(2);
	fixture.taken = true;
	fixture.attempts[0] = -EBUSY;
	start(2);
	fixture_run(&fixture, SHORT);
	CHECK_INT(connects[0].done, 1); /* at once */
	CHECK_INT(connects[0].error, -EBUSY);
	CHECK(strstr(connects[0].text, "another program"));
	CHECK_INT(connects[1].done, 1);
	CHECK_INT(connects[1].error, 0);
	end(2);
}

/* The kernel refuses a second connect while one is pending. The absent peer's yields. */
static void turns(void)
{
	begin(3);
	fixture.one_at_a_time = true;
	fixture.attempts[0] = HANGS;
	start(3);
	fixture_run(&fixture, SHORT);
	kernel_scans();
	fixture_run(&fixture, 3900);
	CHECK_INT(fixture.next_attempt, 1);
	fixture.attempts[3] = HANGS;
	fixture_run(&fixture, 1000);
	kernel_scans();
	fixture_run(&fixture, 1000);
	CHECK_INT(connects[0].done, 0);
	CHECK_INT(connects[1].done, 1);
	CHECK_INT(connects[2].done, 1);
	CHECK_INT(fixture.next_attempt, 4);
	end(3);
}

/* Two that are absent take turns for ever, and a third is connected meanwhile. */
static void turns_of_absent_peers(void)
{
	begin(3);
	fixture.one_at_a_time = true;
	for (size_t i = 0; i < FIXTURE_ATTEMPTS; i++)
		fixture.attempts[i] = HANGS;
	start(2);
	fixture_run(&fixture, 12000);
	CHECK(fixture.next_attempt >= 3 && fixture.next_attempt <= 12);
	CHECK_INT(fixture_connect(&fixture, &connects[2]), 0);
	for (int i = 0; i < 20 && !connects[2].done; i++) {
		for (size_t k = 0; k < fixture.next_attempt; k++)
			if (fixture.peers[k] >= 0 && fixture.addresses[k] == connects[2].op.address.octet[5])
				fixture_connected(&fixture, k);
		kernel_scans();
		fixture_run(&fixture, 1000);
	}
	CHECK_INT(connects[0].done + connects[1].done, 0);
	CHECK_INT(connects[2].done, 1);
	CHECK_INT(connects[2].error, 0);
	end(3);
}

/* Another program connects to the same peer: nobody else has to yield. */
static void busy_with_the_same_peer(void)
{
	begin(2);
	fixture.attempts[0] = HANGS;
	CHECK_INT(fixture_connect(&fixture, &connects[0]), 0);
	fixture_run(&fixture, SHORT);
	kernel_scans();
	fixture_run(&fixture, 5000);
	fixture.connecting = true;
	for (size_t i = 1; i < 8; i++)
		fixture.attempts[i] = -EBUSY;
	CHECK_INT(fixture_connect(&fixture, &connects[1]), 0);
	fixture_run(&fixture, 5000);
	CHECK_INT(connects[1].done, 1);
	CHECK_INT(connects[1].error, 0);
	CHECK_INT(fixture.next_attempt, 9);
	CHECK(attempt_pending(fixture_attempt(&fixture), 9000));
	end(2);
}

/* A peer that advertises but does not answer keeps the kernel from connecting to others. */
static void unanswering_peer(void)
{
	for (int extended = 0; extended < 2; extended++) {
		uint8_t create[25] = { 0 };
		size_t at = extended ? 2 : 5;

		begin(2);
		fixture.attempts[0] = fixture.attempts[1] = fixture.attempts[2] = HANGS;
		start(2);
		fixture_run(&fixture, SHORT);
		kernel_scans();
		create[at] = connects[0].op.address.type;
		memcpy(create + at + 1, connects[0].op.address.octet, 6);
		fixture_command(&fixture, extended ? RAW_EXT_CREATE : RAW_CREATE, create,
				sizeof(create));
		fixture_run(&fixture, 3900);
		CHECK_INT(connects[0].op.repeats, 0);
		fixture_run(&fixture, 250);
		CHECK_INT(connects[0].op.repeats, 1);
		CHECK_INT(connects[0].op.failure, -ETIMEDOUT);
		CHECK_INT(fixture.next_attempt, 2); /* others are heard first */
		fixture_run(&fixture, 2000);
		CHECK_INT(fixture.next_attempt, 3); /* it tries again */
		CHECK_INT(connects[0].done + connects[1].done, 0);
		end(2);
	}
}

/* The kernel's own time limit, some 40 s, is not the caller's. */
static void kernel_gives_up(void)
{
	struct attempt *attempt;

	begin(1);
	fixture.attempts[0] = HANGS;
	start(1);
	fixture_run(&fixture, SHORT);
	kernel_scans();
	fixture_run(&fixture, 40000);
	attempt = fixture_attempt(&fixture);
	CHECK_INT(connect_retry_after(attempt, -ECONNREFUSED), RETRY_UNHEARD);
	CHECK_INT(fixture_scan(&fixture, true), 0); /* and after a short scan, too */
	fixture_run(&fixture, SHORT);
	fixture.adapter->class->scan_stop(fixture.adapter);
	fixture_run(&fixture, SHORT);
	CHECK_INT(connect_retry_after(attempt, -ECONNREFUSED), RETRY_UNHEARD);
	attempt->reason = 0x0d; /* refused by the peer */
	CHECK_INT(connect_retry_after(attempt, -ECONNREFUSED), RETRY_NEVER);
	attempt->reason = 0x3e;
	CHECK_INT(connect_retry_after(attempt, -ENOSYS), RETRY_SOON);
	attempt->reason = 0x22;
	CHECK_INT(connect_retry_after(attempt, -ENOSYS), RETRY_SOON);
	end(1);
}

const struct test_case hci_several_cases[] = {
	TEST(absent_peer), TEST(shared_steps), TEST(cancelled_among_others),
	TEST(cancelled_by_a_callback), TEST(freed_by_a_callback), TEST(parameters_of_each),
	TEST(scan_goes_on_for_long), TEST(freed_in_a_report),
	TEST(freed_while_others_connect), TEST(busy_with_the_same_peer),
	TEST(scan_refused_meanwhile), TEST(scan_after_a_cancel),
	TEST(pulled), TEST(taken_by_us), TEST(taken), TEST(turns), TEST(turns_of_absent_peers),
	TEST(unanswering_peer),
	TEST(kernel_gives_up), { 0 },
};
