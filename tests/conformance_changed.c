/* SPDX-License-Identifier: MIT */
/* A peer whose services change, and trees that are kept between connections. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "att/pdu.h"
#include "base/store.h"
#include "tests/conformance.h"
#include "tests/failmalloc.h"
#include "tests/runner.h"

static struct ble_client *open_changing(struct fixture *fixture)
{
	static const struct fixture_peer peer = { .n = REFERENCE_CHANGING };

	REQUIRE(fixture_open(fixture, &peer, 1) == 0);
	return fixture_connect(fixture, 0, false);
}

static void close_changing(struct fixture *fixture, struct ble_client *client)
{
	ble_client_unref(client);
	fixture_close(fixture);
}

/* What a peer is to do: see reference.h. */
static int control(struct ble_client *client, uint8_t guest, uint8_t refusals,
		   uint8_t announce)
{
	const uint8_t octets[3] = { guest, refusals, announce };

	return ble_client_write_sync(client, REFERENCE_CONTROL,
				     (struct ble_bytes){ octets, sizeof(octets) });
}

static bool has_guest(struct ble_client *client)
{
	return ble_services_characteristic(ble_client_services(client),
					   REFERENCE_GUEST);
}

struct changes {
	unsigned int n;
	int error;
	uint16_t start, end;
	struct ble_client *leave; /* freed from inside */
};

static void on_changed(void *user, int error, uint16_t start, uint16_t end)
{
	struct changes *changes = user;

	changes->n++;
	changes->error = error;
	changes->start = start;
	changes->end = end;
	ble_client_unref(changes->leave);
	changes->leave = NULL;
}

/* -- Service Changed ------------------------------------------------------------------- */

static void features(void)
{
	struct fixture fixture;
	struct ble_client *client = open_changing(&fixture);
	uint8_t bits = 0xff;
	size_t len;

	CHECK_INT(ble_client_discover_sync(client), 0);
	/* Not before what is asked for. */
	CHECK_INT(ble_client_read_sync(client, REFERENCE_FEATURES, &bits, 1, &len), 0);
	CHECK_INT(bits, 1);
	fixture_run(&fixture, 1000);
	CHECK_INT(ble_client_read_sync(client, REFERENCE_FEATURES, &bits, 1, &len), 0);
	CHECK_INT(bits, fixture.class->firmware ? 1 : 5);
	close_changing(&fixture, client);
}

static void guest_leaves(void)
{
	struct fixture fixture;
	struct ble_client *client = open_changing(&fixture);
	struct ble_subscription *stays, *leaves;
	struct seen seen_stays = { 0 }, seen_leaves = { 0 };
	struct changes changes = { 0 };
	unsigned int values;

	ble_client_on_changed(client, on_changed, &changes);
	CHECK_INT(ble_client_discover_sync(client), 0);
	CHECK(has_guest(client));
	REQUIRE(ble_client_subscribe_sync(client, REFERENCE_STAYS, BLE_SUBSCRIBE_AUTO,
					  seen_notified, &seen_stays, &stays) == 0);
	REQUIRE(ble_client_subscribe_sync(client, REFERENCE_GUEST, BLE_SUBSCRIBE_AUTO,
					  seen_notified, &seen_leaves, &leaves) == 0);
	fixture_run(&fixture, 500);
	CHECK_INT(control(client, 0, 0, 1), 0);
	CHECK(fixture_wait(&fixture, &changes.n, 1, 20000));
	/* At once, and nothing is written to where it was. */
	CHECK(!ble_subscription_active(leaves));
	CHECK_INT(changes.error, 0);
	CHECK_INT(changes.start, 0x0040);
	CHECK_INT(changes.end, 0x0043);
	CHECK(!has_guest(client));
	fixture_run(&fixture, 500);
	CHECK(ble_subscription_active(stays));
	CHECK(!ble_subscription_active(leaves));
	values = seen_stays.values;
	CHECK(fixture_wait(&fixture, &seen_stays.values, values + 5, 20000));
	CHECK(!seen_stays.gap);
	/* It comes back, at the same place. */
	CHECK_INT(control(client, 1, 0, 2), 0);
	CHECK(fixture_wait(&fixture, &changes.n, 2, 20000));
	CHECK_INT(changes.start, 1);
	CHECK_INT(changes.end, 0xffff);
	CHECK(has_guest(client));
	fixture_run(&fixture, 500);
	CHECK(ble_subscription_active(stays));
	CHECK(!ble_subscription_active(leaves));
	CHECK_INT(ble_client_resubscribe_sync(client), 0);
	values = seen_leaves.values;
	CHECK(fixture_wait(&fixture, &seen_leaves.values, values + 5, 20000));
	CHECK_INT(changes.n, 2);
	close_changing(&fixture, client);
}

/* A peer that forgot who subscribed: done here behind the library's back. */
static void asked_again(void)
{
	static const uint8_t nothing[2];
	struct fixture fixture;
	struct ble_client *client = open_changing(&fixture);
	struct ble_subscription *first;
	struct seen seen = { 0 }, other = { 0 };
	struct changes changes = { 0 };

	ble_client_on_changed(client, on_changed, &changes);
	CHECK_INT(ble_client_discover_sync(client), 0);
	REQUIRE(ble_client_subscribe_sync(client, REFERENCE_STAYS, BLE_SUBSCRIBE_AUTO,
					  seen_notified, &seen, &first) == 0);
	CHECK_INT(ble_client_subscribe_sync(client, REFERENCE_STAYS, BLE_SUBSCRIBE_AUTO,
					    seen_notified, &other, NULL), 0);
	fixture_run(&fixture, 1000);
	CHECK_INT(ble_client_write_sync(client, REFERENCE_STAYS + 1,
					(struct ble_bytes){ nothing, 2 }), 0);
	fixture_run(&fixture, 500);
	memset(&seen, 0, sizeof(seen));
	memset(&other, 0, sizeof(other));
	/* Elsewhere: not asked again. */
	CHECK_INT(control(client, 0, 0, 1), 0);
	fixture_run(&fixture, 2000);
	CHECK_INT(changes.n, 1);
	CHECK_INT(seen.values, 0);
	CHECK_INT(control(client, 1, 0, 2), 0);
	CHECK(fixture_wait(&fixture, &seen.values, 5, 20000));
	CHECK(fixture_wait(&fixture, &other.values, 5, 20000));
	CHECK_INT(changes.n, 2);
	CHECK_INT(ble_subscription_free_sync(first), 0);
	other.values = 0;
	CHECK(fixture_wait(&fixture, &other.values, 5, 20000));
	close_changing(&fixture, client);
}

static void unref_when_changed(void)
{
	struct fixture fixture;
	struct ble_client *client = open_changing(&fixture);
	struct changes changes = { .leave = client };

	ble_client_on_changed(client, on_changed, &changes);
	CHECK_INT(ble_client_discover_sync(client), 0);
	fixture_run(&fixture, 1000);
	CHECK_INT(control(client, 0, 0, 1), 0);
	CHECK(fixture_wait(&fixture, &changes.n, 1, 20000));
	close_changing(&fixture, NULL);
}

/* The connection ends while everything is discovered once more. */
static void lost_while_changing(void)
{
	struct fixture fixture;
	struct ble_client *client = open_changing(&fixture);
	struct changes changes = { 0 };

	ble_client_on_changed(client, on_changed, &changes);
	CHECK_INT(ble_client_discover_sync(client), 0);
	fixture_run(&fixture, 1000);
	CHECK_INT(control(client, 0, 0, 1), 0);
	for (int i = 0; i < 1000 && !client->connection->service_changed.discovering && !changes.n; i++)
		ble_loop_dispatch(fixture.loop, 10);
	CHECK_INT(ble_client_disconnect_sync(client), 0);
	CHECK_INT(changes.n, 0);
	fixture_run(&fixture, 500);
	CHECK_INT(ble_client_connect_sync(client, NULL), 0);
	CHECK_INT(ble_client_discover_sync(client), 0);
	CHECK(!has_guest(client));
	CHECK_INT(changes.n, 0);
	close_changing(&fixture, client);
}

/* -- Out of sync ------------------------------------------------------------------------- */

static void out_of_sync(void)
{
	struct fixture fixture;
	struct ble_client *client = open_changing(&fixture);
	struct changes changes = { 0 };
	uint8_t value[4];
	size_t len = 0;

	ble_client_on_changed(client, on_changed, &changes);
	/* Without a tree there is none to be renewed. */
	CHECK_INT(control(client, 1, 1, 0), 0);
	CHECK_INT(ble_client_read_sync(client, REFERENCE_VALUE, value, 4, &len),
		  ATT_DATABASE_OUT_OF_SYNC);
	CHECK_INT(changes.n, 0);
	CHECK_INT(ble_client_discover_sync(client), 0);
	fixture_run(&fixture, 1000);
	/* Refreshed, and repeated. */
	CHECK_INT(control(client, 0, 1, 0), 0);
	CHECK_INT(ble_client_read_sync(client, REFERENCE_VALUE, value, 4, &len), 0);
	CHECK_INT(len, 4);
	CHECK_INT(changes.n, 1);
	CHECK(!has_guest(client));
	memset(value, 0x77, sizeof(value));
	CHECK_INT(control(client, 0, 1, 0), 0);
	CHECK_INT(ble_client_write_sync(client, REFERENCE_VALUE,
					(struct ble_bytes){ value, 4 }), 0);
	CHECK_INT(changes.n, 2);
	memset(value, 0, sizeof(value));
	/* Once only. */
	CHECK_INT(control(client, 1, 2, 0), 0);
	CHECK_INT(ble_client_read_sync(client, REFERENCE_VALUE, value, 4, &len),
		  ATT_DATABASE_OUT_OF_SYNC);
	CHECK_INT(changes.n, 3);
	CHECK(has_guest(client));
	CHECK_INT(ble_client_read_sync(client, REFERENCE_VALUE, value, 4, &len), 0);
	CHECK_INT(value[3], 0x77);
	CHECK_INT(changes.n, 3);
	close_changing(&fixture, client);
}

/* A peer that never finds anything in sync is not asked for ever. */
static void never_in_sync(void)
{
	struct fixture fixture;
	struct ble_client *client = open_changing(&fixture);
	struct changes changes = { 0 };
	uint8_t value[4];
	size_t len;

	ble_client_on_changed(client, on_changed, &changes);
	CHECK_INT(control(client, 1, REFERENCE_NEVER, 0), 0);
	CHECK_INT(ble_client_discover_sync(client), 0);
	fixture_run(&fixture, 6000);
	CHECK_INT(changes.n, 1);
	CHECK_INT(ble_client_read_sync(client, REFERENCE_VALUE, value, 4, &len),
		  ATT_DATABASE_OUT_OF_SYNC);
	fixture_run(&fixture, 2000);
	CHECK_INT(changes.n, 2);
	close_changing(&fixture, client);
}

/* Cancelled while the tree is renewed for it: silence. */
static void out_of_sync_cancelled(void)
{
	struct fixture fixture;
	struct ble_client *client = open_changing(&fixture);
	struct changes changes = { 0 };
	struct seen seen = { 0 };
	struct ble_op *op;

	ble_client_on_changed(client, on_changed, &changes);
	CHECK_INT(ble_client_discover_sync(client), 0);
	fixture_run(&fixture, 1000);
	CHECK_INT(control(client, 0, 1, 0), 0);
	CHECK_INT(ble_client_read(client, REFERENCE_VALUE, seen_value, &seen, &op), 0);
	while (!client->connection->service_changed.discovering && !seen.done)
		ble_loop_dispatch(fixture.loop, 10);
	ble_op_cancel(op);
	CHECK(fixture_wait(&fixture, &changes.n, 1, 20000));
	fixture_run(&fixture, 500);
	CHECK_INT(seen.done, 0);
	close_changing(&fixture, client);
}

/* -- The cache ------------------------------------------------------------------------------ */

static char folder[64], file[128];

/* An empty folder for the fixture. False: this system has no cache. */
static bool use_folder(struct fixture *fixture)
{
	const uint8_t *o = fixture->addresses[0].octet;
	int error;

	/* Of this run alone: others may be under way. */
	snprintf(folder, sizeof(folder), "conformance-cache-%s-%u", fixture->class->name,
		 (unsigned int)process_number());
	snprintf(file, sizeof(file), "%s/%02x%02x%02x%02x%02x%02x-%s", folder, o[5],
		 o[4], o[3], o[2], o[1], o[0],
		 ble_address_type_text(&fixture->addresses[0]));
	error = ble_adapter_set_cache(fixture->adapter, folder);
	remove(file);
#ifdef _WIN32
	CHECK_INT(error, -EOPNOTSUPP);
	return false;
#else
	CHECK_INT(error, 0);
	return !error;
#endif
}

static void drop_folder(void)
{
	CHECK_INT(remove(file), 0);
	CHECK_INT(remove(folder), 0); /* no other file is left in it */
}

/* Requests up to the first value. */
struct first {
	struct ble_client *client;
	unsigned int values, requests;
};

static void first_value(void *user, uint16_t handle, struct ble_bytes value)
{
	struct first *first = user;

	(void)handle;
	(void)value;
	if (!first->values++)
		first->requests = ble_client_requests(first->client);
}

/* From a new connection, or the existing one, to its first notification. */
static unsigned int requests_to_value(struct fixture *fixture, struct ble_client *client)
{
	struct first first = { .client = client };

	if (!ble_client_connected(client))
		REQUIRE(ble_client_connect_sync(client, NULL) == 0);
	CHECK_INT(ble_client_discover_sync(client), 0);
	CHECK_INT(ble_client_subscribe_sync(client, REFERENCE_STAYS, BLE_SUBSCRIBE_AUTO,
					    first_value, &first, NULL), 0);
	CHECK(fixture_wait(fixture, &first.values, 1, 20000));
	fixture_run(fixture, 1000); /* for what follows */
	CHECK_INT(ble_services_count(ble_client_services(client)), 3 + has_guest(client));
	CHECK_INT(ble_client_disconnect_sync(client), 0);
	fixture_run(fixture, 500);
	return first.requests;
}

static void damage_file(void)
{
	FILE *f = fopen(file, "r+b");

	REQUIRE(f != NULL);
	fseek(f, 60, SEEK_SET);
	fputc(0x5a, f);
	fputc(0xa5, f);
	CHECK_INT(fclose(f), 0);
}

static void three_requests(void)
{
	struct fixture fixture;
	struct ble_client *client;
	unsigned int first, again;

	client = open_changing(&fixture);
	ble_client_disconnect_sync(client);
	fixture_run(&fixture, 500);
	if (!use_folder(&fixture)) {
		close_changing(&fixture, client);
		return;
	}
	first = requests_to_value(&fixture, client);
	again = requests_to_value(&fixture, client);
	printf("%s: %u requests to the first value, %u with a known tree\n",
	       fixture.class->name, first, again);
	CHECK(first > 3);
	CHECK(again <= 3);
	CHECK(again >= 2);
	damage_file();
	CHECK(requests_to_value(&fixture, client) > 3);
	CHECK(requests_to_value(&fixture, client) <= 3);
	/* Off again. */
	CHECK_INT(ble_adapter_set_cache(fixture.adapter, ""), 0);
	CHECK(requests_to_value(&fixture, client) > 3);
	drop_folder();
	close_changing(&fixture, client);
}

static void other_hash(void)
{
	struct fixture fixture;
	struct ble_client *client = open_changing(&fixture);

	ble_client_disconnect_sync(client);
	fixture_run(&fixture, 500);
	if (!use_folder(&fixture)) {
		close_changing(&fixture, client);
		return;
	}
	/* It changes unseen, after its tree was kept. */
	requests_to_value(&fixture, client);
	REQUIRE(ble_client_connect_sync(client, NULL) == 0);
	CHECK_INT(control(client, 0, 0, 0), 0);
	CHECK(requests_to_value(&fixture, client) > 3);
	CHECK(!has_guest(client));
	CHECK(requests_to_value(&fixture, client) <= 3);
	CHECK(!has_guest(client));
	/* It changes before our eyes: what is kept is the new tree. */
	REQUIRE(ble_client_connect_sync(client, NULL) == 0);
	CHECK_INT(ble_client_discover_sync(client), 0);
	fixture_run(&fixture, 1000);
	CHECK_INT(control(client, 1, 0, 1), 0);
	fixture_run(&fixture, 2000);
	CHECK(has_guest(client));
	CHECK_INT(ble_client_disconnect_sync(client), 0);
	fixture_run(&fixture, 500);
	CHECK(requests_to_value(&fixture, client) <= 3);
	CHECK(has_guest(client));
	drop_folder();
	close_changing(&fixture, client);
}

/* A peer without a hash is not kept, and costs one request more. */
static void no_hash(void)
{
	struct fixture fixture;
	struct ble_client *client;

	REQUIRE(fixture_open(&fixture, NULL, 1) == 0);
	if (use_folder(&fixture)) {
		client = fixture_connect(&fixture, 0, true);
		CHECK(ble_services_count(ble_client_services(client)) > 3);
		ble_client_unref(client);
		CHECK(remove(file) != 0);
		CHECK_INT(remove(folder), 0);
	}
	fixture_close(&fixture);
}

/* -- Without memory --------------------------------------------------------------------------- */

static int learn(struct fixture *fixture, struct ble_client *client)
{
	struct ble_subscription *subscription;
	struct seen seen = { 0 };
	uint8_t value[4];
	size_t len;
	int error = ble_client_connect_sync(client, NULL);

	if (!error)
		error = ble_client_discover_sync(client);
	if (!error)
		error = ble_client_subscribe_sync(client, REFERENCE_STAYS,
						  BLE_SUBSCRIBE_AUTO, seen_notified,
						  &seen, &subscription);
	if (error)
		return error;
	fixture_run(fixture, 200);
	error = control(client, 0, 1, 2);
	if (!error)
		error = ble_client_read_sync(client, REFERENCE_VALUE, value, 4, &len);
	fixture_run(fixture, 200);
	/* What could not be renewed is not repeated. */
	return error == ATT_DATABASE_OUT_OF_SYNC ? -ENOMEM : error;
}

static bool file_exists(void)
{
	FILE *f = fopen(file, "rb");

	if (f)
		fclose(f);
	return f != NULL;
}

/* A file that could not be written is told, and nothing is written any more until the
 * cache is set again. */
static void failure_told(void)
{
	struct fixture fixture;
	struct ble_client *client = open_changing(&fixture);
	char *path = NULL;

	ble_client_disconnect_sync(client);
	fixture_run(&fixture, 500);
	if (!use_folder(&fixture)) {
		close_changing(&fixture, client);
		return;
	}
	CHECK_STR(ble_adapter_cache_failure(fixture.adapter), NULL);
	CHECK_INT(remove(folder), 0);
	CHECK(requests_to_value(&fixture, client) > 3);
	/* A failed allocation is not told and stops nothing: then the next write fails. */
	if (!ble_adapter_cache_failure(fixture.adapter))
		CHECK(requests_to_value(&fixture, client) > 3);
	REQUIRE(ble_adapter_cache_failure(fixture.adapter) != NULL);
	CHECK(strstr(ble_adapter_cache_failure(fixture.adapter), file) != NULL);
	CHECK(strstr(ble_adapter_cache_failure(fixture.adapter), " cannot be written: ") != NULL);
	REQUIRE(!store_folder(folder, &path) || !store_folder(folder, &path));
	free(path);
	CHECK(requests_to_value(&fixture, client) > 3);
	CHECK(!file_exists());
	CHECK_INT(ble_adapter_set_cache(fixture.adapter, folder), 0);
	CHECK_STR(ble_adapter_cache_failure(fixture.adapter), NULL);
	CHECK(requests_to_value(&fixture, client) > 3);
	CHECK(file_exists());
	CHECK_STR(ble_adapter_cache_failure(fixture.adapter), NULL);
	drop_folder();
	close_changing(&fixture, client);
}

static int kept(void *user)
{
	static const struct fixture_peer peer = { .n = REFERENCE_CHANGING };
	struct ble_client *client = NULL;
	struct fixture fixture;
	int error = fixture_open(&fixture, &peer, 1);

	(void)user;
	if (error)
		return error;
	error = ble_adapter_set_cache(fixture.adapter, folder);
	if (error == -EOPNOTSUPP)
		error = 0;
	if (!error)
		error = ble_client_new(fixture.adapter, &fixture.addresses[0], &client);
	if (!error)
		error = learn(&fixture, client);
	ble_client_unref(client);
	if (error == -ETIMEDOUT && fixture.class->firmware)
		error = -ENOMEM;
	fixture_close(&fixture);
	return error;
}

static void failed_allocations(void)
{
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, &(struct fixture_peer){ .n = REFERENCE_CHANGING }, 1) == 0);
	use_folder(&fixture);
	fixture_close(&fixture);
	CHECK(fail_each(kept, NULL) > 20);
	remove(file);
	remove(folder);
}

const struct conformance_case conformance_changed[] = {
	CASE("supported features", features),
	CASE("services change", guest_leaves),
	CASE("asked again after a change", asked_again),
	CASE("unref when changed", unref_when_changed),
	CASE("lost while changing", lost_while_changing),
	CASE("out of sync", out_of_sync),
	CASE("never in sync", never_in_sync),
	CASE("out of sync, cancelled", out_of_sync_cancelled),
	CASE("three requests", three_requests),
	CASE("another hash", other_hash),
	CASE("no hash", no_hash),
	CASE("a file that cannot be written is told", failure_told),
	CASE("kept without memory", failed_allocations,
	     .not_kernel = "the peripheral is a process of its own there"),
	{ 0 }
};
