/* SPDX-License-Identifier: MIT */
/*
 * Four clients of two peers do anything at any time, in callbacks too. Each call that is not
 * cancelled, and whose client is not freed, ends once; each connection ends once; a client that
 * is connected gets the values that it is subscribed to, without a gap while the services stay.
 */
#include "tests/shared.h"

#include <errno.h>
#include <stdlib.h>

#include "base/bytes.h"

enum { USERS = 4, ROUNDS = 400, STEPS = 120, DEEP = 3 };

struct player {
	struct user user;
	unsigned int connects, calls; /* that must call back */
	unsigned int successes;
	enum shared_peer peer;
};

static struct player players[USERS];
static bool calm; /* the end of a round */
static unsigned int depth; /* of acts in callbacks */
static uint8_t value[300];

static void act(struct player *player);

static uint16_t notifies(const struct player *player)
{
	return player->peer == STEADY ? REFERENCE_BOTH : REFERENCE_STAYS;
}

static uint16_t readable(const struct player *player)
{
	return player->peer == STEADY ? REFERENCE_512 : REFERENCE_VALUE;
}

static void then(struct user *user, const char *what)
{
	struct player *player = container_of(user, struct player, user);

	if (what[0] == 'c' && what[1] == 'o' && !user->error) {
		player->successes++;
		user->values = 0;
		user->gap = false;
	}
	if (!calm && harness_below(40) == 0 && user->client)
		ble_client_disconnect(user->client);
	if (calm || depth == DEEP || harness_below(3))
		return;
	depth++;
	act(&players[harness_below(USERS)]);
	depth--;
}

static void start(struct player *player)
{
	enum shared_peer peer = harness_below(3) ? STEADY : CHANGING;

	*player = (struct player){ .peer = peer, .user.then = then };
	REQUIRE(user_new(&player->user, peer) == 0);
}

static void connect(struct player *player)
{
	if (!user_connect(&player->user, harness_below(4) ? 2000 : 1 + (int)harness_below(60)))
		player->connects++;
}

static void cancel_connect(struct player *player)
{
	if (!player->user.op)
		return;
	ble_op_cancel(player->user.op);
	player->user.op = NULL;
	player->connects--;
}

static void read_value(struct player *player)
{
	struct ble_op *op = NULL;

	if (ble_client_read(player->user.client, readable(player), user_value, &player->user, &op))
		return;
	player->calls++;
	if (harness_below(5) == 0) {
		ble_op_cancel(op);
		player->calls--;
	} else if (harness_below(5) == 0) {
		ble_op_set_timeout(op, (int)harness_below(30));
	}
}

static void write_value(struct player *player)
{
	size_t len = player->peer == STEADY ? sizeof(value) : 4;

	if (!ble_client_write(player->user.client, readable(player), bytes(value, len), user_done,
			      &player->user, NULL))
		player->calls++;
}

static void command(struct player *player)
{
	if (!ble_client_write_command(player->user.client, REFERENCE_COMMAND, bytes(value, 9),
				      user_done, &player->user, NULL))
		player->calls++;
}

static void discover(struct player *player)
{
	if (!ble_client_discover(player->user.client, user_done, &player->user, NULL))
		player->calls++;
}

static void subscribe(struct player *player)
{
	if (!player->user.subscription)
		player->user.values = 0;
	if (!player->user.subscription &&
	    !user_subscribe(&player->user, notifies(player), BLE_SUBSCRIBE_AUTO))
		player->calls++;
	else if (player->user.subscription &&
		 !ble_client_resubscribe(player->user.client, user_done, &player->user, NULL))
		player->calls++;
}

/* A subscribe that is under way is cancelled by this: one call may be missing. */
static void unsubscribe(struct player *player)
{
	struct ble_subscription *s = player->user.subscription;

	if (!s || player->user.done != player->calls)
		return;
	player->user.subscription = NULL;
	if (!ble_subscription_free(s, user_done, &player->user, NULL))
		player->calls++;
}

static void change(struct player *player)
{
	const uint8_t control[] = { (uint8_t)harness_below(2), 0, 1 };

	if (player->peer == CHANGING &&
	    !ble_client_write(player->user.client, REFERENCE_CONTROL, bytes(control, 3), user_done,
			      &player->user, NULL))
		player->calls++;
}

static void disconnect(struct player *player)
{
	ble_client_disconnect(player->user.client);
}

static void replace(struct player *player)
{
	user_end(&player->user);
	start(player);
}

static void lose(struct player *player)
{
	struct att *att = player->user.client->att;

	if (att && !depth) /* a link is not lost in a callback */
		att->events->closed(att->user, -ECONNRESET, 0x08);
}

static void reset(struct player *player)
{
	(void)player;
	ble_adapter_reset(air.adapter, NULL, NULL);
}

static const struct {
	void (*act)(struct player *player);
	unsigned int weight;
} acts[] = {
	{ connect, 20 }, { cancel_connect, 2 }, { read_value, 10 }, { write_value, 8 },
	{ command, 4 }, { discover, 4 }, { subscribe, 8 }, { unsubscribe, 4 }, { change, 2 },
	{ disconnect, 4 }, { replace, 3 }, { lose, 1 }, { reset, 1 },
};

static void act(struct player *player)
{
	unsigned int at, total = 0, i = 0;

	for (size_t j = 0; j < sizeof(acts) / sizeof(*acts); j++)
		total += acts[j].weight;
	at = harness_below(total);
	while (at >= acts[i].weight)
		at -= acts[i++].weight;
	acts[i].act(player);
}

static void check_end(struct player *player)
{
	const struct user *user = &player->user;

	CHECK_INT(user->connected, player->connects);
	CHECK_INT(user->done, player->calls);
	CHECK_INT(user->lost, player->successes - ble_client_connected(user->client));
	CHECK(player->peer == CHANGING || !user->gap);
}

static void one_round(void)
{
	calm = false;
	REQUIRE(shared_open() == 0);
	for (size_t i = 0; i < USERS; i++)
		start(&players[i]);
	for (unsigned int i = 0; i < STEPS; i++) {
		act(&players[harness_below(USERS)]);
		if (harness_below(2))
			dispatch(1 + harness_below(4));
	}
	calm = true;
	run_ms(10000);
	for (size_t i = 0; i < USERS; i++) {
		harness_about("user %zu", i);
		check_end(&players[i]);
		user_end(&players[i].user);
	}
	harness_about(NULL);
	shared_close();
}

static void anything(void)
{
	for (unsigned int i = 0; i < ROUNDS; i++)
		one_round();
}

const struct test_case shared_random[] = { TEST(anything), { 0 } };
