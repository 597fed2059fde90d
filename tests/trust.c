/* SPDX-License-Identifier: MIT */
/*
 * Peers that exhaust resources: trees with every handle, sweeps and values without an
 * end, floods. Their memory is bounded, they end, and others on the same loop are
 * served meanwhile.
 *
 * The linker sends each PDU for a peripheral of a fixture here (--wrap).
 */
#include <errno.h>
#include <string.h>

#include "att/pdu.h"
#include "base/bytes.h"
#include "config.h"
#include "sim/peer.h"
#include "tests/failmalloc.h"
#include "tests/harness.h"
#include "tests/fixture.h"

enum { LAST = 0xffff };

/* The names are the linker's. */
void __real_sim_peer_input(struct sim_peer *peer, const uint8_t *pdu, size_t len);
void __wrap_sim_peer_input(struct sim_peer *peer, const uint8_t *pdu, size_t len);

/* What the peer says instead, at most its MTU; 0: what it would have said. */
typedef size_t (*lie_func)(struct sim_peer *peer, const uint8_t *pdu, size_t len,
			   uint8_t *answer);

static lie_func lie;
static struct sim_peer *liar; /* that was heard last */
static unsigned int asked;

void __wrap_sim_peer_input(struct sim_peer *peer, const uint8_t *pdu, size_t len)
{
	size_t size = 0;

	liar = peer;
	if (lie && len)
		size = lie(peer, pdu, len, peer->response);
	if (!size) {
		__real_sim_peer_input(peer, pdu, len);
		return;
	}
	asked++;
	peer->response_len = size;
	sim_peer_flush(peer);
}

static struct ble_client *open_liar(struct fixture *fixture, lie_func what)
{
	const struct fixture_peer peers[2] = { { .interval_ms = 400 }, { .interval_ms = 400 } };

	REQUIRE(fixture_open(fixture, peers, 2) == 0);
	lie = what;
	asked = 0;
	return fixture_connect(fixture, 0, false);
}

/* A value that fills several PDUs. */
static void check_whole(struct ble_client *client)
{
	uint8_t value[512];
	size_t len = 0;

	CHECK_INT(ble_client_read_sync(client, REFERENCE_512, value, sizeof(value), &len), 0);
	CHECK_INT(len, 512);
}

static void close_liar(struct fixture *fixture, struct ble_client *client)
{
	lie = NULL;
	ble_client_unref(client);
	fixture_close(fixture);
}

static size_t error(uint8_t *answer, const uint8_t *pdu, uint8_t code)
{
	answer[0] = ATT_ERROR_RSP;
	answer[1] = pdu[0];
	put_le16(answer + 2, get_le16(pdu + 1));
	answer[4] = code;
	return 5;
}

/* -- Trees ---------------------------------------------------------------------------------- */

/* A service at every third handle, with one characteristic. */
static size_t largest_tree(struct sim_peer *peer, const uint8_t *pdu, size_t len,
			   uint8_t *answer)
{
	unsigned int handle = len >= 5 ? get_le16(pdu + 1) : 0;
	size_t size = pdu[0] == ATT_READ_GROUP_REQ ? 6 : 7, at = 2;
	uint16_t type = len >= 7 ? get_le16(pdu + 5) : 0;

	if (pdu[0] != ATT_READ_GROUP_REQ &&
	    !(pdu[0] == ATT_READ_TYPE_REQ && (type == 0x2803 || type == 0x2802)) &&
	    pdu[0] != ATT_FIND_INFO_REQ)
		return 0;
	if (pdu[0] == ATT_FIND_INFO_REQ || type == 0x2802 || type == 0x2801)
		return error(answer, pdu, ble_error_att(ATT_ATTRIBUTE_NOT_FOUND));
	answer[0] = pdu[0] + 1;
	answer[1] = (uint8_t)size;
	handle = (handle + 2) / 3 * 3 - (size == 6 ? 2 : 1);
	handle += handle < get_le16(pdu + 1) ? 3 : 0;
	for (; handle + 2 <= LAST && at + size <= peer->mtu; handle += 3, at += size) {
		put_le16(answer + at, (uint16_t)handle);
		if (size == 6) {
			put_le16(answer + at + 2, (uint16_t)(handle + 2));
		} else {
			answer[at + 2] = BLE_READ;
			put_le16(answer + at + 3, (uint16_t)(handle + 1));
		}
		put_le16(answer + at + size - 2, 0x1815);
	}
	return at > 2 ? at : error(answer, pdu, ble_error_att(ATT_ATTRIBUTE_NOT_FOUND));
}

static void largest(void)
{
	struct fixture fixture;
	struct ble_client *client = open_liar(&fixture, largest_tree);
	const struct ble_services *tree = ble_client_services(client);
	size_t memory = failmalloc_live();

	/* Over a dongle it takes longer than a call has by default. */
	ble_client_set_timeout(client, BLE_FOREVER);
	CHECK_INT(ble_client_discover_sync(client), 0);
	CHECK(ble_services_count(tree) > LAST / 3 - 3);
	CHECK(ble_services_count_characteristics(tree) > LAST / 3 - 3);
	/* A few arrays, however many. */
	CHECK(failmalloc_live() < memory + 16);
	/* Once more: not twice as much. */
	memory = failmalloc_live();
	CHECK_INT(ble_client_discover_sync(client), 0);
	CHECK_INT(failmalloc_live(), memory);
	close_liar(&fixture, client);
}

/* Always the same handle, or the one that was asked for and no other: all four
 * sweeps must move on, or end. */
static size_t goes_round(struct sim_peer *peer, const uint8_t *pdu, size_t len,
			 uint8_t *answer)
{
	(void)peer;
	(void)len;
	if (pdu[0] != ATT_READ_GROUP_REQ)
		return 0;
	answer[0] = pdu[0] + 1;
	answer[1] = 6;
	put_le16(answer + 2, 1);
	put_le16(answer + 4, 1);
	put_le16(answer + 6, 0x1815);
	return 8;
}

static size_t one_by_one(struct sim_peer *peer, const uint8_t *pdu, size_t len,
			 uint8_t *answer)
{
	(void)peer;
	(void)len;
	if (pdu[0] != ATT_READ_GROUP_REQ)
		return 0;
	goes_round(peer, pdu, len, answer);
	put_le16(answer + 2, get_le16(pdu + 1));
	put_le16(answer + 4, get_le16(pdu + 1));
	return 8;
}

static size_t information(struct sim_peer *peer, const uint8_t *pdu, size_t len,
			  uint8_t *answer)
{
	(void)peer;
	(void)len;
	if (pdu[0] != ATT_FIND_INFO_REQ)
		return 0;
	answer[0] = ATT_FIND_INFO_RSP;
	answer[1] = 1;
	put_le16(answer + 2, 0x0019); /* not of what is asked for */
	put_le16(answer + 4, 0x2902);
	return 6;
}

static void sweeps_without_end(void)
{
	static const lie_func lies[] = { goes_round, information };
	struct fixture fixture;

	for (size_t i = 0; i < 2; i++) {
		struct ble_client *client = open_liar(&fixture, lies[i]);
		int result = ble_client_discover_sync(client);

		/* A firmware passes on what it then finds out of order. */
		CHECK(result == -EBADMSG || (fixture.class->firmware && result == ATT_INVALID_PDU));
		CHECK(asked <= 2);
		close_liar(&fixture, client);
	}
}

/* As slow as it gets: a request for each handle there is. */
static void sweep_of_steps(void)
{
	struct fixture fixture;
	struct ble_client *client = open_liar(&fixture, one_by_one);
	struct ble_op *op;

	CHECK_INT(ble_client_discover(client, NULL, NULL, &op), 0);
	while (asked < 100)
		ble_loop_dispatch(fixture.loop, 1000);
	/* It can be called off at any time. */
	ble_op_cancel(op);
	lie = NULL;
	CHECK_INT(ble_client_discover_sync(client), 0);
	close_liar(&fixture, client);
}

/* -- Values ----------------------------------------------------------------------------------- */

static size_t always_more(struct sim_peer *peer, const uint8_t *pdu, size_t len,
			  uint8_t *answer)
{
	(void)len;
	if (pdu[0] != ATT_READ_REQ && pdu[0] != ATT_READ_BLOB_REQ)
		return 0;
	answer[0] = pdu[0] + 1;
	memset(answer + 1, 'x', peer->mtu - 1u);
	return peer->mtu;
}

static void value_without_end(void)
{
	struct fixture fixture;
	struct ble_client *client = open_liar(&fixture, always_more);
	uint8_t value[600];
	size_t len = 0;
	int result = ble_client_read_sync(client, REFERENCE_512, value, sizeof(value), &len);

	/* A firmware reads on, and what it then says is too long for a value. */
	CHECK(result == 0 || (fixture.class->firmware && result < 0));
	CHECK(len <= 512);
	close_liar(&fixture, client);
}

/* -- Floods ------------------------------------------------------------------------------------- */

static struct {
	struct ble_loop *loop;
	struct sim_peer *peer;
	struct loop_timer timer;
	uint8_t opcode;
	unsigned int values, sent;
} flood;

static void on_flood(void *user, uint16_t handle, struct ble_bytes value)
{
	(void)user;
	(void)handle;
	(void)value;
	flood.values++;
}

/* As much as the link takes, and in the next moment again. */
static void pour(struct loop_timer *timer)
{
	uint8_t pdu[23] = { flood.opcode, REFERENCE_NOTIFY, 0, 0, 0 };

	for (int i = 0; i < 1000 && !flood.peer->ended; i++, flood.sent++)
		if (flood.peer->io->send(flood.peer, pdu, sizeof(pdu)))
			break;
	loop_timer_in(flood.loop, timer, 1);
}

/* While one link is flooded another one's reads and the timers are served, and
 * nothing is kept for it: once it is settled not one allocation more. */
static void flooded(uint8_t opcode)
{
	unsigned int turns;
	struct ble_client *client, *other;
	struct fixture fixture;
	uint8_t value[64];
	size_t len, memory;

	harness_about("opcode %02x", opcode);
	client = open_liar(&fixture, NULL);
	flood.peer = liar;
	flood.loop = fixture.loop;
	flood.opcode = opcode;
	flood.values = flood.sent = 0;
	flood.timer = (struct loop_timer){ .fire = pour };
	CHECK_INT(ble_client_discover_sync(client), 0);
	CHECK_INT(ble_client_subscribe_sync(client, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO,
					    on_flood, NULL, NULL), 0);
	other = fixture_connect(&fixture, 1, false);
	loop_timer_in(fixture.loop, &flood.timer, 1);
	fixture_run(&fixture, 100);
	memory = failmalloc_live();
	for (turns = 0; turns < 20; turns++) {
		CHECK_INT(ble_client_read_sync(other, REFERENCE_22, value, sizeof(value), &len), 0);
		CHECK_INT(len, 22);
	}
	CHECK_INT(failmalloc_live(), memory);
	fixture_run(&fixture, 500);
	CHECK_INT(failmalloc_live(), memory);
	CHECK(flood.sent > 100);
	if (opcode == ATT_NOTIFY || opcode == ATT_INDICATE)
		CHECK(flood.values > 100);
	/* The flooded one, too. */
	loop_timer_stop(&flood.timer);
	if (ble_client_connected(client))
		CHECK_INT(ble_client_read_sync(client, REFERENCE_22, value, sizeof(value),
					       &len), 0);
	ble_client_unref(other);
	close_liar(&fixture, client);
	harness_about(NULL);
}

static void floods(void)
{
	static const uint8_t opcodes[] = { ATT_NOTIFY, ATT_INDICATE, ATT_NOTIFY_MULTI,
					   ATT_FIND_INFO_REQ, ATT_PREPARE_REQ, ATT_READ_RSP,
					   ATT_CONFIRM, 0x3e, 0x7e };

	for (size_t i = 0; i < sizeof(opcodes); i++)
		flooded(opcodes[i]);
}

/* -- An MTU beyond the limit ------------------------------------------------------------------ */

static const uint8_t asks_for_517[3] = { ATT_MTU_REQ, 0x05, 0x02 };

static size_t asks_first(struct sim_peer *peer, const uint8_t *pdu, size_t len,
			 uint8_t *answer)
{
	(void)len;
	(void)answer;
	if (pdu[0] == ATT_MTU_REQ)
		peer->io->send(peer, asks_for_517, sizeof(asks_for_517));
	return 0;
}

/* The user's limit holds though the peer asks for the MTU: when ours arrives, and
 * later again. */
static void asks_mtu(void)
{
	static const uint16_t limits[] = { 23, 100, 517 };
	struct ble_client *client;
	struct fixture fixture;

	for (size_t i = 0; i < 3; i++) {
		const struct ble_connect_params params = { .mtu = limits[i] };
		uint16_t mtu;

		REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
		mtu = fixture_mtu(&fixture, limits[i]);
		lie = asks_first;
		REQUIRE(ble_client_new(fixture.adapter, &fixture.addresses[0], &client) == 0);
		REQUIRE(ble_client_connect_sync(client, &params) == 0);
		CHECK_INT(ble_client_mtu(client), mtu);
		check_whole(client);
		liar->io->send(liar, asks_for_517, sizeof(asks_for_517));
		fixture_run(&fixture, 300);
		CHECK_INT(ble_client_mtu(client), mtu);
		check_whole(client);
		close_liar(&fixture, client);
	}
}

/* -- Changes without an end ------------------------------------------------------------------- */

static void on_changed(void *user, int result, uint16_t start, uint16_t end)
{
	unsigned int *changes = user;

	(void)start;
	(void)end;
	CHECK_INT(result, 0);
	++*changes;
}

/* A peer that says so all the time keeps itself busy: reads go on in between, and
 * many changes are one. */
static void changing(void)
{
	static const struct fixture_peer peer = { .n = REFERENCE_CHANGING };
	unsigned int changes = 0;
	struct ble_client *client;
	struct fixture fixture;
	uint8_t value[8];
	size_t len, memory = 0;

	REQUIRE(fixture_open(&fixture, &peer, 1) == 0);
	client = fixture_connect(&fixture, 0, true);
	ble_client_on_changed(client, on_changed, &changes);
	fixture_run(&fixture, 1000);
	for (unsigned int i = 0; i < 50; i++) {
		const uint8_t pdu[] = { ATT_INDICATE, REFERENCE_CHANGED, 0, 1, 0, 0xff, 0xff };

		liar->io->send(liar, pdu, sizeof(pdu));
		if (i == 10)
			memory = failmalloc_live();
		if (i % 5 == 0)
			CHECK_INT(ble_client_read_sync(client, REFERENCE_VALUE, value,
						       sizeof(value), &len), 0);
	}
	fixture_run(&fixture, 3000);
	CHECK(changes > 0 && changes <= 50);
	CHECK(failmalloc_live() <= memory + 8);
	ble_client_unref(client);
	fixture_close(&fixture);
}

int main(int argc, char **argv)
{
#define CASES(fixture)                                                                \
	{                                                                           \
		{ "largest tree", largest, fixture },                                 \
		{ "sweeps without end", sweeps_without_end, fixture },                \
		{ "sweep of steps", sweep_of_steps, fixture },                        \
		{ "value without end", value_without_end, fixture },                  \
		{ "floods", floods, fixture }, { "changing", changing, fixture }, \
		{ "asks mtu", asks_mtu, fixture }, { 0 } \
	}
	static const struct test_case sim[] = CASES(&fixture_sim);
	struct test_suite suites[4] = { { "sim", sim } };
	size_t n = 1;

#ifdef HAVE_HCI
	static const struct test_case socket[] = CASES(&fixture_socket);

	suites[n++] = (struct test_suite){ "socket", socket };
#endif
#ifdef HAVE_BGAPI
	static const struct test_case dongle[] = CASES(&fixture_dongle);

	suites[n++] = (struct test_suite){ "dongle", dongle };
#endif
	(void)n;
	return harness_main(argc, argv, suites);
}
