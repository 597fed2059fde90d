/* SPDX-License-Identifier: MIT */
/* Each kind of procedure meets 0x05 or 0x0f and is repeated after a remedy that does
 * nothing but end later. The links take note of the operations and send nothing. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "gatt/gatt.h"
#include "tests/test_remedy.h"

enum {
	AUTHENTICATION = BLE_ERROR_ATT(0x05),
	ENCRYPTION = BLE_ERROR_ATT(0x0f),
	OUT_OF_SYNC = BLE_ERROR_ATT(0x12),
};

struct counted_remedy {
	struct gatt_remedy remedy;
	unsigned int started, ended;
};

struct peer {
	struct att att;
	struct gatt_client client;
	struct ble_loop *loop;
	struct att_op *op; /* on the wire */
	char sent[200];    /* since the last look */
	struct counted_remedy pairing, encrypting;
	char reported[100]; /* values of a read_each */
	unsigned int done;
	int error;
	struct gatt_read read;
	struct gatt_read_each each;
	struct gatt_write write;
	struct gatt_discovery discovery;
	struct gatt_describe describe;
	struct gatt_subscriber subscriber;
	struct gatt_configuration configuration;
};

static const uint8_t text[] = "0123456789abcdefghijklmnopqrstuvwxyz";
static const uint8_t handles[] = { 3, 0, 5, 0, 7, 0 };
static const struct gatt_part parts[] = { { 5, { text, 4 } }, { 6, { text, 2 } } };
static struct peer one, two;

/* -- The link ------------------------------------------------------------------------ */

static const char *const verbs[ATT_VERBS] = {
	[ATT_FIND_INFORMATION] = "find", [ATT_FIND_BY_TYPE_VALUE] = "value",
	[ATT_READ_BY_TYPE] = "type", [ATT_READ_BY_GROUP_TYPE] = "group",
	[ATT_READ_LONG] = "read", [ATT_READ_MULTIPLE] = "joined",
	[ATT_READ_MULTIPLE_VARIABLE] = "several", [ATT_WRITE] = "write",
	[ATT_PREPARE_WRITE] = "prepare", [ATT_EXECUTE_WRITE] = "execute",
};

/* As "verb start-end+offset=len". */
static int note_submit(struct att *att, struct att_op *op)
{
	struct peer *peer = container_of(att, struct peer, att);
	size_t len = strlen(peer->sent);

	CHECK(!peer->op);
	peer->op = op;
	REQUIRE(verbs[op->verb] != NULL);
	snprintf(peer->sent + len, sizeof(peer->sent) - len, "%s%s %x-%x+%u=%zu",
		 len ? " " : "", verbs[op->verb], op->start, op->end, op->offset,
		 op->value.len);
	return 0;
}

static void note_cancel(struct att *att, struct att_op *op)
{
	struct peer *peer = container_of(att, struct peer, att);

	if (peer->op == op)
		peer->op = NULL;
}

static void check_sent(struct peer *peer, const char *expected)
{
	CHECK_STR(peer->sent, expected);
	peer->sent[0] = '\0';
}

static void record(struct peer *peer, struct att_record record)
{
	REQUIRE(peer->op && peer->op->record);
	peer->op->record(peer->op, &record);
}

static void value(struct peer *peer, uint16_t handle, size_t len)
{
	record(peer, (struct att_record){ .handle = handle, .value = { text, len } });
}

static void answer(struct peer *peer, int error)
{
	struct att_op *op = peer->op;

	REQUIRE(op != NULL);
	peer->op = NULL;
	op->done(op, error);
}

/* -- The remedy ------------------------------------------------------------------------- */

static bool remedy_start(struct gatt_remedy *remedy, struct gatt_procedure *procedure)
{
	(void)procedure;
	container_of(remedy, struct counted_remedy, remedy)->started++;
	return true;
}

static int remedy_end(struct gatt_remedy *remedy, struct gatt_procedure *procedure)
{
	(void)procedure;
	container_of(remedy, struct counted_remedy, remedy)->ended++;
	return 0;
}

/* The peer refuses what is on the wire, and the remedy is over. */
static void refuse(struct peer *peer, int error)
{
	struct counted_remedy *counted = error == ENCRYPTION ? &peer->encrypting : &peer->pairing;

	peer->sent[0] = '\0';
	answer(peer, error);
	CHECK(!peer->op);
	CHECK_INT(counted->started, 1);
	CHECK_INT(peer->done, 0);
	CHECK_STR(peer->sent, "");
	gatt_remedied(&peer->client, &counted->remedy);
	CHECK_INT(counted->ended, 1);
}

static void done(struct gatt_procedure *procedure, int error)
{
	struct peer *peer = procedure->user;

	peer->done++;
	peer->error = error;
}

static bool report(struct gatt_read_each *each, uint16_t handle, struct ble_bytes bytes)
{
	struct peer *peer = each->read.procedure.user;
	size_t len = strlen(peer->reported);

	snprintf(peer->reported + len, sizeof(peer->reported) - len, "%x=%zu ", handle,
		 bytes.len);
	return true;
}

static void ignore(struct gatt_subscriber *subscriber, uint16_t handle,
		   struct ble_bytes bytes)
{
	(void)subscriber;
	(void)handle;
	(void)bytes;
}

/* A service with two characteristics, whose values have the handles 3 and 7. */
static void fill_tree(struct ble_services *tree, struct ble_loop *loop)
{
	const struct ble_service service = { .handle = 1, .end = 9, .primary = true,
					     .uuid = ble_uuid16(0x180f) };
	struct ble_characteristic c = { .handle = 2, .value_handle = 3,
					.properties = BLE_READ | BLE_NOTIFY,
					.uuid = ble_uuid16(0x2a19) };
	struct ble_descriptor d = { .handle = 4, .uuid = ble_uuid16(0x2901) };

	REQUIRE(gatt_tree_add_service(tree, &service) == 0);
	REQUIRE(gatt_tree_add_characteristic(tree, &c) == 0);
	REQUIRE(gatt_tree_add_descriptor(tree, &d) == 0);
	d = (struct ble_descriptor){ .handle = 5, .uuid = ble_uuid16(0x2902) };
	REQUIRE(gatt_tree_add_descriptor(tree, &d) == 0);
	c.handle = 6;
	c.value_handle = 7;
	REQUIRE(gatt_tree_add_characteristic(tree, &c) == 0);
	d = (struct ble_descriptor){ .handle = 8, .uuid = ble_uuid16(0x2901) };
	REQUIRE(gatt_tree_add_descriptor(tree, &d) == 0);
	gatt_tree_settle(tree);
	gatt_tree_tie(tree, loop);
}

static void add_cure(struct peer *peer, struct counted_remedy *counted, int error)
{
	counted->remedy = (struct gatt_remedy){ .error = error, .start = remedy_start,
					     .end = remedy_end };
	REQUIRE(gatt_add_remedy(&peer->client, &counted->remedy) == 0);
}

static void open_peer(struct peer *peer)
{
	static const struct att_class class = { .submit = note_submit,
						.cancel = note_cancel };
	struct gatt_procedure *procedures[] = {
		&peer->read.procedure, &peer->each.read.procedure, &peer->write.procedure,
		&peer->discovery.procedure, &peer->describe.read.procedure,
		&peer->configuration.write.procedure,
	};

	memset(peer, 0, sizeof(*peer));
	REQUIRE(ble_loop_new(&peer->loop) == 0);
	peer->att.class = &class;
	peer->att.mtu = 23;
	gatt_client_init(&peer->client, peer->loop);
	peer->client.att = &peer->att;
	peer->client.several = GATT_SEVERAL_OFFERED;
	add_cure(peer, &peer->pairing, AUTHENTICATION);
	add_cure(peer, &peer->encrypting, ENCRYPTION);
	fill_tree(&peer->client.tree, peer->loop);
	for (size_t i = 0; i < sizeof(procedures) / sizeof(*procedures); i++) {
		procedures[i]->done = done;
		procedures[i]->user = peer;
	}
	peer->each.value = report;
	peer->subscriber.value = ignore;
}

static void close_peer(struct peer *peer)
{
	if (peer->subscriber.notifier)
		gatt_drop_subscriber(&peer->client, &peer->subscriber);
	gatt_client_lost(&peer->client, -ENOTCONN);
	gatt_client_clear(&peer->client);
	ble_loop_unref(peer->loop);
}

static void check_done(struct peer *peer, int error)
{
	CHECK(!peer->op);
	CHECK_INT(peer->done, 1);
	CHECK_INT(peer->error, error);
}

/* -- Reads ---------------------------------------------------------------------------------- */

static int read_one(struct peer *peer)
{
	return gatt_read(&peer->client, &peer->read, 3);
}

/* Refused after its first part: read anew, and no octet is there twice. */
static void long_read(void)
{
	open_peer(&one);
	REQUIRE(read_one(&one) == 0);
	value(&one, 3, 22);
	refuse(&one, AUTHENTICATION);
	check_sent(&one, "read 3-0+0=0");
	value(&one, 3, 22);
	value(&one, 3, 5);
	answer(&one, 0);
	check_done(&one, 0);
	CHECK_INT(one.read.len, 27);
	close_peer(&one);
}

static int read_joined(struct peer *peer)
{
	return gatt_read_joined(&peer->client, &peer->read,
				(struct ble_bytes){ handles, sizeof(handles) });
}

static void joined(void)
{
	open_peer(&one);
	REQUIRE(read_joined(&one) == 0);
	refuse(&one, ENCRYPTION);
	check_sent(&one, "joined 0-0+0=6");
	value(&one, 0, 9);
	answer(&one, 0);
	check_done(&one, 0);
	CHECK_INT(one.read.len, 9);
	close_peer(&one);
}

static int read_multiple(struct peer *peer)
{
	return gatt_read_multiple(&peer->client, &peer->each, handles, 3);
}

/* The second value was cut, and its own read is refused. */
static void multiple(void)
{
	open_peer(&one);
	REQUIRE(read_multiple(&one) == 0);
	check_sent(&one, "several 0-0+0=6");
	value(&one, 3, 10);
	value(&one, 5, 8);
	answer(&one, 0);
	check_sent(&one, "read 5-0+0=0");
	refuse(&one, AUTHENTICATION);
	check_sent(&one, "several 0-0+0=4");
	value(&one, 5, 8);
	value(&one, 7, 1);
	answer(&one, 0);
	check_done(&one, 0);
	CHECK_STR(one.reported, "3=10 5=8 7=1 ");
	close_peer(&one);
}

/* Of a peer without Read Multiple Variable, which stays known. */
static void singly(void)
{
	open_peer(&one);
	REQUIRE(read_multiple(&one) == 0);
	answer(&one, BLE_ERROR_ATT(0x06));
	value(&one, 3, 1);
	answer(&one, 0);
	refuse(&one, ENCRYPTION);
	check_sent(&one, "read 5-0+0=0");
	value(&one, 5, 2);
	answer(&one, 0);
	value(&one, 7, 3);
	answer(&one, 0);
	check_done(&one, 0);
	CHECK_STR(one.reported, "3=1 5=2 7=3 ");
	close_peer(&one);
}

static int read_by_type(struct peer *peer)
{
	const struct ble_uuid type = ble_uuid16(0x2a19);

	return gatt_read_by_type(&peer->client, &peer->each, &type, 1, 9);
}

static void by_type(void)
{
	open_peer(&one);
	REQUIRE(read_by_type(&one) == 0);
	check_sent(&one, "type 1-9+0=0");
	value(&one, 3, 1);
	value(&one, 5, 1);
	refuse(&one, AUTHENTICATION);
	check_sent(&one, "type 6-9+0=0");
	value(&one, 7, 1);
	refuse(&one, ENCRYPTION);
	check_sent(&one, "type 8-9+0=0");
	answer(&one, 0);
	check_done(&one, 0);
	CHECK_STR(one.reported, "3=1 5=1 7=1 ");
	close_peer(&one);
}

/* The rest of a long value is refused; then the request after it. */
static void by_type_long(void)
{
	open_peer(&one);
	REQUIRE(read_by_type(&one) == 0);
	value(&one, 3, 19);
	answer(&one, 0);
	refuse(&one, AUTHENTICATION);
	check_sent(&one, "type 3-9+0=0");
	value(&one, 3, 19);
	answer(&one, 0);
	check_sent(&one, "read 3-0+19=0");
	value(&one, 3, 2);
	answer(&one, 0);
	refuse(&one, ENCRYPTION);
	check_sent(&one, "type 4-9+0=0");
	answer(&one, 0);
	check_done(&one, 0);
	CHECK_STR(one.reported, "3=21 ");
	close_peer(&one);
}

/* Nothing is left to read: the last value is read again, and not reported again. */
static void by_type_at_the_end(void)
{
	open_peer(&one);
	REQUIRE(read_by_type(&one) == 0);
	value(&one, 9, 1);
	refuse(&one, AUTHENTICATION);
	check_sent(&one, "type 9-9+0=0");
	value(&one, 9, 1);
	answer(&one, 0);
	check_done(&one, 0);
	CHECK_STR(one.reported, "9=1 ");
	close_peer(&one);
}

/* -- Writes --------------------------------------------------------------------------------- */

static int write_long(struct peer *peer)
{
	return gatt_write(&peer->client, &peer->write, 5, (struct ble_bytes){ text, 30 });
}

static int write_short(struct peer *peer)
{
	return gatt_write(&peer->client, &peer->write, 5, (struct ble_bytes){ text, 3 });
}

/* The first part is refused: nothing is queued. Then the second one: the queue is
 * emptied before the remedy starts. */
static void long_write(void)
{
	open_peer(&one);
	REQUIRE(write_long(&one) == 0);
	refuse(&one, AUTHENTICATION);
	answer(&one, 0);
	check_sent(&one, "prepare 5-0+0=18 prepare 5-0+18=12");
	answer(&one, ENCRYPTION);
	check_sent(&one, "execute 0-0+0=0");
	CHECK_INT(one.encrypting.started, 0);
	answer(&one, 0);
	CHECK_INT(one.encrypting.started, 1);
	gatt_remedied(&one.client, &one.encrypting.remedy);
	answer(&one, 0);
	answer(&one, 0);
	check_sent(&one, "prepare 5-0+0=18 prepare 5-0+18=12 execute 1-0+0=0");
	answer(&one, 0);
	check_done(&one, 0);
	close_peer(&one);
}

static int write_reliable(struct peer *peer)
{
	return gatt_write_parts(&peer->client, &peer->write, parts, 2);
}

static void reliable_write(void)
{
	open_peer(&one);
	REQUIRE(write_reliable(&one) == 0);
	answer(&one, 0);
	answer(&one, AUTHENTICATION);
	check_sent(&one, "prepare 5-0+0=4 prepare 6-0+0=2 execute 0-0+0=0");
	answer(&one, 0);
	gatt_remedied(&one.client, &one.pairing.remedy);
	answer(&one, 0);
	answer(&one, 0);
	check_sent(&one, "prepare 5-0+0=4 prepare 6-0+0=2 execute 1-0+0=0");
	refuse(&one, ENCRYPTION);
	check_sent(&one, "prepare 5-0+0=4");
	answer(&one, 0);
	answer(&one, 0);
	answer(&one, 0);
	check_done(&one, 0);
	close_peer(&one);
}

/* Cancelled while its first part is on the wire, which is refused then: it needs no
 * remedy any more. */
static void cancelled_write(void)
{
	open_peer(&one);
	REQUIRE(write_long(&one) == 0);
	CHECK(gatt_cancel(&one.write.procedure));
	answer(&one, AUTHENTICATION);
	check_done(&one, AUTHENTICATION);
	CHECK_INT(one.pairing.started, 0);
	close_peer(&one);
}

static int subscribe(struct peer *peer)
{
	bool written = false;
	int error = gatt_subscribe(&peer->client, &peer->subscriber, 3,
				   BLE_SUBSCRIBE_AUTO, &peer->configuration, &written);

	CHECK(error || written);
	return error;
}

static void subscription(void)
{
	open_peer(&one);
	REQUIRE(subscribe(&one) == 0);
	refuse(&one, AUTHENTICATION);
	check_sent(&one, "write 5-0+0=2");
	answer(&one, 0);
	check_done(&one, 0);
	close_peer(&one);
}

/* -- Discovery ---------------------------------------------------------------------------------- */

static int discover(struct peer *peer)
{
	return gatt_discover(&peer->client, &peer->discovery);
}

static void service(struct peer *peer)
{
	record(peer, (struct att_record){ .handle = 1, .end = 9,
					  .value = { (const uint8_t[]){ 0x0f, 0x18 }, 2 } });
}

static void characteristic(struct peer *peer)
{
	static const uint8_t octets[] = { BLE_READ, 3, 0, 0x19, 0x2a };

	record(peer, (struct att_record){ .handle = 2, .value = { octets, 5 } });
}

static void answer_rest(struct peer *peer)
{
	for (int i = 0; peer->op && i < 10; i++)
		answer(peer, 0);
}

/* From its beginning, and nothing is in the tree twice. */
static void discovery(void)
{
	open_peer(&one);
	REQUIRE(discover(&one) == 0);
	service(&one);
	answer(&one, 0);
	check_sent(&one, "group 1-ffff+0=0 type 1-9+0=0");
	characteristic(&one);
	refuse(&one, AUTHENTICATION);
	check_sent(&one, "group 1-ffff+0=0");
	service(&one);
	answer(&one, 0);
	check_sent(&one, "type 1-9+0=0");
	characteristic(&one);
	answer_rest(&one);
	check_done(&one, 0);
	CHECK_INT(one.client.tree.n_services, 1);
	CHECK_INT(one.client.tree.n_characteristics, 1);
	close_peer(&one);
}

static int discover_chosen(struct peer *peer)
{
	static const struct ble_uuid uuids[] = { { { 1 } }, { { 2 } } };

	return gatt_discover_only(&peer->client, &peer->discovery, uuids, 2);
}

/* Refused at the second UUID: from the first one. */
static void chosen(void)
{
	open_peer(&one);
	REQUIRE(discover_chosen(&one) == 0);
	record(&one, (struct att_record){ .handle = 1, .end = 9 });
	answer(&one, 0);
	refuse(&one, ENCRYPTION);
	record(&one, (struct att_record){ .handle = 1, .end = 9 });
	answer(&one, 0);
	check_sent(&one, "value 1-ffff+0=16 value 1-ffff+0=16");
	answer_rest(&one);
	check_done(&one, 0);
	REQUIRE(one.client.tree.n_services == 1);
	CHECK_INT(one.client.tree.services[0].uuid.octet[0], 1);
	close_peer(&one);
}

static int describe(struct peer *peer)
{
	return gatt_describe(&peer->client, &peer->describe);
}

static const char *description(const struct peer *peer, int i)
{
	return peer->client.tree.characteristics[i].description;
}

/* After the remedy the second refusal is that of this one descriptor, as before; so is
 * a changed database, which is not this procedure's to mend. */
static void descriptions(void)
{
	struct counted_remedy changed = { .started = 0 };

	open_peer(&one);
	add_cure(&one, &changed, OUT_OF_SYNC);
	REQUIRE(describe(&one) == 0);
	value(&one, 4, 1);
	answer(&one, 0);
	refuse(&one, AUTHENTICATION);
	check_sent(&one, "read 4-0+0=0");
	value(&one, 4, 3);
	answer(&one, 0);
	answer(&one, AUTHENTICATION);
	check_done(&one, 0);
	CHECK_STR(description(&one, 0), "012");
	CHECK_STR(description(&one, 1), NULL);
	REQUIRE(describe(&one) == 0);
	answer(&one, OUT_OF_SYNC);
	value(&one, 8, 2);
	answer(&one, 0);
	CHECK_INT(changed.started, 0);
	CHECK_INT(one.done, 2);
	CHECK_STR(description(&one, 1), "01");
	close_peer(&one);
}

/* -- All of them ----------------------------------------------------------------------------------- */

static const struct kind {
	const char *name;
	int (*run)(struct peer *peer);
} kinds[] = {
	{ "read", read_one },
	{ "joined", read_joined },
	{ "multiple", read_multiple },
	{ "by type", read_by_type },
	{ "write", write_short },
	{ "long write", write_long },
	{ "reliable write", write_reliable },
	{ "subscribe", subscribe },
	{ "discovery", discover },
	{ "chosen services", discover_chosen },
};

enum { KINDS = sizeof(kinds) / sizeof(*kinds) };

/* Each: its first request refused. */
static void start_kind(const struct kind *kind, struct peer *peer)
{
	harness_about("%s", kind->name);
	open_peer(peer);
	REQUIRE(kind->run(peer) == 0);
}

static void second_is_final(void)
{
	for (int i = 0; i < KINDS; i++) {
		char first[200];

		start_kind(&kinds[i], &one);
		memcpy(first, one.sent, sizeof(first));
		refuse(&one, AUTHENTICATION);
		check_sent(&one, first);
		answer(&one, AUTHENTICATION);
		check_done(&one, AUTHENTICATION);
		CHECK_INT(one.pairing.started, 1);
		close_peer(&one);
	}
	harness_about(NULL);
}

static struct gatt_procedure *running(struct peer *peer)
{
	return list_entry(peer->client.queue.next, struct gatt_procedure, link);
}

static void cancelled_meanwhile(void)
{
	for (int i = 0; i < KINDS; i++) {
		start_kind(&kinds[i], &one);
		answer(&one, AUTHENTICATION);
		CHECK(!gatt_cancel(running(&one)));
		gatt_remedied(&one.client, &one.pairing.remedy);
		CHECK(!one.op && !one.done && !one.pairing.ended);
		CHECK(list_empty(&one.client.queue));
		close_peer(&one);
	}
	harness_about(NULL);
}

static void lost_meanwhile(void)
{
	for (int i = 0; i < KINDS; i++) {
		start_kind(&kinds[i], &one);
		answer(&one, AUTHENTICATION);
		gatt_client_lost(&one.client, -ENOTCONN);
		check_done(&one, -ENOTCONN);
		gatt_remedied(&one.client, &one.pairing.remedy);
		CHECK_INT(one.pairing.ended, 0);
		check_done(&one, -ENOTCONN);
		close_peer(&one);
	}
	harness_about(NULL);
}

/* The wait of one peer's procedure is nothing to another peer's. */
static void two_peers(void)
{
	open_peer(&one);
	open_peer(&two);
	REQUIRE(read_by_type(&one) == 0);
	REQUIRE(read_by_type(&two) == 0);
	value(&one, 3, 1);
	answer(&one, AUTHENTICATION);
	value(&two, 4, 1);
	answer(&two, AUTHENTICATION);
	gatt_remedied(&two.client, &two.pairing.remedy);
	CHECK(!one.op && two.op);
	answer(&two, 0);
	check_done(&two, 0);
	CHECK_INT(one.done, 0);
	gatt_remedied(&one.client, &one.pairing.remedy);
	check_sent(&one, "type 1-9+0=0 type 4-9+0=0");
	check_sent(&two, "type 1-9+0=0 type 5-9+0=0");
	answer(&one, 0);
	check_done(&one, 0);
	CHECK_STR(one.reported, "3=1 ");
	CHECK_STR(two.reported, "4=1 ");
	close_peer(&one);
	close_peer(&two);
}

const struct test_case remedy_procedures[] = {
	TEST(long_read), TEST(joined), TEST(multiple), TEST(singly), TEST(by_type),
	TEST(by_type_long), TEST(by_type_at_the_end), TEST(long_write), TEST(reliable_write),
	TEST(cancelled_write), TEST(subscription), TEST(discovery), TEST(chosen),
	TEST(descriptions), TEST(second_is_final), TEST(cancelled_meanwhile),
	TEST(lost_meanwhile), TEST(two_peers), { 0 }
};
