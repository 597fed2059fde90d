/* SPDX-License-Identifier: MIT */
/* Who gets a report, whatever the other listeners do in their callbacks. */
#include "tests/test_scan.h"

#include <errno.h>
#include <string.h>

enum what { NOTHING, REMOVE, ADD, STOP, RESTART, DROP };

/* What one of them heard, and does to another. */
struct ear {
	struct ear *first; /* writes down who was told, in order */
	struct ble_scanner **scanner;
	struct ble_listener *listener;
	struct ear *victim; /* REMOVE: its listener; ADD: made here */
	enum what what;
	char name, order[20];
	unsigned int told;
};

static void hear(void *user, struct ble_device *device,
		 const struct ble_advertisement *adv);

static void act(struct ear *ear)
{
	switch (ear->what) {
	case NOTHING:
		break;
	case REMOVE:
		ble_listener_free(ear->victim->listener);
		ear->victim->listener = NULL;
		break;
	case ADD:
		CHECK_INT(ble_scanner_listen(*ear->scanner, hear, ear->victim,
					     &ear->victim->listener), 0);
		break;
	case STOP:
		ble_scanner_stop(*ear->scanner);
		break;
	case RESTART:
		ble_scanner_stop(*ear->scanner);
		CHECK_INT(ble_scanner_start(*ear->scanner, NULL), 0);
		break;
	case DROP:
		*ear->scanner = ble_scanner_unref(*ear->scanner);
		break;
	}
	ear->what = NOTHING;
}

static void hear(void *user, struct ble_device *device,
		 const struct ble_advertisement *adv)
{
	struct ear *ear = user;

	CHECK(strlen(ear->first->order) < sizeof(ear->order) - 1);
	strncat(ear->first->order, &ear->name, 1);
	ear->told++;
	act(ear);
	/* Still there, whatever was done. */
	CHECK(ble_address_equal(ble_device_address(device), &adv->address));
	CHECK_STR(ble_device_name(device), "dev");
	CHECK_INT(adv->data.len, 5);
}

/* Ears a (of the scanner itself), b and c, and d that is not there yet. doer
 * does what to victim at the first report; two are sent. */
static void play(char doer, enum what what, char victim, const char *order)
{
	struct ear ears[4] = { { 0 } };
	struct ble_scanner *scanner;
	struct air air;

	harness_about("%c does %d to %c", doer, what, victim);
	air_open(&air);
	for (int i = 0; i < 4; i++) {
		ears[i].first = &ears[0];
		ears[i].scanner = &scanner;
		ears[i].name = (char)('a' + i);
	}
	ears[doer - 'a'].what = what;
	ears[doer - 'a'].victim = &ears[victim - 'a'];
	REQUIRE(ble_scanner_new(air.adapter, hear, NULL, &ears[0], &scanner) == 0);
	for (int i = 1; i < 3; i++)
		REQUIRE(ble_scanner_listen(scanner, hear, &ears[i],
					   &ears[i].listener) == 0);
	REQUIRE(ble_scanner_start(scanner, NULL) == 0);
	SEND(&air, 1, false, "\x04\x09" "dev");
	strcat(ears[0].order, "|");
	SEND(&air, 1, false, "\x04\x09" "dev");
	CHECK_STR(ears[0].order, order);
	ble_scanner_unref(scanner);
	air_close(&air);
}

static void removed(void)
{
	play('a', NOTHING, 'a', "abc|abc");
	play('b', REMOVE, 'b', "abc|ac");
	play('a', REMOVE, 'b', "ac|ac");
	play('a', REMOVE, 'c', "ab|ab");
	play('b', REMOVE, 'c', "ab|ab");
	play('c', REMOVE, 'b', "abc|ac");
	play('c', REMOVE, 'c', "abc|ab");
}

static void added(void)
{
	play('a', ADD, 'd', "abc|abcd");
	play('c', ADD, 'd', "abc|abcd");
}

static void ended_inside(void)
{
	static const char *const orders[] = { "a|", "ab|", "abc|" };

	for (int i = 0; i < 3; i++) {
		char again[10];

		play((char)('a' + i), STOP, 'a', orders[i]);
		play((char)('a' + i), DROP, 'a', orders[i]);
		strcpy(again, orders[i]);
		strcat(again, "abc");
		play((char)('a' + i), RESTART, 'a', again);
	}
}

/* They stay over a stop, without a first one too, and go with the scanner. */
static void lifetime(void)
{
	struct ear ear = { .first = &ear, .name = 'x' };
	struct ble_listener *other;
	struct ble_scanner *scanner;
	struct air air;

	air_open(&air);
	REQUIRE(ble_scanner_new(air.adapter, NULL, NULL, NULL, &scanner) == 0);
	REQUIRE(ble_scanner_listen(scanner, hear, &ear, &ear.listener) == 0);
	REQUIRE(ble_scanner_listen(scanner, hear, &ear, &other) == 0);
	for (int i = 0; i < 2; i++) {
		CHECK_INT(ble_scanner_start(scanner, NULL), 0);
		SEND(&air, 1, false, "\x04\x09" "dev");
		ble_scanner_stop(scanner);
		ble_listener_free(other);
		other = NULL;
	}
	CHECK_STR(ear.order, "xxx");
	ble_scanner_unref(scanner);
	air_close(&air);
}

/* One report goes to all scanners, though one drops another. */
struct pair {
	struct ble_scanner *scanners[3];
	unsigned int told[3];
	int drops; /* which one the first drops */
};

static void drop_other(void *user, struct ble_device *device,
		       const struct ble_advertisement *adv)
{
	struct pair *pair = user;
	struct ble_scanner **scanner = &pair->scanners[pair->drops];

	(void)device;
	(void)adv;
	pair->told[0]++;
	*scanner = ble_scanner_unref(*scanner);
}

static void count(void *user, struct ble_device *device,
		  const struct ble_advertisement *adv)
{
	(void)device;
	(void)adv;
	++*(unsigned int *)user;
}

static void several_scanners(void)
{
	for (int drops = 0; drops < 3; drops++) {
		struct pair pair = { .drops = drops };
		struct air air;

		air_open(&air);
		for (int i = 0; i < 3; i++) {
			void *user = i ? (void *)&pair.told[i] : (void *)&pair;

			REQUIRE(ble_scanner_new(air.adapter, i ? count : drop_other,
						NULL, user, &pair.scanners[i]) == 0);
			REQUIRE(ble_scanner_start(pair.scanners[i], NULL) == 0);
		}
		SEND(&air, 1, false, "");
		for (int i = 0; i < 3; i++) {
			CHECK_INT(pair.told[i], i == drops && i ? 0 : 1);
			ble_scanner_unref(pair.scanners[i]);
		}
		air_close(&air);
	}
}

/* -- Anything, from anywhere ------------------------------------------------------------ */

enum { SCANNERS = 3, LISTENERS = 3 };

struct chaos {
	struct air air;
	struct ble_scanner *scanners[SCANNERS];
	bool runs[SCANNERS];
	struct ble_listener *listeners[SCANNERS][LISTENERS];
	struct ble_op *op;
	unsigned int told;
};

static void chaos_step(struct chaos *chaos);

static void chaos_seen(void *user, struct ble_device *device,
		       const struct ble_advertisement *adv)
{
	struct chaos *chaos = user;

	chaos->told++;
	if (harness_below(3) == 0)
		chaos_step(chaos);
	CHECK(ble_address_equal(ble_device_address(device), &adv->address));
}

static bool chaos_accept(void *user, struct ble_device *device,
			 const struct ble_advertisement *adv)
{
	chaos_seen(user, device, adv);
	return harness_below(4) != 0;
}

static void chaos_found(void *user, int error, struct ble_device *device)
{
	struct chaos *chaos = user;

	chaos->op = NULL;
	CHECK(!error == !!device);
	chaos_step(chaos);
}

static void chaos_start(struct chaos *chaos, int i)
{
	const struct ble_scan_params params = {
		.accept = harness_below(2) ? chaos_accept : NULL,
		.accept_user = chaos,
		.keep = harness_below(3),
		.changes_only = harness_below(2),
	};

	if (!chaos->scanners[i])
		REQUIRE(ble_scanner_new(chaos->air.adapter,
					harness_below(2) ? chaos_seen : NULL, NULL, chaos,
					&chaos->scanners[i]) == 0);
	CHECK_INT(ble_scanner_start(chaos->scanners[i], &params),
		  chaos->runs[i] ? -EALREADY : 0);
	chaos->runs[i] = true;
}

static void chaos_drop(struct chaos *chaos, int i)
{
	chaos->scanners[i] = ble_scanner_unref(chaos->scanners[i]);
	chaos->runs[i] = false;
	memset(chaos->listeners[i], 0, sizeof(chaos->listeners[i]));
}

static void chaos_step(struct chaos *chaos)
{
	int i = (int)harness_below(SCANNERS), l = (int)harness_below(LISTENERS);
	struct ble_listener **listener = &chaos->listeners[i][l];

	switch (harness_below(8)) {
	case 0:
		chaos_drop(chaos, i);
		break;
	case 1:
		if (chaos->scanners[i])
			ble_scanner_stop(chaos->scanners[i]);
		chaos->runs[i] = false;
		break;
	case 2:
	case 3:
		ble_listener_free(*listener);
		*listener = NULL;
		break;
	case 4:
		if (chaos->scanners[i] && !*listener)
			CHECK_INT(ble_scanner_listen(chaos->scanners[i], chaos_seen,
						     chaos, listener), 0);
		break;
	case 5:
		ble_op_cancel(chaos->op);
		chaos->op = NULL;
		break;
	case 6:
		if (!chaos->op)
			CHECK_INT(ble_adapter_find(chaos->air.adapter, NULL, 500, chaos_found,
						chaos, &chaos->op), 0);
		break;
	default:
		chaos_start(chaos, i);
	}
}

static void anything(void)
{
	for (unsigned int round = 0; round < 100; round++) {
		struct chaos chaos = { .told = 0 };

		air_open(&chaos.air);
		for (unsigned int i = 0; i < 200; i++) {
			chaos_step(&chaos);
			SEND(&chaos.air, harness_below(4), harness_below(2), "\x02\x01\x06");
		}
		CHECK(chaos.told > 0);
		ble_op_cancel(chaos.op);
		for (int i = 0; i < SCANNERS; i++)
			chaos_drop(&chaos, i);
		chaos.air.stops = chaos.air.starts; /* one start may follow another */
		air_close(&chaos.air);
	}
}

const struct test_case scan_listeners[] = {
	TEST(removed), TEST(added), TEST(ended_inside), TEST(lifetime),
	TEST(several_scanners), TEST(anything), { 0 },
};
