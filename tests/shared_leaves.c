/* SPDX-License-Identifier: MIT */
/* One of two clients leaves the link: what it had at the peer ends, and nothing else. */
#include "tests/shared.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"

static void end_both(struct user *a, struct user *b)
{
	user_end(a);
	user_end(b);
	shared_close();
}

/* -- The connection -------------------------------------------------------------------- */

static void one_leaves(void)
{
	struct user a, b, other = { 0 };

	pair_up(&a, &b, STEADY);
	CHECK_INT(user_subscribe(&a, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO), 0);
	CHECK(reaches(&a.done, 1));
	CHECK_INT(user_subscribe(&b, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO), 0);
	CHECK(reaches(&b.done, 1));
	CHECK(reaches(&b.values, 3));
	CHECK_INT(ble_client_read(a.client, REFERENCE_512, user_value, &a, NULL), 0);
	CHECK_INT(ble_client_read(b.client, REFERENCE_512, user_value, &b, NULL), 0);
	ble_client_disconnect(a.client);
	CHECK(!ble_client_connected(a.client));
	CHECK(!ble_subscription_active(a.subscription));
	CHECK_INT(ble_client_mtu(a.client), 0);
	CHECK_INT(ble_client_read(a.client, REFERENCE_ONE, NULL, NULL, NULL), -ENOTCONN);
	CHECK_INT(a.done, 1);
	CHECK_INT(a.lost, 0);
	a.values = 0;
	CHECK(reaches(&a.lost, 1));
	CHECK_INT(a.reason, 0x16);
	CHECK(a.asked);
	CHECK_INT(a.done, 2);
	CHECK_INT(a.last_error, -ENOTCONN);
	run_ms(1000);
	CHECK_INT(b.done, 2);
	CHECK_INT(b.last_error, 0);
	CHECK(b.values >= 12 && !b.gap);
	CHECK_INT(a.values, 0);
	CHECK_INT(a.lost, 1);
	CHECK_INT(b.lost, 0);
	/* Its tree is there, and its subscription can be activated on the same link. */
	CHECK(ble_services_characteristic(ble_client_services(a.client), REFERENCE_NOTIFY));
	CHECK_INT(user_connect(&a, 0), 0);
	CHECK_INT(user_connected(&a), 0);
	CHECK_INT(ble_client_resubscribe_sync(a.client), 0);
	a.values = 0;
	CHECK(reaches(&a.values, 3));
	CHECK_INT(got(STEADY, ATT_MTU_REQ, 0), 1);
	CHECK_STR(configured(STEADY, REFERENCE_NOTIFY), "1");
	/* The last one out closes it. */
	CHECK_INT(ble_client_disconnect_sync(b.client), 0);
	CHECK_INT(ble_client_disconnect_sync(a.client), 0);
	CHECK_INT(a.lost, 2);
	CHECK_INT(b.lost, 1);
	REQUIRE(user_new(&other, STEADY) == 0);
	CHECK_INT(user_connect(&other, 0), 0);
	CHECK_INT(user_connected(&other), 0);
	CHECK_INT(got(STEADY, ATT_MTU_REQ, 0), 2);
	user_end(&other);
	end_both(&a, &b);
}

/* Without a wait between. */
static void both_leave(void)
{
	for (unsigned int way = 0; way < 8; way++) {
		struct user a, b, *first = way & 1 ? &b : &a, *second = way & 1 ? &a : &b;

		harness_about("way %u", way);
		pair_up(&a, &b, STEADY);
		CHECK_INT(user_subscribe(&a, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO), 0);
		CHECK_INT(user_subscribe(&b, REFERENCE_BOTH, BLE_SUBSCRIBE_AUTO), 0);
		if (way & 2)
			CHECK(reaches(&b.done, 1));
		CHECK_INT(ble_client_read(a.client, REFERENCE_512, user_value, &a, NULL), 0);
		CHECK_INT(ble_client_read(b.client, REFERENCE_512, user_value, &b, NULL), 0);
		ble_client_disconnect(first->client);
		if (way & 4)
			ble_client_disconnect(second->client);
		else
			user_end(second);
		CHECK(reaches(&first->lost, 1));
		dispatch(2);
		CHECK_INT(first->lost, 1);
		CHECK_INT(second->lost, !!(way & 4));
		CHECK_INT(first->done, 2);
		CHECK_INT(first->last_error, -ENOTCONN);
		if (way & 4)
			CHECK_INT(second->last_error, -ENOTCONN);
		end_both(&a, &b);
	}
	harness_about(NULL);
}

/* The tree of a client that left is the link's until it connects again. */
static void tree_of_who_left(void)
{
	struct user a, b;
	const struct ble_services *tree;

	pair_up(&a, &b, STEADY);
	CHECK_INT(ble_client_disconnect_sync(a.client), 0);
	tree = ble_client_services(a.client);
	CHECK_INT(ble_client_disconnect_sync(b.client), 0);
	CHECK_INT(user_connect(&b, 0), 0);
	CHECK_INT(user_connected(&b), 0);
	CHECK_INT(ble_services_count(ble_client_services(b.client)), 0);
	CHECK(ble_client_services(a.client) == tree);
	CHECK(ble_services_count(tree) > 0);
	CHECK_INT(ble_client_discover_sync(b.client), 0);
	CHECK_INT(user_connect(&a, 0), 0);
	CHECK_INT(user_connected(&a), 0);
	CHECK(ble_client_services(a.client) == ble_client_services(b.client));
	end_both(&a, &b);
}

/* Chosen services: the others of the tree are still there for the other client. */
static void chosen_services(void)
{
	const struct ble_uuid thermometer = ble_uuid16(0x181a), none = ble_uuid16(0x1234);
	struct user a, b;

	pair_up(&a, &b, STEADY);
	CHECK_INT(ble_client_discover_only_sync(b.client, &thermometer, 1), 0);
	CHECK(ble_services_characteristic(ble_client_services(a.client), REFERENCE_NOTIFY));
	CHECK_INT(ble_client_discover_only_sync(b.client, &none, 1), -ENOENT);
	CHECK(strstr(ble_error_text(air.loop, -ENOENT), "no service that was asked for"));
	CHECK(ble_services_characteristic(ble_client_services(a.client), REFERENCE_NOTIFY));
	CHECK_INT(ble_client_disconnect_sync(a.client), 0);
	CHECK_INT(ble_client_discover_only_sync(b.client, &thermometer, 1), 0);
	CHECK(!ble_services_characteristic(ble_client_services(b.client), REFERENCE_NOTIFY));
	end_both(&a, &b);
}

/* -- Configurations ---------------------------------------------------------------------- */

static void leaves(struct user *user)
{
	CHECK_INT(ble_client_disconnect_sync(user->client), 0);
}

static void goes(struct user *user)
{
	user_end(user);
}

static void unsubscribes(struct user *user)
{
	CHECK_INT(ble_subscription_free_sync(user->subscription), 0);
	user->subscription = NULL;
}

/* What a wants and b, which of them ends first, and how; what the peer gets. */
static void configurations(void)
{
	static void (*const ways[])(struct user *user) = { unsubscribes, leaves, goes };
	static const struct {
		enum ble_subscribe a, b;
		bool b_first;
		const char *during, *one, *none;
	} rows[] = {
		{ BLE_SUBSCRIBE_NOTIFY, BLE_SUBSCRIBE_NOTIFY, false, "1", "1", "1 0" },
		{ BLE_SUBSCRIBE_NOTIFY, BLE_SUBSCRIBE_NOTIFY, true, "1", "1", "1 0" },
		{ BLE_SUBSCRIBE_INDICATE, BLE_SUBSCRIBE_NOTIFY, false, "2 3", "2 3 1", "2 3 1 0" },
		{ BLE_SUBSCRIBE_INDICATE, BLE_SUBSCRIBE_NOTIFY, true, "2 3", "2 3 2", "2 3 2 0" },
	};

	for (size_t i = 0; i < 4 * 3; i++) {
		const bool b_first = rows[i / 3].b_first;
		struct user a, b, *first = b_first ? &b : &a, *second = b_first ? &a : &b;

		harness_about("row %zu, way %zu", i / 3, i % 3);
		pair_up(&a, &b, STEADY);
		CHECK_INT(user_subscribe(&a, REFERENCE_BOTH, rows[i / 3].a), 0);
		CHECK(reaches(&a.done, 1));
		CHECK_INT(user_subscribe(&b, REFERENCE_BOTH, rows[i / 3].b), 0);
		CHECK(reaches(&b.done, 1));
		CHECK_STR(configured(STEADY, REFERENCE_BOTH), rows[i / 3].during);
		ways[i % 3](first);
		run_ms(500);
		CHECK_STR(configured(STEADY, REFERENCE_BOTH), rows[i / 3].one);
		second->values = 0;
		CHECK(reaches(&second->values, 3));
		CHECK(!second->gap);
		unsubscribes(second);
		CHECK_STR(configured(STEADY, REFERENCE_BOTH), rows[i / 3].none);
		CHECK_INT(second->lost, 0);
		end_both(&a, &b);
	}
	harness_about(NULL);
}

/* At each step of a subscribe, and of the end of a subscription, its client leaves: the
 * peer has no configuration then. */
static void in_mid_subscribe(void)
{
	for (unsigned int i = 0; i < 40; i++) {
		const bool ends = i & 1, frees = i & 2;
		struct user a, b;

		harness_about("step %u", i);
		pair_up(&a, &b, STEADY);
		CHECK_INT(user_subscribe(&a, REFERENCE_BOTH, BLE_SUBSCRIBE_NOTIFY), 0);
		if (ends) {
			CHECK(reaches(&a.done, 1));
			CHECK_INT(ble_subscription_free(a.subscription, user_done, &a, NULL), 0);
		}
		dispatch(i / 4);
		if (frees)
			user_end(&a);
		else
			ble_client_disconnect(a.client);
		a.values = 0;
		if (!frees) {
			CHECK(reaches(&a.lost, 1));
			CHECK_INT(a.done, ends ? 2 : 1);
		}
		run_ms(500);
		CHECK_INT(a.values, 0);
		CHECK_INT(strlen(configured(STEADY, REFERENCE_BOTH)) % 4, 3); /* 1 0 */
		CHECK_INT(b.lost, 0);
		CHECK_INT(ble_client_read_sync(b.client, REFERENCE_23, NULL, 0, NULL), 0);
		end_both(&a, &b);
	}
	harness_about(NULL);
}

/* -- Procedures ----------------------------------------------------------------------------- */

static uint8_t mine[500], yours[480];

/* Long and reliable writes of both, begun at once. */
static void begin_writes(struct user *a, struct user *b)
{
	const struct ble_write parts[] = {
		{ .handle = REFERENCE_512, .value = bytes(yours, 400) },
		{ .handle = REFERENCE_EMPTY, .value = bytes(yours, sizeof(yours)) },
	};

	memset(mine, 0xaa, sizeof(mine));
	memset(yours, 0xbb, sizeof(yours));
	CHECK_INT(ble_client_read(a->client, REFERENCE_512, user_value, a, NULL), 0);
	CHECK_INT(ble_client_read(b->client, REFERENCE_23, user_value, b, NULL), 0);
	CHECK_INT(ble_client_write(a->client, REFERENCE_512, bytes(mine, sizeof(mine)), user_done,
				   a, NULL), 0);
	CHECK_INT(ble_client_write_reliable(b->client, parts, 2, user_done, b, NULL), 0);
	CHECK_INT(ble_client_write(a->client, REFERENCE_EMPTY, bytes(mine, sizeof(mine)),
				   user_done, a, NULL), 0);
	CHECK_INT(ble_client_read(b->client, REFERENCE_512, user_value, b, NULL), 0);
}

/* Between two executes all that is prepared begins at offset 0, in the order of its parts:
 * one write's. */
static void check_prepared(void)
{
	uint16_t handle = 0, offset = 0;

	for (unsigned int i = 0; i < air.n; i++) {
		const struct record *r = &air.records[i];

		if (r->opcode == ATT_EXECUTE_REQ)
			handle = 0;
		if (r->opcode != ATT_PREPARE_REQ)
			continue;
		if (r->handle != handle)
			CHECK_INT(r->offset, 0);
		else
			CHECK(r->offset > offset);
		handle = r->handle;
		offset = r->offset;
	}
}

static void check_value(struct ble_client *client, uint16_t handle, const uint8_t *value,
			size_t len)
{
	uint8_t read[512];
	size_t n;

	CHECK_INT(ble_client_read_sync(client, handle, read, sizeof(read), &n), 0);
	CHECK(n >= len);
	CHECK_MEM(read, value, len);
}

static int small_mtu(struct user *a, struct user *b)
{
	const struct ble_connect_params params = { .mtu = 50 };

	*a = *b = (struct user){ 0 };
	REQUIRE(shared_open() == 0);
	REQUIRE(user_new(a, STEADY) == 0 && user_new(b, STEADY) == 0);
	REQUIRE(ble_client_connect_sync(a->client, &params) == 0);
	REQUIRE(ble_client_connect_sync(b->client, NULL) == 0);
	CHECK_INT(ble_client_mtu(b->client), 50); /* the first one's */
	return ble_client_discover_sync(b->client);
}

static void prepared_writes(void)
{
	struct user a, b;

	CHECK_INT(small_mtu(&a, &b), 0);
	begin_writes(&a, &b);
	CHECK(reaches(&a.done, 3) && reaches(&b.done, 3));
	CHECK_INT(a.first_error + b.first_error, 0);
	CHECK_INT(got(STEADY, ATT_EXECUTE_REQ, 0), 3);
	check_prepared();
	check_value(b.client, REFERENCE_512, yours, 400);
	check_value(b.client, REFERENCE_EMPTY, mine, sizeof(mine));
	end_both(&a, &b);
}

/* After a left the peer gets of it the end of what it prepared, and nothing else; b's
 * calls are done in their order. */
static bool leaves_at(unsigned int step, bool frees, bool cancels)
{
	struct ble_op *op;
	struct user a, b;
	unsigned int was, sent;
	bool under_way;

	CHECK_INT(small_mtu(&a, &b), 0);
	begin_writes(&a, &b);
	CHECK_INT(ble_client_write(a.client, REFERENCE_ONE, bytes(mine, 1), user_done, &a, &op), 0);
	dispatch(step);
	under_way = a.done < 4;
	was = a.done;
	sent = got(STEADY, ATT_WRITE_REQ, REFERENCE_ONE);
	if (frees)
		user_end(&a);
	else
		ble_client_disconnect(a.client);
	if (cancels && under_way)
		ble_op_cancel(op);
	else if (!frees && under_way) /* it has ended already, but for its callback */
		ble_op_set_timeout(op, 0);
	if (!frees)
		CHECK(reaches(&a.lost, 1));
	CHECK(reaches(&b.done, 3));
	CHECK_INT(b.first_error, 0);
	if (!frees) {
		CHECK_INT(a.done, under_way && cancels ? 3 : 4);
		if (was < a.done)
			CHECK_INT(a.last_error, -ENOTCONN);
	} else {
		CHECK_INT(a.done, was);
	}
	run_ms(1000);
	check_prepared();
	check_value(b.client, REFERENCE_512, yours, 400);
	/* The next long write finds an empty queue. */
	CHECK_INT(ble_client_write_sync(b.client, REFERENCE_EMPTY, bytes(mine, 450)), 0);
	check_value(b.client, REFERENCE_EMPTY, mine, 450);
	CHECK_INT(got(STEADY, ATT_WRITE_REQ, REFERENCE_ONE), sent);
	end_both(&a, &b);
	return under_way;
}

static void queued_calls(void)
{
	for (unsigned int way = 0; way < 3; way++) {
		unsigned int step = 0;

		do
			harness_about("way %u, step %u", way, step);
		while (leaves_at(step++, way == 1, way == 2));
		CHECK(step > 30);
	}
	harness_about(NULL);
}

/* Other calls under way: parameters, signal strength, values by type, commands. */
static void on_rssi(void *user, int error, int rssi)
{
	(void)rssi;
	user_done(user, error);
}

static void other_calls(void)
{
	const struct ble_link_params fast = ble_link_preset(BLE_LINK_LOW_LATENCY);
	const struct ble_uuid type = ble_uuid16(0x2803);
	static const uint16_t handles[] = { REFERENCE_22, REFERENCE_23 };
	struct user a, b;

	for (unsigned int step = 0; step < 12; step++) {
		harness_about("step %u", step);
		pair_up(&a, &b, STEADY);
		CHECK_INT(ble_client_read_by_uuid(a.client, &type, 1, 0xffff, NULL, user_done, &a,
						  NULL), 0);
		CHECK_INT(ble_client_update_link(a.client, &fast, user_done, &a, NULL), 0);
		CHECK_INT(ble_client_update_link(b.client, &fast, user_done, &b, NULL), -EALREADY);
		CHECK_INT(ble_client_read_rssi(a.client, on_rssi, &a, NULL), 0);
		CHECK_INT(ble_client_read_rssi(b.client, on_rssi, &b, NULL), 0);
		CHECK_INT(ble_client_write_command(a.client, REFERENCE_COMMAND, bytes(mine, 3),
						   user_done, &a, NULL), 0);
		CHECK_INT(ble_client_write_command(b.client, REFERENCE_COMMAND, bytes(mine, 3),
						   user_done, &b, NULL), 0);
		CHECK_INT(ble_client_read_multiple(a.client, handles, 2, NULL, user_done, &a,
						   NULL), 0);
		CHECK_INT(ble_client_discover(a.client, user_done, &a, NULL), 0);
		CHECK_INT(ble_client_describe(b.client, user_done, &b, NULL), 0);
		CHECK_INT(ble_client_resubscribe(a.client, user_done, &a, NULL), 0);
		dispatch(step);
		ble_client_disconnect(a.client);
		CHECK(reaches(&a.lost, 1));
		CHECK_INT(a.done, 7);
		CHECK(reaches(&b.done, 3));
		CHECK_INT(b.first_error, 0);
		CHECK_INT(ble_client_update_link_sync(b.client, &fast), 0);
		end_both(&a, &b);
	}
	harness_about(NULL);
}

const struct test_case shared_leaves[] = {
	TEST(one_leaves), TEST(both_leave), TEST(tree_of_who_left), TEST(chosen_services),
	TEST(configurations), TEST(in_mid_subscribe), TEST(prepared_writes), TEST(queued_calls),
	TEST(other_calls), { 0 },
};
