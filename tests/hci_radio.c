/* SPDX-License-Identifier: MIT */
/* Connection parameters and signal strength of links: read, requested, refused, and
 * link operations whose link ends. */
#define _GNU_SOURCE /* for hci.h */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/hci_fixture.h"

enum { SHORT = 50, HANDLE = 0x40 };

static const struct link_params requested = { 6, 12, 0, 500 };
static const struct att_link other = { 80, 2, 600 };

static struct hci_fixture fixture;

/* A link operation. */
struct question {
	struct link_op op;
	struct att **frees;    /* freed in done */
	struct question *also; /* freed with it */
	unsigned int done, order;
	int error;
	int8_t rssi;
	char text[300];
};

static unsigned int answers;

static void on_answer(struct link_op *op, int error, int8_t rssi)
{
	struct question *q = container_of(op, struct question, op);

	q->done++;
	q->order = ++answers;
	q->error = error;
	q->rssi = rssi;
	if (error)
		snprintf(q->text, sizeof(q->text), "%s", ble_error_text(fixture.loop, error));
	if (!q->frees)
		return;
	att_free(*q->frees);
	*q->frees = NULL;
	free(q->also);
	q->also = NULL;
}

static int ask_rssi(struct fixture_connect *connect, struct question *q)
{
	q->op.done = on_answer;
	return connect->att->class->rssi(connect->att, &q->op);
}

static int ask_update(struct fixture_connect *connect, struct question *q)
{
	q->op.done = on_answer;
	q->op.requested_params = requested;
	return connect->att->class->update(connect->att, &q->op);
}

static void cancel(struct fixture_connect *connect, struct question *q)
{
	connect->att->class->cancel_link(connect->att, &q->op);
}

static void check_link(const struct fixture_connect *connect, unsigned int interval,
		       unsigned int latency, unsigned int timeout)
{
	const struct att_link *link = &connect->att->link;

	CHECK_INT(link->interval, interval);
	CHECK_INT(link->latency, latency);
	CHECK_INT(link->timeout, timeout);
}

static void begin(void)
{
	answers = 0;
	fixture_open(&fixture);
	fixture.handle = HANDLE;
}

static void open_link(struct fixture_connect *connect)
{
	*connect = (struct fixture_connect){ 0 };
	CHECK_INT(fixture_connect(&fixture, connect), 0);
	fixture_run(&fixture, SHORT);
	CHECK_INT(connect->error, 0);
	REQUIRE(connect->att != NULL);
	fixture_log(&fixture);
}

static void end(struct fixture_connect *connect)
{
	att_free(connect->att);
	fixture_close(&fixture);
}

/* -- In force ------------------------------------------------------------------------- */

static void known_from_the_start(void)
{
	for (int enhanced = 0; enhanced < 2; enhanced++) {
		struct fixture_connect connect;

		begin();
		fixture.enhanced = enhanced;
		open_link(&connect);
		check_link(&connect, 40, 0, 42);
		end(&connect);
	}
}

/* A link that was up before, and a program without CAP_NET_RAW. */
static void not_known(void)
{
	static const uint8_t cut[18] = { RAW_LE_CONNECTION, 0, HANDLE };
	struct fixture_connect connect, again;

	begin();
	open_link(&connect);
	fixture.handle = 0;
	open_link(&again);
	CHECK_INT(again.att->link.interval, 0);
	fixture_event(&fixture, RAW_LE_META, cut, 17);
	fixture_event(&fixture, RAW_LE_META, cut, 1);
	fixture_run(&fixture, SHORT);
	att_free(again.att);
	end(&connect);
}

static void changed_by_the_peer(void)
{
	static const uint8_t cut[] = { RAW_LE_UPDATED, 0, HANDLE, 0, 80, 0, 2, 0, 88 };
	struct fixture_connect connect;

	begin();
	open_link(&connect);
	fixture_event(&fixture, RAW_LE_META, cut, sizeof(cut));
	fixture_updated(&fixture, HANDLE + 1, 0, &other);
	fixture_updated(&fixture, HANDLE, 0x3b, &other);
	fixture_run(&fixture, SHORT);
	check_link(&connect, 40, 0, 42);
	fixture_updated(&fixture, HANDLE, 0, &other);
	fixture_run(&fixture, SHORT);
	check_link(&connect, 80, 2, 600);
	end(&connect);
}

/* The raw socket listens while there is a listener. */
static void listens(void)
{
	struct fixture_connect connect;
	struct question q = { 0 };

	begin();
	CHECK(!fixture.hci->raw.listeners);
	open_link(&connect);
	CHECK(fixture.hci->raw.listeners);
	CHECK_INT(fixture_scan(&fixture, true), 0);
	fixture_run(&fixture, SHORT);
	att_free(connect.att);
	CHECK(fixture.hci->raw.listeners);
	fixture.adapter->class->scan_stop(fixture.adapter);
	fixture_run(&fixture, SHORT);
	CHECK(!fixture.hci->raw.listeners);
	open_link(&connect);
	att_free(connect.att);
	CHECK(!fixture.hci->raw.listeners);
	fixture.hci->raw.privileged = false;
	open_link(&connect);
	CHECK(!fixture.hci->raw.listeners);
	CHECK_INT(ask_rssi(&connect, &q), 0);
	CHECK(fixture.hci->raw.listeners);
	fixture_run(&fixture, SHORT);
	CHECK(!fixture.hci->raw.listeners);
	end(&connect);
}

/* -- Signal strength -------------------------------------------------------------------- */

/* Without capabilities, too. */
static void rssi(void)
{
	for (int privileged = 0; privileged < 2; privileged++) {
		struct question first = { 0 }, second = { 0 };
		struct fixture_connect connect;

		begin();
		open_link(&connect);
		fixture.hci->raw.privileged = privileged;
		CHECK_INT(ask_rssi(&connect, &first), 0);
		CHECK_INT(ask_rssi(&connect, &second), 0);
		CHECK_INT(first.done, 0);
		fixture_run(&fixture, SHORT);
		CHECK_STR(fixture_log(&fixture), "rssi(64)"); /* one command for both */
		CHECK_INT(first.done + second.done, 2);
		CHECK_INT(first.error, 0);
		CHECK_INT(first.rssi, -61);
		CHECK_INT(second.rssi, -61);
		CHECK_INT(ask_rssi(&connect, &first), 0);
		fixture_run(&fixture, SHORT);
		CHECK_STR(fixture_log(&fixture), "rssi(64)");
		CHECK_INT(first.done, 2);
		end(&connect);
	}
}

static void rssi_of_two_links(void)
{
	static const uint8_t lie[] = { 1, 0x05, 0x14, 0, HANDLE }, short_lie[] = { 1, 0x05, 0x14 };
	struct fixture_connect a, b;
	struct question qa = { 0 }, qb = { 0 };

	begin();
	open_link(&a);
	fixture.handle = HANDLE + 1;
	open_link(&b);
	fixture.mute = true;
	CHECK_INT(ask_rssi(&a, &qa), 0);
	CHECK_INT(ask_rssi(&b, &qb), 0);
	fixture_run(&fixture, SHORT);
	fixture_event(&fixture, 0x0e, short_lie, sizeof(short_lie)); /* of no link */
	fixture_event(&fixture, 0x0e, "\1\5\24\0\101\0\304", 7);     /* b's */
	fixture_run(&fixture, SHORT);
	CHECK_INT(qa.done, 0);
	CHECK_INT(qb.done, 1);
	CHECK_INT(qb.rssi, -60);
	fixture_event(&fixture, 0x0e, lie, sizeof(lie)); /* cut off in its handle */
	fixture_run(&fixture, SHORT);
	CHECK_INT(qa.done, 1);
	CHECK_INT(qa.error, -EBADMSG);
	att_free(b.att);
	end(&a);
}

static void rssi_refused(void)
{
	static const struct {
		uint8_t status;
		bool bare;
		int error;
		const char *text;
	} rows[] = {
		{ 0x02, false, -ENOTCONN, "(0x02)" },
		{ 0x01, true, -EBADRQC, "refused the link's signal strength" },
		{ 0x0c, false, -EBUSY, "(0x0c)" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct question q = { 0 };
		struct fixture_connect connect;

		begin();
		open_link(&connect);
		fixture.bare = rows[i].bare;
		fixture_answer(fixture.answers, RAW_READ_RSSI, rows[i].status, 1);
		CHECK_INT(ask_rssi(&connect, &q), 0);
		fixture_run(&fixture, SHORT);
		CHECK_INT(q.done, 1);
		CHECK_INT(q.error, rows[i].error);
		CHECK(strstr(q.text, rows[i].text));
		end(&connect);
	}
}

static void rssi_silence(void)
{
	struct fixture_connect connect;
	struct question q = { 0 };

	begin();
	open_link(&connect);
	fixture.mute = true;
	CHECK_INT(ask_rssi(&connect, &q), 0);
	fixture_run(&fixture, 1900);
	CHECK_INT(q.done, 0);
	fixture_run(&fixture, 200);
	CHECK_INT(q.done, 1);
	CHECK_INT(q.error, -ETIMEDOUT);
	CHECK(strstr(q.text, "did not answer"));
	end(&connect);
}

static void without_a_handle(void)
{
	struct fixture_connect connect;
	struct question q = { 0 };

	begin();
	fixture.handle = 0;
	open_link(&connect);
	CHECK_INT(ask_rssi(&connect, &q), -EOPNOTSUPP);
	CHECK_INT(ask_update(&connect, &q), -EOPNOTSUPP);
	end(&connect);
}

/* -- Parameters ------------------------------------------------------------------------- */

static void update(void)
{
	struct fixture_connect connect;
	struct question q = { 0 }, more = { 0 };

	begin();
	open_link(&connect);
	CHECK_INT(ask_update(&connect, &q), 0);
	CHECK_INT(ask_update(&connect, &more), -EALREADY);
	CHECK_INT(q.done, 0);
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "update(64:6-12,0,500)");
	CHECK_INT(q.done, 1);
	CHECK_INT(q.error, 0);
	check_link(&connect, 12, 0, 500);
	CHECK_INT(ask_update(&connect, &more), 0);
	fixture_run(&fixture, SHORT);
	CHECK_INT(more.done, 1);
	end(&connect);
}

static void update_refused(void)
{
	struct fixture_connect connect;
	struct question q = { 0 };

	begin();
	open_link(&connect);
	fixture_answer(fixture.answers, RAW_LE_UPDATE, 0x12, 1);
	CHECK_INT(ask_update(&connect, &q), 0);
	fixture_run(&fixture, SHORT);
	CHECK_INT(q.error, -EINVAL);
	CHECK(strstr(q.text, "(0x12)"));
	fixture.slow = true; /* the peer's refusal */
	CHECK_INT(ask_update(&connect, &q), 0);
	fixture_run(&fixture, SHORT);
	CHECK_INT(q.done, 1);
	fixture_updated(&fixture, HANDLE, 0x1a, &other);
	fixture_run(&fixture, SHORT);
	CHECK_INT(q.done, 2);
	CHECK_INT(q.error, -EPROTONOSUPPORT);
	CHECK(strstr(q.text, "unsupported remote feature (0x1a)"));
	check_link(&connect, 40, 0, 42);
	end(&connect);
}

static void update_without_the_right(void)
{
	struct fixture_connect connect;
	struct question q = { 0 };

	begin();
	open_link(&connect);
	fixture.hci->raw.privileged = false;
	CHECK_INT(ask_update(&connect, &q), -EPERM);
	CHECK(strstr(ble_error_text(fixture.loop, -EPERM), "CAP_NET_RAW"));
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "");
	CHECK_INT(q.done, 0);
	end(&connect);
}

/* Neither Command Status nor LE Connection Update Complete. */
static void update_silence(void)
{
	struct fixture_connect connect;
	struct question q = { 0 };

	begin();
	open_link(&connect);
	fixture.mute = true;
	CHECK_INT(ask_update(&connect, &q), 0);
	fixture_run(&fixture, 2100);
	CHECK_INT(q.done, 1);
	CHECK_INT(q.error, -ETIMEDOUT);
	fixture.mute = false;
	fixture.slow = true;
	CHECK_INT(ask_update(&connect, &q), 0);
	fixture_run(&fixture, 39000);
	CHECK_INT(q.done, 1);
	fixture_run(&fixture, 2000);
	CHECK_INT(q.done, 2);
	CHECK_INT(q.error, -ETIMEDOUT);
	end(&connect);
}

/* The kernel's own update, requested by the peer: Command Status is not for ours. */
static void update_of_others(void)
{
	static const uint8_t refused[] = { 0x0c, 1, 0x13, 0x20 }, nothing[14] = { HANDLE };
	struct fixture_connect connect;
	struct question q = { 0 };
	uint8_t command[4 + sizeof(nothing)] = { 1, 0x13, 0x20, sizeof(nothing) };

	begin();
	open_link(&connect);
	fixture.mute = true;
	CHECK_INT(ask_update(&connect, &q), 0);
	memcpy(command + 4, nothing, sizeof(nothing));
	REQUIRE(write(fixture.raw.fd, command, sizeof(command)) == (ssize_t)sizeof(command));
	fixture_event(&fixture, 0x0f, refused, sizeof(refused));
	fixture_updated(&fixture, HANDLE, 0, &other); /* before our status */
	fixture_run(&fixture, SHORT);
	CHECK_INT(q.done, 0);
	check_link(&connect, 80, 2, 600);
	fixture_event(&fixture, 0x0f, refused, sizeof(refused));
	fixture_run(&fixture, SHORT);
	CHECK_INT(q.done, 1);
	CHECK_INT(q.error, -EBUSY);
	end(&connect);
}

/* Two at once: Command Status comes in the order of the commands, and that of a
 * cancelled one is not taken for another's. */
static void updates_of_two_links(void)
{
	static const uint8_t taken[] = { 0, 1, 0x13, 0x20 }, refused[] = { 0x12, 1, 0x13, 0x20 };
	struct fixture_connect a, b;
	struct question qa = { 0 }, qb = { 0 };

	begin();
	open_link(&a);
	fixture.handle = HANDLE + 1;
	open_link(&b);
	fixture.mute = true;
	CHECK_INT(ask_update(&b, &qb), 0);
	CHECK_INT(ask_update(&a, &qa), 0);
	att_free(b.att);
	fixture_event(&fixture, 0x0f, refused, sizeof(refused));
	fixture_event(&fixture, 0x0f, taken, sizeof(taken));
	fixture_updated(&fixture, HANDLE, 0, &other);
	fixture_run(&fixture, SHORT);
	CHECK_INT(qb.done, 0);
	CHECK_INT(qa.done, 1);
	CHECK_INT(qa.error, 0);
	end(&a);
}

/* -- Ends ------------------------------------------------------------------------------- */

static void cancelled(void)
{
	struct fixture_connect connect;
	struct question one = { 0 }, two = { 0 }, params = { 0 }, again = { 0 };

	begin();
	open_link(&connect);
	fixture.slow = true;
	CHECK_INT(ask_rssi(&connect, &one), 0);
	CHECK_INT(ask_rssi(&connect, &two), 0);
	CHECK_INT(ask_update(&connect, &params), 0);
	cancel(&connect, &one);
	cancel(&connect, &params);
	cancel(&connect, &params);
	fixture_run(&fixture, SHORT);
	CHECK_INT(one.done + params.done, 0);
	CHECK_INT(two.done, 1);
	/* The controller has not finished. */
	CHECK_INT(ask_update(&connect, &again), -EALREADY);
	fixture_updated(&fixture, HANDLE, 0, &other);
	fixture_run(&fixture, SHORT);
	check_link(&connect, 80, 2, 600);
	CHECK_INT(params.done, 0);
	CHECK_INT(ask_update(&connect, &again), 0);
	cancel(&connect, &again);
	end(&connect);
}

static void link_goes(void)
{
	struct fixture_connect connect;
	struct question strength = { 0 }, params = { 0 };

	begin();
	open_link(&connect);
	fixture.mute = true;
	CHECK_INT(ask_rssi(&connect, &strength), 0);
	CHECK_INT(ask_update(&connect, &params), 0);
	close(fixture.peers[0]);
	fixture.peers[0] = -1;
	fixture_run(&fixture, SHORT);
	CHECK_INT(strength.done, 1);
	CHECK_INT(strength.error, -ENOTCONN);
	CHECK_INT(params.done, 1);
	CHECK_INT(params.error, -ENOTCONN);
	CHECK_INT(connect.closed, 1);
	CHECK_INT(ask_rssi(&connect, &strength), -ENOTCONN);
	CHECK_INT(ask_update(&connect, &params), -ENOTCONN);
	fixture_run(&fixture, 45000);
	CHECK_INT(strength.done + params.done, 2);
	end(&connect);
}

/* The transaction timeout of an ATT request ends them, too. */
static void link_times_out(void)
{
	struct fixture_connect connect;
	struct question params = { 0 };

	begin();
	open_link(&connect);
	fixture.slow = true;
	CHECK_INT(ask_update(&connect, &params), 0);
	fixture_request(&connect);
	fixture_run(&fixture, 31000);
	CHECK_INT(connect.closed, 1);
	CHECK_INT(params.done, 1);
	CHECK_INT(params.error, -ENOTCONN);
	end(&connect);
}

static void link_freed(void)
{
	struct fixture_connect connect;
	struct question strength = { 0 }, params = { 0 };

	begin();
	open_link(&connect);
	CHECK_INT(ask_rssi(&connect, &strength), 0);
	CHECK_INT(ask_update(&connect, &params), 0);
	att_free(connect.att);
	connect.att = NULL;
	fixture_run(&fixture, 45000);
	CHECK_INT(strength.done + params.done, 0);
	end(&connect);
}

/* Freed in the callback of the first: the second is not called back. */
static void link_freed_by_an_answer(void)
{
	for (int how = 0; how < 3; how++) {
		struct fixture_connect connect;
		struct question *second = calloc(1, sizeof(*second));
		struct question first = { .frees = &connect.att, .also = second };

		REQUIRE(second != NULL);
		begin();
		open_link(&connect);
		fixture.mute = how == 2;
		if (how == 1) {
			CHECK_INT(ask_update(&connect, &first), 0);
		} else {
			CHECK_INT(ask_rssi(&connect, &first), 0);
			CHECK_INT(ask_rssi(&connect, second), 0);
		}
		if (how == 2) { /* the link's end is the answer */
			close(fixture.peers[0]);
			fixture.peers[0] = -1;
		}
		fixture_run(&fixture, SHORT);
		CHECK_INT(first.done, 1);
		CHECK_INT(answers, 1);
		CHECK(!connect.att);
		CHECK_INT(connect.closed, 0);
		end(&connect);
	}
}

/* -- Requested parameters of a connect ---------------------------------------------- */

static void params_granted(void)
{
	struct fixture_connect connect = { .op.requested_params = requested };

	begin();
	CHECK_INT(fixture_connect(&fixture, &connect), 0);
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "info stop0 connect update(64:6-12,0,500)");
	CHECK_INT(connect.done, 1);
	CHECK_INT(connect.error, 0);
	check_link(&connect, 12, 0, 500);
	fixture_updated(&fixture, HANDLE, 0, &other); /* the link follows its parameters */
	fixture_run(&fixture, SHORT);
	check_link(&connect, 80, 2, 600);
	end(&connect);
}

static void params_refused(void)
{
	struct fixture_connect connect = { .op.requested_params = requested };

	begin();
	fixture_answer(fixture.answers, RAW_LE_UPDATE, 0x3b, 1);
	CHECK_INT(fixture_connect(&fixture, &connect), 0);
	fixture_run(&fixture, SHORT);
	CHECK_INT(connect.done, 1);
	CHECK_INT(connect.error, 0);
	check_link(&connect, 40, 0, 42);
	end(&connect);
}

static void params_late(void)
{
	struct fixture_connect connect = { .op.requested_params = requested };

	begin();
	fixture.slow = true;
	CHECK_INT(fixture_connect(&fixture, &connect), 0);
	fixture_run(&fixture, 4900);
	CHECK_INT(connect.done, 0);
	fixture_run(&fixture, 200);
	CHECK_INT(connect.done, 1);
	CHECK_INT(connect.error, 0);
	check_link(&connect, 40, 0, 42);
	fixture_updated(&fixture, HANDLE, 0, &other); /* after the limit */
	fixture_run(&fixture, SHORT);
	check_link(&connect, 80, 2, 600);
	end(&connect);
}

static void params_not_permitted(void)
{
	struct fixture_connect connect = { .op.requested_params = requested };

	begin();
	fixture.hci->raw.privileged = false;
	CHECK_INT(fixture_connect(&fixture, &connect), -EPERM);
	CHECK(strstr(ble_error_text(fixture.loop, -EPERM), "CAP_NET_RAW"));
	fixture_run(&fixture, SHORT);
	CHECK_STR(fixture_log(&fixture), "");
	CHECK_INT(connect.done, 0);
	end(&connect);
}

/* Nothing is left of it, and the next connect works. */
static void params_cancelled(void)
{
	struct fixture_connect connect = { .op.requested_params = requested }, next;
	unsigned int fds;

	begin();
	fixture.slow = true;
	fds = harness_fds();
	CHECK_INT(fixture_connect(&fixture, &connect), 0);
	fixture_run(&fixture, SHORT);
	fixture_cancel(&connect);
	fixture_updated(&fixture, HANDLE, 0, &other);
	fixture_run(&fixture, 6000);
	CHECK_INT(connect.done, 0);
	CHECK_INT(harness_fds(), fds + 1); /* the peer's end */
	open_link(&next);
	check_link(&next, 40, 0, 42);
	end(&next);
}

/* The link ends during the update: the connect does not wait for the limit. */
static void params_of_a_lost_link(void)
{
	static const uint8_t ended[] = { 0, HANDLE, 0, 0x13 };
	struct fixture_connect connect = { .op.requested_params = requested };

	begin();
	fixture.slow = true;
	CHECK_INT(fixture_connect(&fixture, &connect), 0);
	fixture_run(&fixture, SHORT);
	CHECK_INT(connect.done, 0);
	fixture_event(&fixture, RAW_DISCONNECTION, ended, sizeof(ended));
	close(fixture.peers[0]);
	fixture.peers[0] = -1;
	fixture_run(&fixture, SHORT);
	CHECK_INT(connect.done, 1);
	CHECK_INT(connect.closed, 1);
	CHECK_INT(connect.closed_reason, 0x13);
	end(&connect);
}

static void params_of_a_pulled_adapter(void)
{
	struct fixture_connect connect = { .op.requested_params = requested };

	begin();
	fixture.slow = true;
	CHECK_INT(fixture_connect(&fixture, &connect), 0);
	fixture_run(&fixture, SHORT);
	fixture_mgmt_event(&fixture, MGMT_INDEX_REMOVED, 0, NULL, 0);
	fixture_run(&fixture, SHORT);
	CHECK_INT(connect.done, 1);
	CHECK_INT(connect.error, -ENODEV);
	CHECK_INT(fixture.gone, 1);
	end(&connect);
}

const struct test_case hci_radio_cases[] = {
	TEST(known_from_the_start), TEST(not_known), TEST(changed_by_the_peer),
	TEST(listens), TEST(rssi), TEST(rssi_of_two_links), TEST(rssi_refused),
	TEST(rssi_silence), TEST(without_a_handle), TEST(update), TEST(update_refused),
	TEST(update_without_the_right), TEST(update_silence), TEST(update_of_others),
	TEST(updates_of_two_links), TEST(cancelled), TEST(link_goes),
	TEST(link_times_out), TEST(link_freed), TEST(link_freed_by_an_answer),
	TEST(params_granted), TEST(params_refused), TEST(params_late),
	TEST(params_not_permitted), TEST(params_cancelled), TEST(params_of_a_lost_link),
	TEST(params_of_a_pulled_adapter), { 0 },
};
