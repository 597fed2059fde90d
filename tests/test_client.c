/* SPDX-License-Identifier: MIT */
/* The client's procedures against peers that send what the simulator never sends. */
#include <string.h>

#include "base/bytes.h"
#include "tests/dialog.h"
#include "tests/harness.h"
#include "tests/walk.h"

static const uint16_t three[] = { 3, 5, 7 };

#define WRITE(at, n) { .handle = at, .value = { octets, n } }

static void ends_once(struct dialog *d, unsigned int ends)
{
	CHECK(dialog_wait(d, ends));
	CHECK(!dialog_wait(d, ends + 1));
}

/* -- Reads ---------------------------------------------------------------------------- */

static void by_type(struct dialog *d, struct ble_client *client)
{
	const struct ble_uuid uuid = ble_uuid16(0x2a56);

	CHECK_INT(ble_client_read_by_uuid(client, &uuid, 1, 0xffff, dialog_value,
					  dialog_done, d, NULL), 0);
	ends_once(d, 1);
}

static const struct dialog_case type_long = { .act = by_type, .text =
	"> 08 0100 ffff 562a\n< 09 04 0300 aabb 0500 ccdd\n"
	"! 0003 aabb\n! 0005 ccdd\n"
	"> 08 0600 ffff 562a\n< 09 15 0700 11*19\n"
	"> 0c 0700 1300\n< 0d 2222\n"
	"! 0007 11*19 2222\n"
	"> 08 0800 ffff 562a\n< 01 08 0800 0a\n"
	"! done 0\n"
};

/* It just fills its row, which the peer says with an error. */
static const struct dialog_case type_border = { .act = by_type, .text =
	"> 08 0100 ffff 562a\n< 09 15 fdff 11*19\n"
	"> 0c fdff 1300\n< 01 0c fdff 0b\n"
	"! fffd 11*19\n"
	"> 08 feff ffff 562a\n< 09 15 ffff 22*19\n"
	"> 0c ffff 1300\n< 0d\n"
	"! ffff 22*19\n"
	"! done 0\n"
};

/* Two rows as long as a row can be: both may go on, one after the other. */
static const struct dialog_case type_pair = { .act = by_type, .text =
	"> 02 0502\n< 03 0502\n"
	"> 08 0100 ffff 562a\n< 09 ff 0300 11*253 0500 22*253\n"
	"> 0c 0300 fd00\n< 0d 33\n"
	"! 0003 11*253 33\n"
	"> 08 0400 ffff 562a\n< 09 ff 0500 22*253\n"
	"> 0c 0500 fd00\n< 01 0c 0500 07\n"
	"! 0005 22*253\n"
	"> 08 0600 ffff 562a\n< 01 08 0600 0a\n"
	"! done 0\n",
	.mtu = 517
};

static const struct dialog_case type_refused = { .act = by_type, .text =
	"> 08 0100 ffff 562a\n< 09 15 0700 11*19\n"
	"> 0c 0700 1300\n< 01 0c 0700 05\n"
	"! done 0x05\n"
};

/* The rest of a long value must not end it for ever, and no value is longer
 * than 512. */
static const struct dialog_case type_endless = { .act = by_type, .text =
	"> 08 0100 ffff 562a\n< 09 15 ffff 11*19\n"
	"> 0c ffff 1300\n< 0d 22*22\n> 0c ffff 2900\n< 0d 22*22\n"
	"> 0c ffff 3f00\n< 0d 22*22\n> 0c ffff 5500\n< 0d 22*22\n"
	"> 0c ffff 6b00\n< 0d 22*22\n> 0c ffff 8100\n< 0d 22*22\n"
	"> 0c ffff 9700\n< 0d 22*22\n> 0c ffff ad00\n< 0d 22*22\n"
	"> 0c ffff c300\n< 0d 22*22\n> 0c ffff d900\n< 0d 22*22\n"
	"> 0c ffff ef00\n< 0d 22*22\n> 0c ffff 0501\n< 0d 22*22\n"
	"> 0c ffff 1b01\n< 0d 22*22\n> 0c ffff 3101\n< 0d 22*22\n"
	"> 0c ffff 4701\n< 0d 22*22\n> 0c ffff 5d01\n< 0d 22*22\n"
	"> 0c ffff 7301\n< 0d 22*22\n> 0c ffff 8901\n< 0d 22*22\n"
	"> 0c ffff 9f01\n< 0d 22*22\n> 0c ffff b501\n< 0d 22*22\n"
	"> 0c ffff cb01\n< 0d 22*22\n> 0c ffff e101\n< 0d 22*22\n"
	"> 0c ffff f701\n< 0d 22*22\n"
	"! ffff 11*19 22*493\n! done 0\n"
};

/* As if Server Supported Features had been read. */
static void multiple(struct dialog *d, struct ble_client *client)
{
	client->connection->gatt.several = GATT_SEVERAL_OFFERED;
	CHECK_INT(ble_client_read_multiple(client, three, 3, dialog_value, dialog_done,
					   d, NULL), 0);
	ends_once(d, 1);
}

static const struct dialog_case multiple_whole = { .act = multiple, .text =
	"> 20 0300 0500 0700\n< 21 0100 aa 0000 0200 bbcc\n"
	"! 0003 aa\n! 0005 -\n! 0007 bbcc\n! done 0\n"
};

/* The response ended before all was said: in a value, in between. */
static const struct dialog_case multiple_cut = { .act = multiple, .text =
	"> 20 0300 0500 0700\n< 21 0100 aa 0200 bbcc 2000 11*13\n"
	"! 0003 aa\n! 0005 bbcc\n"
	"> 0a 0700\n< 0b 11*22\n> 0c 0700 1600\n< 0d 22\n"
	"! 0007 11*22 22\n! done 0\n"
};

static const struct dialog_case multiple_short = { .act = multiple, .text =
	"> 20 0300 0500 0700\n< 21 1300 11*19 02\n"
	"! 0003 11*19\n"
	"> 20 0500 0700\n< 21 0000 0000\n"
	"! 0005 -\n! 0007 -\n! done 0\n"
};

/* The first alone is more than a response: one by one, then together again. */
static const struct dialog_case multiple_first = { .act = multiple, .text =
	"> 20 0300 0500 0700\n< 21 4000 11*20\n"
	"> 0a 0300\n< 0b 11*3\n"
	"! 0003 11*3\n"
	"> 20 0500 0700\n< 21 0100 05 0100 07\n"
	"! 0005 05\n! 0007 07\n! done 0\n"
};

static const struct dialog_case multiple_unknown = { .act = multiple, .text =
	"> 20 0300 0500 0700\n< 01 20 0000 06\n"
	"> 0a 0300\n< 0b 03\n! 0003 03\n"
	"> 0a 0500\n< 0b\n! 0005 -\n"
	"> 0a 0700\n< 01 0a 0700 02\n! done 0x02\n"
};

static const struct dialog_case multiple_refused = { .act = multiple, .text =
	"> 20 0300 0500 0700\n< 01 20 0500 02\n"
	"> 0a 0300\n< 0b 03\n! 0003 03\n"
	"> 0a 0500\n< 01 0a 0500 02\n! done 0x02\n"
};

static void plain_multiple(struct dialog *d, struct ble_client *client)
{
	CHECK_INT(ble_client_read_multiple(client, three, 3, dialog_value, dialog_done,
					   d, NULL), 0);
}

/* Of a peer that says nothing of it: it may never answer, as BlueZ's server. */
static void not_offered(struct dialog *d, struct ble_client *client)
{
	plain_multiple(d, client);
	ends_once(d, 1);
}

static const struct dialog_case multiple_not_offered = { .act = not_offered, .text =
	"> 0a 0300\n< 0b 03\n! 0003 03\n> 0a 0500\n< 0b\n! 0005 -\n"
	"> 0a 0700\n< 0b 07\n! 0007 07\n! done 0\n"
};

/* A tree with Server Supported Features, whose value has the handle 0x12. */
static void add_features(struct ble_client *client)
{
	const struct ble_service service = { .handle = 0x10, .end = 0x12, .primary = true,
					     .uuid = ble_uuid16(0x1801) };
	const struct ble_characteristic c = { .handle = 0x11, .value_handle = 0x12,
					      .properties = BLE_READ, .uuid = ble_uuid16(0x2b3a) };
	struct ble_services *tree = &client->connection->gatt.tree;

	REQUIRE(gatt_tree_add_service(tree, &service) == 0);
	REQUIRE(gatt_tree_add_characteristic(tree, &c) == 0);
	gatt_tree_settle(tree);
	gatt_tree_tie(tree, NULL);
}

/* Read once; then it is known. */
static void offered(struct dialog *d, struct ble_client *client)
{
	add_features(client);
	plain_multiple(d, client);
	dialog_wait(d, 1);
	if (ble_client_connected(client))
		plain_multiple(d, client);
	dialog_wait(d, 2);
}

static const struct dialog_case multiple_offered = { .act = offered, .text =
	"> 0a 1200\n< 0b 01\n"
	"> 20 0300 0500 0700\n< 21 0100 aa 0000 0100 bb\n"
	"! 0003 aa\n! 0005 -\n! 0007 bb\n! done 0\n"
	"> 20 0300 0500 0700\n< 21 0100 aa 0000 0100 bb\n"
	"! 0003 aa\n! 0005 -\n! 0007 bb\n! done 0\n"
};

static const struct dialog_case multiple_other_features = { .act = offered, .text =
	"> 0a 1200\n< 0b 02\n"
	"> 0a 0300\n< 0b 03\n! 0003 03\n> 0a 0500\n< 0b\n! 0005 -\n"
	"> 0a 0700\n< 0b 07\n! 0007 07\n! done 0\n"
	"> 0a 1200\n< 01 0a 1200 05\n"
	"> 0a 0300\n< 0b 03\n! 0003 03\n> 0a 0500\n< 0b\n! 0005 -\n"
	"> 0a 0700\n< 0b 07\n! 0007 07\n! done 0\n"
};

/* Its link is lost once, and not again, also for another client of the same peer. */
static void never_answered(struct dialog *d, struct ble_client *client)
{
	const struct ble_connect_params params = { .mtu = 23 };
	struct ble_client *other;

	add_features(client);
	plain_multiple(d, client);
	dialog_wait(d, 1);
	REQUIRE(ble_client_new(ble_client_adapter(client), ble_client_address(client),
			       &other) == 0);
	if (!ble_client_connected(client) &&
	    !ble_client_connect(other, &params, dialog_done, d, NULL)) {
		dialog_wait(d, 2);
		if (ble_client_connected(other)) {
			add_features(other);
			plain_multiple(d, other);
			dialog_wait(d, 3);
		}
	}
	ble_client_unref(other);
}

static const struct dialog_case multiple_never = { .act = never_answered, .text =
	"> 0a 1200\n< 0b 01\n"
	"> 20 0300 0500 0700\n< 1b\n! done -ETIMEDOUT\n" /* no answer, nor anything */
	"! done 0\n"
	"> 0a 0300\n< 0b 03\n! 0003 03\n> 0a 0500\n< 0b\n! 0005 -\n"
	"> 0a 0700\n< 0b 07\n! 0007 07\n! done 0\n"
};

/* Whoever waits for less than 30 s has seen the silence, too; not who cancels at once. */
static void not_waited_for(struct dialog *d, struct ble_client *client)
{
	struct ble_op *op;

	client->connection->gatt.several = GATT_SEVERAL_OFFERED;
	CHECK_INT(ble_client_read_multiple(client, three, 3, dialog_value, dialog_done, d,
					   &op), 0);
	ble_op_cancel(op);
	CHECK_INT(client->connection->gatt.several, GATT_SEVERAL_OFFERED);
	dialog_peer(d, "21 0000 0000 0000");
	CHECK_INT(ble_client_read_multiple(client, three, 3, dialog_value, dialog_done, d,
					   &op), 0);
	ble_op_set_timeout(op, 2000);
	dialog_wait(d, 1);
	CHECK_INT(client->connection->gatt.several, GATT_SEVERAL_NEVER);
}

static const struct dialog_case multiple_not_waited = { .act = not_waited_for, .text =
	"> 20 0300 0500 0700\n> 20 0300 0500 0700\n! done -ETIMEDOUT\n"
};

/* Two values of three, and room left: it lies. */
static const struct dialog_case multiple_few = { .act = multiple, .text =
	"> 20 0300 0500 0700\n< 21 0100 aa 0100 bb\n"
	"! 0003 aa\n! 0005 bb\n! done -EBADMSG\n"
};

static void joined(struct dialog *d, struct ble_client *client)
{
	CHECK_INT(ble_client_read_joined(client, three, 3, dialog_read, d, NULL), 0);
	ends_once(d, 1);
}

static const struct dialog_case joined_values = { .act = joined, .text =
	"> 0e 0300 0500 0700\n< 0f aabbcc\n! 0000 aabbcc\n! done 0\n"
};

/* -- Reliable writes ------------------------------------------------------------------- */

static void reliable(struct dialog *d, struct ble_client *client)
{
	static const uint8_t octets[20] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
					    15, 16, 17, 18, 19, 20 };
	const struct ble_write writes[] = { WRITE(3, 20), WRITE(5, 1) };

	CHECK_INT(ble_client_write_reliable(client, writes, 2, dialog_done, d, NULL), 0);
	ends_once(d, 1);
}

#define FIRST "> 16 0300 0000 010203040506070809 0a0b0c0d0e0f101112\n"
#define FIRST_ECHO "< 17 0300 0000 010203040506070809 0a0b0c0d0e0f101112\n"
#define SECOND "> 16 0300 1200 1314\n"
#define THIRD "> 16 0500 0000 01\n"

static const struct dialog_case reliable_right = { .act = reliable, .text =
	FIRST FIRST_ECHO SECOND "< 17 0300 1200 1314\n" THIRD "< 17 0500 0000 01\n"
	"> 18 01\n< 19\n! done 0\n"
};

static const struct dialog_case reliable_wrong_value = { .act = reliable, .text =
	FIRST FIRST_ECHO SECOND "< 17 0300 1200 1315\n"
	"> 18 00\n< 19\n! done -EBADMSG\n"
};

static const struct dialog_case reliable_wrong_offset = { .act = reliable, .text =
	FIRST FIRST_ECHO SECOND "< 17 0300 1300 1314\n"
	"> 18 00\n< 19\n! done -EBADMSG\n"
};

static const struct dialog_case reliable_wrong_handle = { .act = reliable, .text =
	FIRST FIRST_ECHO SECOND "< 17 0300 1200 1314\n" THIRD "< 17 0300 0000 01\n"
	"> 18 00\n< 19\n! done -EBADMSG\n"
};

static const struct dialog_case reliable_short_echo = { .act = reliable, .text =
	FIRST "< 17 0300 0000 010203\n> 18 00\n< 19\n! done -EBADMSG\n"
};

static const struct dialog_case reliable_refused = { .act = reliable, .text =
	FIRST FIRST_ECHO SECOND "< 17 0300 1200 1314\n" THIRD "< 01 16 0500 08\n"
	"> 18 00\n< 19\n! done 0x08\n"
};

static const struct dialog_case reliable_refused_first = { .act = reliable, .text =
	FIRST "< 01 16 0300 03\n! done 0x03\n"
};

static const struct dialog_case reliable_not_carried_out = { .act = reliable, .text =
	FIRST FIRST_ECHO SECOND "< 17 0300 1200 1314\n" THIRD "< 17 0500 0000 01\n"
	"> 18 01\n< 01 18 0500 0d\n! done 0x0d\n"
};

/* -- Late answers ------------------------------------------------------------------------ */

/* What comes too late for one read is not the next one's. */
static void two_reads(struct dialog *d, struct ble_client *client)
{
	struct ble_op *op;

	CHECK_INT(ble_client_read(client, 3, dialog_read, d, &op), 0);
	ble_op_set_timeout(op, 200);
	CHECK_INT(ble_client_read(client, 5, dialog_read, d, NULL), 0);
	ends_once(d, 2);
}

static const struct dialog_case late_read = { .act = two_reads, .text =
	"> 0a 0300\n< 900 0b aabb\n! done -ETIMEDOUT\n"
	"> 0a 0500\n< 0b cc\n! 0000 cc\n! done 0\n"
};

static const struct dialog_case late_error = { .act = two_reads, .text =
	"> 0a 0300\n< 900 01 0a 0300 02\n! done -ETIMEDOUT\n"
	"> 0a 0500\n< 0b cc\n! 0000 cc\n! done 0\n"
};

/* A reliable write whose time is over empties the peer's queue first. */
static void write_then_read(struct dialog *d, struct ble_client *client)
{
	static const uint8_t octets[2] = { 1, 2 };
	const struct ble_write writes[] = { WRITE(3, 2), WRITE(5, 2) };

	ble_client_set_timeout(client, 200);
	CHECK_INT(ble_client_write_reliable(client, writes, 2, dialog_done, d, NULL), 0);
	ble_client_set_timeout(client, BLE_FOREVER);
	CHECK_INT(ble_client_read(client, 5, dialog_read, d, NULL), 0);
	ends_once(d, 2);
}

static const struct dialog_case late_echo = { .act = write_then_read, .text =
	"> 16 0300 0000 0102\n< 17 0300 0000 0102\n"
	"> 16 0500 0000 0102\n< 900 17 0500 0000 0102\n"
	"! done -ETIMEDOUT\n> 18 00\n< 19\n"
	"> 0a 0500\n< 0b cc\n! 0000 cc\n! done 0\n"
};

static void type_then_read(struct dialog *d, struct ble_client *client)
{
	const struct ble_uuid uuid = ble_uuid16(0x2a56);
	struct ble_op *op;

	CHECK_INT(ble_client_read_by_uuid(client, &uuid, 1, 0xffff, dialog_value,
					  dialog_done, d, &op), 0);
	ble_op_set_timeout(op, 200);
	CHECK_INT(ble_client_read(client, 5, dialog_read, d, NULL), 0);
	ends_once(d, 2);
}

static const struct dialog_case late_values = { .act = type_then_read, .text =
	"> 08 0100 ffff 562a\n< 900 09 04 0300 aabb 0500 ccdd\n! done -ETIMEDOUT\n"
	"> 0a 0500\n< 0b cc\n! 0000 cc\n! done 0\n"
};

/* Nothing comes at all: the client's time ends the calls, 30 s the link. */
static void silence(struct dialog *d, struct ble_client *client)
{
	ble_client_set_timeout(client, 1000);
	CHECK_INT(ble_client_read(client, 3, dialog_read, d, NULL), 0);
	ble_client_set_timeout(client, BLE_FOREVER);
	CHECK_INT(ble_client_read(client, 5, dialog_read, d, NULL), 0);
	CHECK(dialog_wait(d, 1));
	CHECK(ble_client_connected(client));
	ends_once(d, 2);
	CHECK(!ble_client_connected(client));
}

static const struct dialog_case silent_peer = { .act = silence, .text =
	"> 0a 0300\n! done -ETIMEDOUT\n! done -ETIMEDOUT\n"
};

/* -- The MTU ---------------------------------------------------------------------------- */

/* The limit of a connect holds whoever asks, and however often. */
static void read_then_asked(struct dialog *d, struct ble_client *client)
{
	CHECK_INT(ble_client_read(client, 3, dialog_read, d, NULL), 0);
	ends_once(d, 1);
	CHECK(ble_client_mtu(client) <= 100);
	dialog_peer(d, "02 0502");
	CHECK(ble_client_mtu(client) <= 100);
}

static const struct dialog_case mtu_asked_after = { .act = read_then_asked, .mtu = 100,
	.text =
	"> 02 6400\n< 03 0502\n"
	"> 0a 0300\n< 0b aa\n! 0000 aa\n! done 0\n"
	"> 03 6400\n"
};

/* The two cross on the air: to the peer its own was the first. */
static const struct dialog_case mtu_asked_first = { .act = read_then_asked, .mtu = 100,
	.text =
	"> 02 6400\n< 02 0502\n"
	"> 03 6400\n< 03 0502\n"
	"> 0a 0300\n< 0b aa\n! 0000 aa\n! done 0\n"
	"> 03 6400\n" /* twice breaks 3.4.2.1, and is answered alike */
};

static void read_then_asked_23(struct dialog *d, struct ble_client *client)
{
	read_then_asked(d, client);
	CHECK(!ble_client_connected(client) || ble_client_mtu(client) == 23);
}

static const struct dialog_case mtu_of_23 = { .act = read_then_asked_23, .text =
	"> 0a 0300\n< 0b aa\n! 0000 aa\n! done 0\n"
	"> 03 1700\n"
};

/* -- Chosen services -------------------------------------------------------------------- */

static void chosen(struct dialog *d, struct ble_client *client)
{
	const struct ble_uuid uuids[] = { ble_uuid16(0x180f), ble_uuid16(0x180d) };

	CHECK_INT(ble_client_discover_only(client, uuids, 2, dialog_done, d, NULL), 0);
	ends_once(d, 1);
}

static void look_at_chosen(const struct ble_services *tree)
{
	REQUIRE(ble_services_count(tree) == 2 && ble_services_count_characteristics(tree) == 2);
	CHECK_INT(nth_service(tree, 0)->handle, 0x0001);
	CHECK_INT(nth_service(tree, 1)->handle, 0x0020);
	CHECK_INT(ble_uuid_short(&nth_service(tree, 0)->uuid), 0x180d);
	CHECK_INT(ble_uuid_short(&nth_service(tree, 1)->uuid), 0x180f);
	CHECK_INT(nth_characteristic(tree, 0)->value_handle, 0x0003);
	CHECK_INT(nth_characteristic(tree, 1)->value_handle, 0x0022);
	CHECK_INT(ble_services_count_descriptors(tree), 1);
	CHECK_INT(nth_characteristic(tree, 1)->n_descriptors, 1);
}

static void chosen_and_look(struct dialog *d, struct ble_client *client)
{
	dialog_after(d, look_at_chosen);
	chosen(d, client);
}

/* Another service's characteristic between the two is not theirs. */
static const struct dialog_case chosen_leap = { .act = chosen_and_look, .text =
	"> 06 0100 ffff 0028 0f18\n< 07 2000 2400\n"
	"> 06 2500 ffff 0028 0f18\n< 01 06 2500 0a\n"
	"> 06 0100 ffff 0028 0d18\n< 07 0100 0300\n"
	"> 06 0400 ffff 0028 0d18\n< 01 06 0400 0a\n"
	"> 08 0200 2400 0328\n< 09 07 0200 02 0300 372a 1200 02 1300 002a\n"
	"> 08 2100 2400 0328\n< 09 07 2100 12 2200 192a\n"
	"> 08 2300 2400 0328\n< 01 08 2300 0a\n"
	"> 04 2300 2400\n< 05 01 2300 0229\n"
	"> 04 2400 2400\n< 01 04 2400 0a\n"
	"! done 0\n"
};

static const struct dialog_case chosen_none = { .act = chosen, .text =
	"> 06 0100 ffff 0028 0f18\n< 01 06 0100 0a\n"
	"> 06 0100 ffff 0028 0d18\n< 01 06 0100 0a\n"
	"! done -ENOENT\n"
};

static const struct dialog_case chosen_overlap = { .act = chosen, .text =
	"> 06 0100 ffff 0028 0f18\n< 07 2000 ffff\n"
	"> 06 0100 ffff 0028 0d18\n< 07 0100 2000\n"
	"! done -EBADMSG\n"
};

static const struct dialog_case chosen_inside = { .act = chosen, .text =
	"> 06 0100 ffff 0028 0f18\n< 07 2000 ffff\n"
	"> 06 0100 ffff 0028 0d18\n< 07 3000 3100\n"
	"! done -EBADMSG\n"
};

/* -- Attributes behind the last characteristic ---------------------------------------- */

static void look_at_behind(const struct ble_services *tree)
{
	const struct ble_characteristic *first = nth_characteristic(tree, 0);
	const struct ble_characteristic *second = nth_characteristic(tree, 1);

	REQUIRE(ble_services_count(tree) == 1 && ble_services_count_characteristics(tree) == 2);
	CHECK_INT(first->value_handle, 3);
	CHECK_INT(first->end, 4);
	CHECK_INT(second->handle, 5);
	CHECK_INT(second->value_handle, 6);
	CHECK_INT(second->end, 10);
	REQUIRE(ble_services_count_descriptors(tree) == 2);
	CHECK_INT(nth_descriptor(tree, 0)->handle, 4);
	CHECK_INT(nth_descriptor(tree, 1)->handle, 7);
	CHECK_INT(first->n_descriptors, 1);
	CHECK_INT(second->n_descriptors, 1);
}

static void discover(struct dialog *d, struct ble_client *client)
{
	CHECK_INT(ble_client_discover(client, dialog_done, d, NULL), 0);
	ends_once(d, 1);
}

static void discover_behind(struct dialog *d, struct ble_client *client)
{
	dialog_after(d, look_at_behind);
	discover(d, client);
}

#define ONE_SERVICE \
	"> 10 0100 ffff 0028\n< 11 06 0100 0a00 0f18\n" \
	"> 10 0b00 ffff 0028\n< 01 10 0b00 0a\n" \
	"> 08 0100 0a00 0328\n< 09 07 0200 10 0300 192a\n"

/* Nothing but its descriptor: what is behind is asked once. */
static const struct dialog_case behind_nothing = { .act = discover, .text =
	ONE_SERVICE
	"> 04 0400 0a00\n< 05 01 0400 0229\n"
	"> 04 0500 0a00\n< 01 04 0500 0a\n"
	"! done 0\n"
};

/* Another one, whose UUID is long. */
static const struct dialog_case behind_long = { .act = discover_behind, .text =
	ONE_SERVICE
	"> 04 0400 0a00\n< 05 01 0400 0229 0500 0328\n"
	"> 08 0500 0a00 0328\n< 09 15 0500 10 0600 11*16\n"
	"> 08 0700 0a00 0328\n< 01 08 0700 0a\n"
	"> 04 0700 0a00\n< 05 01 0700 0229\n"
	"> 04 0800 0a00\n< 01 04 0800 0a\n"
	"! done 0\n"
};

/* The peer gives one row where there is room for three. */
static const struct dialog_case behind_scant = { .act = discover_behind, .text =
	ONE_SERVICE
	"> 04 0400 0a00\n< 05 01 0400 0229 0500 0328 0600 1a2a 0700 0229\n"
	"> 08 0500 0a00 0328\n< 09 07 0500 10 0600 1a2a\n"
	"> 08 0700 0a00 0328\n< 01 08 0700 0a\n"
	"> 04 0700 0a00\n< 05 01 0700 0229\n"
	"> 04 0800 0a00\n< 01 04 0800 0a\n"
	"! done 0\n"
};

/* A response that is full says nothing of what follows. */
static const struct dialog_case behind_full = { .act = discover, .text =
	"> 10 0100 ffff 0028\n< 11 06 0100 0a00 0f18\n"
	"> 10 0b00 ffff 0028\n< 01 10 0b00 0a\n"
	"> 08 0100 0a00 0328\n"
	"< 09 07 0200 10 0300 192a 0400 10 0500 192a 0600 10 0700 192a\n"
	"> 08 0800 0a00 0328\n< 01 08 0800 0a\n"
	"> 04 0800 0a00\n< 01 04 0800 0a\n"
	"! done 0\n"
};

/* It takes back that there is one. */
static const struct dialog_case behind_denied = { .act = discover, .text =
	ONE_SERVICE
	"> 04 0400 0a00\n< 05 01 0400 0229 0500 0328\n"
	"> 08 0500 0a00 0328\n< 01 08 0500 0a\n"
	"> 04 0500 0a00\n< 01 04 0500 0a\n"
	"! done 0\n"
};

/* The second one is between the first and its value. */
static const struct dialog_case within_another = { .act = discover, .text =
	"> 10 0100 ffff 0028\n< 11 06 0100 0a00 0f18\n"
	"> 10 0b00 ffff 0028\n< 01 10 0b00 0a\n"
	"> 08 0100 0a00 0328\n< 09 07 0200 10 0600 192a 0400 10 0500 192a\n"
	"! done -EBADMSG\n"
};

/* -- Descriptions ------------------------------------------------------------------------ */

static void look_at_described(const struct ble_services *tree)
{
	const struct ble_characteristic *c = nth_characteristic(tree, 0);

	REQUIRE(ble_services_count_characteristics(tree) == 1);
	CHECK_INT(c->extended, BLE_RELIABLE_WRITE | BLE_WRITABLE_AUXILIARIES);
	CHECK(c->description && !strcmp(c->description, "Hi"));
	CHECK_INT(c->format.format, 0x0e);
	CHECK_INT(c->format.exponent, -2);
	CHECK_INT(c->format.unit, 0x272f);
	CHECK_INT(c->format.name_space, 1);
	CHECK_INT(c->format.description, 0x0102);
}

static void describe_with(struct dialog *d, struct ble_client *client,
			  void (*look)(const struct ble_services *tree))
{
	const struct ble_uuid uuid = ble_uuid16(0x181a);

	dialog_after(d, look);
	CHECK_INT(ble_client_discover_only(client, &uuid, 1, dialog_done, d, NULL), 0);
	CHECK_INT(ble_client_describe(client, dialog_done, d, NULL), 0);
	ends_once(d, 2);
}

static void describe(struct dialog *d, struct ble_client *client)
{
	describe_with(d, client, look_at_described);
}

#define TREE \
	"> 06 0100 ffff 0028 1a18\n< 07 0100 ffff\n" \
	"> 08 0200 ffff 0328\n< 09 07 0200 82 0300 6e2a\n" \
	"> 08 0400 ffff 0328\n< 01 08 0400 0a\n" \
	"> 04 0400 ffff\n< 05 01 0400 0029 0500 0129 0600 0429 0700 0429 0800 0229\n" \
	"> 04 0900 ffff\n< 01 04 0900 0a\n" \
	"> 0a 0400\n! done 0\n"

/* The first format counts; what is no text ends the text. */
static const struct dialog_case described = { .act = describe, .text =
	TREE
	"< 0b 0300\n"
	"> 0a 0500\n< 0b 48690021\n"
	"> 0a 0600\n< 0b 0e fe 2f27 01 0201\n"
	"> 0a 0700\n< 0b 04 00 0027 01 0000\n"
	"! done 0\n"
};

static void look_at_nothing(const struct ble_services *tree)
{
	const struct ble_characteristic *c = nth_characteristic(tree, 0);

	REQUIRE(ble_services_count_characteristics(tree) == 1);
	CHECK_INT(c->extended, 0);
	CHECK(!c->description && !c->format.format);
}

static void describe_nothing(struct dialog *d, struct ble_client *client)
{
	describe_with(d, client, look_at_nothing);
}

/* Refused, of another length than theirs: unknown, and no error. */
static const struct dialog_case described_badly = { .act = describe_nothing, .text =
	TREE
	"< 0b 03\n"
	"> 0a 0500\n< 01 0a 0500 05\n"
	"> 0a 0600\n< 0b 0e fe 2f27 01 02\n"
	"> 0a 0700\n< 0b\n"
	"! done 0\n"
};

#define DIALOG(page) { #page, dialog_run, &(page) }

int main(int argc, char **argv)
{
	static const struct test_case reads[] = {
		DIALOG(type_long), DIALOG(type_border), DIALOG(type_pair), DIALOG(type_refused),
		DIALOG(type_endless), DIALOG(multiple_whole), DIALOG(multiple_cut),
		DIALOG(multiple_short), DIALOG(multiple_first), DIALOG(multiple_unknown),
		DIALOG(multiple_refused), DIALOG(multiple_few), DIALOG(multiple_not_offered),
		DIALOG(multiple_offered), DIALOG(multiple_other_features),
		DIALOG(multiple_never), DIALOG(multiple_not_waited), DIALOG(joined_values),
		{ 0 },
	};
	static const struct test_case writes[] = {
		DIALOG(reliable_right), DIALOG(reliable_wrong_value),
		DIALOG(reliable_wrong_offset), DIALOG(reliable_wrong_handle),
		DIALOG(reliable_short_echo), DIALOG(reliable_refused),
		DIALOG(reliable_refused_first), DIALOG(reliable_not_carried_out),
		{ 0 },
	};
	static const struct test_case late[] = {
		DIALOG(late_read), DIALOG(late_error), DIALOG(late_echo),
		DIALOG(late_values), DIALOG(silent_peer), DIALOG(mtu_asked_after),
		DIALOG(mtu_asked_first), DIALOG(mtu_of_23), { 0 },
	};
	static const struct test_case trees[] = {
		DIALOG(behind_nothing), DIALOG(behind_long), DIALOG(behind_scant),
		DIALOG(behind_full), DIALOG(behind_denied), DIALOG(within_another),
		DIALOG(chosen_leap), DIALOG(chosen_none), DIALOG(chosen_overlap),
		DIALOG(chosen_inside), DIALOG(described), DIALOG(described_badly), { 0 },
	};
	static const struct test_suite suites[] = {
		{ "reads", reads }, { "writes", writes }, { "late", late },
		{ "trees", trees }, { 0 },
	};

	return harness_main(argc, argv, suites);
}
