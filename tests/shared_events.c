/* SPDX-License-Identifier: MIT */
/* What the link tells, each client is told; a callback of one may end any of them. */
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

static struct att *link_of(const struct user *user)
{
	return user->client->connection->gatt.att;
}

static void lose(const struct user *user)
{
	struct att *att = link_of(user);

	att->events->closed(att->user, -ECONNRESET, 0x13);
}

static void change_services(struct user *user, uint8_t present)
{
	const uint8_t control[] = { present, 0, 1 };

	CHECK_INT(ble_client_write(user->client, REFERENCE_CONTROL, bytes(control, 3), NULL, NULL,
				   NULL), 0);
}

/* -- Both are told ----------------------------------------------------------------------- */

static void lost(void)
{
	struct user a, b;

	pair_up(&a, &b, STEADY);
	CHECK_INT(user_subscribe(&a, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO), 0);
	CHECK_INT(user_subscribe(&b, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO), 0);
	run_ms(500);
	CHECK_INT(ble_client_read(b.client, REFERENCE_512, user_value, &b, NULL), 0);
	CHECK_INT(ble_client_read(a.client, REFERENCE_512, user_value, &a, NULL), 0);
	lose(&a);
	CHECK_INT(a.lost, 1);
	CHECK_INT(b.lost, 1);
	CHECK_INT(a.reason, 0x13);
	CHECK_INT(b.reason, 0x13);
	CHECK(!a.asked && !b.asked);
	CHECK_INT(a.last_error, -ENOTCONN);
	CHECK_INT(b.last_error, -ENOTCONN);
	CHECK(!ble_subscription_active(a.subscription) && !ble_subscription_active(b.subscription));
	CHECK(ble_client_services(a.client) == ble_client_services(b.client));
	end_both(&a, &b);
}

static struct user *other;

static void use_other(struct user *user, const char *what)
{
	struct ble_link_params link;

	(void)user;
	(void)what;
	CHECK(!ble_client_connected(other->client));
	CHECK_INT(ble_client_mtu(other->client), 0);
	CHECK_INT(ble_client_link(other->client, &link), -ENOTCONN);
	CHECK_INT(ble_client_write_command(other->client, REFERENCE_COMMAND, bytes(&link, 1), NULL,
					   NULL, NULL), -ENOTCONN);
	CHECK_INT(ble_client_read(other->client, REFERENCE_23, NULL, NULL, NULL), -ENOTCONN);
	CHECK_INT(ble_client_connect(other->client, NULL, NULL, NULL, NULL), -EALREADY);
	ble_client_disconnect(other->client);
}

/* From the first callback on the other client has no link either. */
static void lost_for_all(void)
{
	struct user a, b;

	pair_up(&a, &b, STEADY);
	other = &b;
	CHECK_INT(ble_client_write(a.client, REFERENCE_512, bytes(&air, 500), user_done, &a,
				   NULL), 0);
	CHECK_INT(ble_client_read(a.client, REFERENCE_23, user_value, &a, NULL), 0);
	CHECK_INT(ble_client_write_command(a.client, REFERENCE_COMMAND, bytes(&air, 5), user_done,
					   &a, NULL), 0);
	a.then = use_other;
	lose(&a);
	CHECK_INT(a.done, 3);
	CHECK_INT(a.lost, 1);
	CHECK_INT(b.lost, 1);
	CHECK(!b.asked);
	dispatch(2);
	CHECK_INT(b.lost, 1);
	end_both(&a, &b);
}

static void ask_silent_peer(struct user *a, struct user *b)
{
	pair_up(a, b, STEADY);
	run_ms(1000);
	air.peer[STEADY]->faults.silent_after_requests = 1;
	CHECK_INT(ble_client_read(a->client, REFERENCE_23, user_value, a, NULL), 0);
	CHECK_INT(ble_client_read(b->client, REFERENCE_23, user_value, b, NULL), 0);
}

/* After 30 s of silence the link has ended for both. */
static void silent(void)
{
	struct user a, b;

	ask_silent_peer(&a, &b);
	run_ms(29900);
	CHECK_INT(a.done + b.done, 0);
	run_ms(200);
	CHECK_INT(a.done, 1);
	CHECK_INT(b.done, 1);
	CHECK_INT(a.last_error, -ETIMEDOUT);
	CHECK_INT(a.lost, 1);
	CHECK_INT(b.lost, 1);
	end_both(&a, &b);
}

/* The one whose request has no answer leaves: the bearer ends for the other one. */
static void silent_to_who_left(void)
{
	struct user a, b;

	ask_silent_peer(&a, &b);
	user_end(&a);
	run_ms(29900);
	CHECK_INT(b.done, 0);
	run_ms(200);
	CHECK_INT(b.done, 1);
	CHECK_INT(b.lost, 1);
	end_both(&a, &b);
}

/* Services change while calls of both wait. */
static void services_change(void)
{
	for (unsigned int step = 0; step < 30; step++) {
		struct user a, b;

		harness_about("step %u", step);
		pair_up(&a, &b, CHANGING);
		CHECK_INT(user_subscribe(&a, REFERENCE_STAYS, BLE_SUBSCRIBE_AUTO), 0);
		CHECK_INT(user_subscribe(&b, REFERENCE_STAYS, BLE_SUBSCRIBE_AUTO), 0);
		run_ms(1000);
		change_services(&a, 0);
		dispatch(step);
		for (int i = 0; i < 3; i++) {
			CHECK_INT(ble_client_read(a.client, REFERENCE_VALUE, user_value, &a, NULL), 0);
			CHECK_INT(ble_client_write(b.client, REFERENCE_VALUE,
						   bytes((const uint8_t *)"abcd", 4), user_done,
						   &b, NULL), 0);
		}
		CHECK(reaches(&a.changed, 1));
		CHECK(reaches(&b.changed, 1));
		run_ms(1000);
		CHECK_INT(a.changed, 1);
		CHECK_INT(b.changed, 1);
		CHECK_INT(a.changed_error + b.changed_error, 0);
		CHECK_INT(a.done, 4);
		CHECK_INT(b.done, 4);
		CHECK_INT(a.first_error + b.first_error, 0);
		a.values = b.values = 0;
		run_ms(500);
		CHECK(a.values >= 3 && b.values >= 3);
		end_both(&a, &b);
	}
	harness_about(NULL);
}

/* What is subscribed to vanishes: each one's subscription is inactive. */
static void subscribed_vanishes(void)
{
	struct user a, b;

	pair_up(&a, &b, CHANGING);
	CHECK_INT(user_subscribe(&a, REFERENCE_GUEST, BLE_SUBSCRIBE_AUTO), 0);
	CHECK_INT(user_subscribe(&b, REFERENCE_GUEST, BLE_SUBSCRIBE_AUTO), 0);
	CHECK(reaches(&a.values, 2) && reaches(&b.values, 2));
	run_ms(1000);
	change_services(&b, 0);
	CHECK(reaches(&a.changed, 1) && reaches(&b.changed, 1));
	run_ms(500);
	CHECK(!ble_subscription_active(a.subscription));
	CHECK(!ble_subscription_active(b.subscription));
	CHECK_INT(a.lost + b.lost, 0);
	end_both(&a, &b);
}

/* One discovers again: the other one's subscriptions go on. */
static void one_discovers(void)
{
	struct user a, b;

	pair_up(&a, &b, STEADY);
	CHECK_INT(user_subscribe(&a, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO), 0);
	CHECK(reaches(&a.values, 2));
	CHECK_INT(ble_client_discover_sync(b.client), 0);
	CHECK(reaches(&a.values, 6));
	CHECK(!a.gap);
	CHECK(ble_subscription_active(a.subscription));
	end_both(&a, &b);
}

static int refuse(struct att *att, struct att_op *op)
{
	(void)att;
	(void)op;
	return -EAGAIN;
}

/* A full link: each one that was refused is told once that there is room. */
static void writable(void)
{
	struct att_class full;
	const struct att_class *was;
	struct user a, b, c = { 0 };
	struct att *att;

	pair_up(&a, &b, STEADY);
	REQUIRE(user_new(&c, STEADY) == 0);
	CHECK_INT(user_connect(&c, 0), 0);
	CHECK_INT(user_connected(&c), 0);
	att = link_of(&a);
	was = att->class;
	full = *was;
	full.submit = refuse;
	att->class = &full;
	for (int i = 0; i < 3; i++) {
		CHECK_INT(ble_client_write_command(a.client, REFERENCE_COMMAND, bytes(&full, 1), NULL,
						   NULL, NULL), -EAGAIN);
		CHECK_INT(ble_client_write_command(b.client, REFERENCE_COMMAND, bytes(&full, 1), NULL,
						   NULL, NULL), -EAGAIN);
	}
	att->class = was;
	dispatch(3);
	CHECK_INT(a.writable + b.writable, 0);
	att->events->writable(att->user);
	dispatch(3);
	CHECK_INT(a.writable, 1);
	CHECK_INT(b.writable, 1);
	CHECK_INT(c.writable, 0);
	user_end(&c);
	end_both(&a, &b);
}

static void overrun(void)
{
	struct user a, b;

	pair_up(&a, &b, STEADY);
	link_of(&a)->events->overrun(link_of(&a)->user, 7);
	CHECK_INT(a.overrun, 7);
	CHECK_INT(b.overrun, 7);
	end_both(&a, &b);
}

/* -- A callback ends any of them ----------------------------------------------------------- */

static struct {
	struct user *a, *b;
	const char *when; /* the callback in which the act is done, once */
	void (*act)(void);
} plan;

static void planned(struct user *user, const char *what)
{
	void (*act)(void) = plan.act;

	(void)user;
	if (!act || strcmp(what, plan.when) != 0)
		return;
	plan.act = NULL;
	act();
}

static void free_a(void)
{
	user_end(plan.a);
}

static void free_b(void)
{
	user_end(plan.b);
}

static void free_both(void)
{
	user_end(plan.b);
	user_end(plan.a);
}

static void free_all(void)
{
	free_both();
	user_end(&air.absent[0]);
	user_end(&air.absent[1]);
	air.adapter = ble_adapter_unref(air.adapter);
}

static void disconnect_a(void)
{
	ble_client_disconnect(plan.a->client);
}

static void disconnect_both(void)
{
	ble_client_disconnect(plan.a->client);
	ble_client_disconnect(plan.b->client);
}

static void connect_both(void)
{
	user_connect(plan.a, 0);
	user_connect(plan.b, 0);
}

static void subscriptions_end(void)
{
	ble_subscription_free(plan.b->subscription, NULL, NULL, NULL);
	ble_subscription_free(plan.a->subscription, NULL, NULL, NULL);
	plan.a->subscription = plan.b->subscription = NULL;
}

static void reset_adapter(void)
{
	CHECK_INT(ble_adapter_reset(air.adapter, NULL, NULL), 0);
}

static const struct {
	const char *name;
	void (*act)(void);
} acts[] = {
	{ "free a", free_a }, { "free b", free_b }, { "free both", free_both },
	{ "free all", free_all }, { "disconnect a", disconnect_a },
	{ "disconnect both", disconnect_both }, { "connect both", connect_both },
	{ "end the subscriptions", subscriptions_end }, { "reset", reset_adapter },
};

enum { ACTS = sizeof(acts) / sizeof(*acts) };

static void change(struct user *user)
{
	change_services(user, 0);
}

static void fill_and_free(struct user *user)
{
	plan.a->client->full = plan.b->client->full = true;
	link_of(user)->events->writable(link_of(user)->user);
}

static void drop(struct user *user)
{
	link_of(user)->events->overrun(link_of(user)->user, 1);
}

static void lose_it(struct user *user)
{
	lose(user);
}

static void leave(struct user *user)
{
	ble_client_disconnect(user->client);
}

static void nothing(struct user *user)
{
	(void)user;
}

/* What is done to bring that callback about. */
static const struct {
	const char *when;
	void (*cause)(struct user *user);
} callbacks[] = {
	{ "notified", nothing }, { "done", nothing },	 { "lost", lose_it }, { "done", lose_it },
	{ "lost", leave },	 { "done", leave },	 { "changed", change },
	{ "writable", fill_and_free }, { "overrun", drop },
};

enum { CALLBACKS = sizeof(callbacks) / sizeof(*callbacks) };

/* Each callback ended once: those that were called belong to clients that were there. */
static void in_callback(size_t callback, size_t act, unsigned int more)
{
	struct user a, b;

	harness_about("%s, cause %zu: %s", callbacks[callback].when, callback, acts[act].name);
	pair_up(&a, &b, CHANGING);
	plan.a = &a;
	plan.b = &b;
	plan.act = NULL;
	a.then = b.then = planned;
	CHECK_INT(user_subscribe(&a, REFERENCE_STAYS, BLE_SUBSCRIBE_AUTO), 0);
	CHECK_INT(user_subscribe(&b, REFERENCE_STAYS, BLE_SUBSCRIBE_AUTO), 0);
	run_ms(1000);
	CHECK_INT(a.done + b.done, 2);
	for (unsigned int i = 0; i < more; i++) {
		CHECK_INT(ble_client_read(a.client, REFERENCE_VALUE, user_value, &a, NULL), 0);
		CHECK_INT(ble_client_read(b.client, REFERENCE_VALUE, user_value, &b, NULL), 0);
	}
	plan.when = callbacks[callback].when;
	plan.act = acts[act].act;
	callbacks[callback].cause(&a);
	run_ms(3000);
	CHECK(!plan.act);
	CHECK(a.done <= 1 + more && b.done <= 1 + more);
	CHECK(!a.client || a.done == 1 + more);
	CHECK(!b.client || b.done == 1 + more);
	CHECK(a.lost <= 1 && b.lost <= 1 && a.changed <= 1 && b.changed <= 1);
	CHECK(a.writable <= 1 && b.writable <= 1 && a.overrun <= 1 && b.overrun <= 1);
	if (acts[act].act == free_b && callbacks[callback].cause == lose_it)
		CHECK_INT(a.lost, 1);
	if (callbacks[callback].cause == lose_it && a.client && b.client) {
		CHECK_INT(a.lost, 1);
		CHECK_INT(b.lost, 1);
	}
	end_both(&a, &b);
}

static void ends_in_callbacks(void)
{
	for (size_t callback = 0; callback < CALLBACKS; callback++)
		for (size_t act = 0; act < ACTS; act++)
			for (unsigned int more = 1; more < 4; more += 2)
				in_callback(callback, act, more);
	harness_about(NULL);
}

#ifndef _WIN32
/* A child made in the first one's callback is not called back for the second one. */
static void fork_in_callback(struct user *user, const char *what)
{
	if (strcmp(what, "lost") != 0 || user != plan.a)
		return;
	if (harness_fork_first())
		plan.act = free_both; /* that is, in the child */
}

static void forked(void)
{
	struct user a, b;

	pair_up(&a, &b, STEADY);
	plan.a = &a;
	plan.act = NULL;
	a.then = fork_in_callback;
	lose(&a);
	CHECK_INT(a.lost, 1);
	CHECK_INT(b.lost, !plan.act);
	end_both(&a, &b);
	if (plan.act)
		harness_end_child();
}
#endif

const struct test_case shared_events[] = {
	TEST(lost), TEST(lost_for_all), TEST(silent), TEST(silent_to_who_left), TEST(services_change),
	TEST(subscribed_vanishes), TEST(one_discovers), TEST(writable), TEST(overrun),
	TEST(ends_in_callbacks),
#ifndef _WIN32
	TEST(forked),
#endif
	{ 0 },
};
