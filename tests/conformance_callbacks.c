/* SPDX-License-Identifier: MIT */
/* What callbacks may do: unref, call the library again, start new operations. */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "tests/conformance.h"

enum { TOO_OFTEN = 1000 }; /* a walk that goes round for ever */

/* -- The last unref ---------------------------------------------------------------- */

struct drop {
	struct ble_client *client;
	unsigned int calls; /* of any callback */
};

static void drop(struct drop *drop)
{
	drop->calls++;
	drop->client = ble_client_unref(drop->client);
}

static void drop_in_read(void *user, int error, struct ble_bytes value)
{
	(void)value;
	CHECK_INT(error, -ENOTCONN);
	drop(user);
}

static void drop_in_done(void *user, int error)
{
	CHECK_INT(error, -ENOTCONN);
	drop(user);
}

static void drop_in_end(void *user, uint8_t reason, bool asked)
{
	(void)reason;
	(void)asked;
	drop(user);
}

static void drop_in_value(void *user, uint16_t handle, struct ble_bytes value)
{
	(void)handle;
	(void)value;
	drop(user);
}

/* The first that ends drops the client: the others are silent. */
static void drop_when_lost(void)
{
	static const uint8_t value[10];
	struct drop all = { 0 };
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	all.client = fixture_connect(&fixture, 0, true);
	ble_client_on_disconnected(all.client, drop_in_end, &all);
	for (int i = 0; i < 3; i++)
		CHECK_INT(ble_client_read(all.client, REFERENCE_512, drop_in_read, &all,
					  NULL), 0);
	CHECK_INT(ble_client_write(all.client, REFERENCE_EMPTY, bytes(value, 10),
				   drop_in_done, &all, NULL), 0);
	CHECK_INT(ble_client_subscribe(all.client, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO,
				       drop_in_value, &all, drop_in_done, &all, NULL, NULL), 0);
	ble_client_disconnect(all.client);
	CHECK(fixture_wait(&fixture, &all.calls, 1, 20000));
	fixture_run(&fixture, 300);
	CHECK_INT(all.calls, 1);
	CHECK(!all.client);
	fixture_close(&fixture);
}

/* The last reference goes while a synchronous call runs: nobody hears anything
 * more, and the call ends. */
static void hear_nothing(void *user, uint16_t handle, struct ble_bytes value)
{
	(void)user;
	(void)handle;
	(void)value;
}

static int run_sync(struct ble_client *client, unsigned int which)
{
	static const uint16_t handles[] = { REFERENCE_ONE, REFERENCE_22, REFERENCE_23 };
	static const uint8_t octets[100];
	const struct ble_write write = {
		.handle = REFERENCE_EMPTY, .value = { octets, sizeof(octets) },
	};
	const struct ble_uuid type = ble_uuid16(GATT_CHARACTERISTIC);
	uint8_t buffer[512];
	size_t len;

	switch (which) {
	case 0:
		return ble_client_read_sync(client, REFERENCE_512, buffer, sizeof(buffer), &len);
	case 1:
		return ble_client_write_sync(client, REFERENCE_EMPTY, write.value);
	case 2:
		return ble_client_discover_sync(client);
	case 3:
		return ble_client_read_multiple_sync(client, handles, 3, hear_nothing, NULL);
	case 4:
		return ble_client_read_by_uuid_sync(client, &type, 1, 0xffff, hear_nothing, NULL);
	case 5:
		return ble_client_write_reliable_sync(client, &write, 1);
	case 6:
		return ble_client_resubscribe_sync(client);
	default:
		return ble_client_subscribe_sync(client, REFERENCE_INDICATE, BLE_SUBSCRIBE_AUTO,
						 hear_nothing, NULL, NULL);
	}
}

static void drop_in_sync(void)
{
	for (unsigned int which = 0; which < 8; which++) {
		struct drop all = { 0 };
		struct fixture fixture;
		struct ble_client *client;
		int error;

		harness_about("call %u", which);
		REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
		client = all.client = fixture_connect(&fixture, 0, true);
		error = ble_client_subscribe_sync(client, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO,
						  drop_in_value, &all, NULL);
		for (int i = 0; !error && i < 10000; i++) {
			if (fixture.class->virtual_time)
				loop_clock_advance(fixture.loop, 1);
			error = run_sync(client, which);
		}
		CHECK_INT(error, -ECANCELED);
		CHECK(!all.client);
		fixture_run(&fixture, 300);
		CHECK_INT(all.calls, 1);
		fixture_close(&fixture);
	}
}

static void drop_in_disconnect_sync(void)
{
	struct drop all = { 0 };
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	all.client = fixture_connect(&fixture, 0, false);
	ble_client_on_disconnected(all.client, drop_in_end, &all);
	CHECK_INT(ble_client_disconnect_sync(all.client), -ECANCELED);
	CHECK_INT(all.calls, 1);
	fixture_close(&fixture);
}

/* -- Away and back ------------------------------------------------------------------ */

struct renew {
	struct ble_client *client;
	struct ble_subscription *subscription;
	unsigned int *calls;
};

static void ignore_done(void *user, int error)
{
	(void)user;
	(void)error;
}

static void renew_subscription(void *user, uint16_t handle, struct ble_bytes value)
{
	struct renew *renew = user;

	(void)value;
	if (++*renew->calls > TOO_OFTEN)
		return;
	CHECK_INT(ble_subscription_free(renew->subscription, NULL, NULL, NULL), 0);
	CHECK_INT(ble_client_subscribe(renew->client, handle, BLE_SUBSCRIBE_AUTO,
				       renew_subscription, renew, ignore_done, renew,
				       &renew->subscription, NULL), 0);
}

static void subscribe_again(void)
{
	struct renew each[2];
	struct ble_client *client;
	unsigned int calls = 0;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	client = fixture_connect(&fixture, 0, true);
	for (int i = 0; i < 2; i++) {
		each[i] = (struct renew){ client, NULL, &calls };
		REQUIRE(ble_client_subscribe(client, REFERENCE_NOTIFY,
					     BLE_SUBSCRIBE_AUTO, renew_subscription, &each[i],
					     ignore_done, &each[i],
					     &each[i].subscription, NULL) == 0);
	}
	CHECK(fixture_wait(&fixture, &calls, 6, 20000));
	CHECK(calls < TOO_OFTEN);
	ble_client_unref(client);
	fixture_close(&fixture);
}

struct rescan {
	struct ble_scanner *scanner;
	unsigned int *calls;
};

static void scan_anew(void *user, struct ble_device *device,
		      const struct ble_advertisement *adv)
{
	struct rescan *rescan = user;

	(void)device;
	(void)adv;
	if (++*rescan->calls > TOO_OFTEN)
		return;
	ble_scanner_stop(rescan->scanner);
	CHECK_INT(ble_scanner_start(rescan->scanner, NULL), 0);
}

static void scan_again(void)
{
	struct rescan each[2];
	unsigned int calls = 0;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	for (int i = 0; i < 2; i++) {
		each[i].calls = &calls;
		REQUIRE(ble_scanner_new(fixture.adapter, scan_anew, NULL, &each[i],
					&each[i].scanner) == 0);
		REQUIRE(ble_scanner_start(each[i].scanner, NULL) == 0);
	}
	CHECK(fixture_wait(&fixture, &calls, 6, 15000));
	CHECK(calls < TOO_OFTEN);
	for (int i = 0; i < 2; i++)
		ble_scanner_unref(each[i].scanner);
	fixture_close(&fixture);
}

struct again {
	struct ble_client *client;
	struct seen seen;
};

static void connect_again(void *user, uint8_t reason, bool asked)
{
	struct again *again = user;

	(void)reason;
	(void)asked;
	if (!again->seen.disconnected++)
		CHECK_INT(ble_client_connect(again->client, NULL, seen_done,
					     &again->seen, NULL), 0);
}

/* It waits for the end of this connection, not of the next. */
static void disconnect_sync_reconnects(void)
{
	struct again again = { 0 };
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	again.client = fixture_connect(&fixture, 0, false);
	ble_client_on_disconnected(again.client, connect_again, &again);
	CHECK_INT(ble_client_disconnect_sync(again.client), 0);
	CHECK_INT(again.seen.disconnected, 1);
	CHECK_INT(again.seen.done, 0);
	CHECK(fixture_wait(&fixture, &again.seen.done, 1, 10000));
	CHECK_INT(again.seen.error, 0);
	CHECK(ble_client_connected(again.client));
	ble_client_unref(again.client);
	fixture_close(&fixture);
}

/* Refused for its length, before anything of it is read. */
static void command_of_any_length(void)
{
	static const uint8_t value[1];
	struct seen seen = { 0 };
	struct ble_client *client;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	client = fixture_connect(&fixture, 0, false);
	CHECK_INT(ble_client_write_command(client, REFERENCE_COMMAND,
					   bytes(value, SIZE_MAX), seen_done, &seen,
					   NULL), -EMSGSIZE);
	CHECK_INT(ble_client_write_command(client, REFERENCE_COMMAND,
					   bytes(value, SIZE_MAX), NULL, NULL, NULL),
		  -EMSGSIZE);
	CHECK_INT(seen.done, 0);
	ble_client_unref(client);
	fixture_close(&fixture);
}

/* -- A long write, step by step ------------------------------------------------------- */

/* A link that only takes note of the op that it got. */
static struct att_op *submitted;
static int refusal; /* of the next */

static int note_submit(struct att *att, struct att_op *op)
{
	(void)att;
	if (!refusal)
		submitted = op;
	return refusal;
}

static void note_cancel(struct att *att, struct att_op *op)
{
	(void)att;
	if (submitted == op)
		submitted = NULL;
}

struct long_write {
	struct att att;
	struct gatt_client client;
	struct gatt_write write;
	unsigned int done;
	int error;
};

static void long_write_done(struct gatt_procedure *procedure, int error)
{
	struct long_write *w = container_of(procedure, struct long_write,
					    write.procedure);

	w->done++;
	w->error = error;
}

static void begin_long_write(struct long_write *w)
{
	static const struct att_class class = { .submit = note_submit,
						.cancel = note_cancel };
	static const uint8_t value[40];

	memset(w, 0, sizeof(*w));
	w->att.class = &class;
	w->att.mtu = 25;
	gatt_client_init(&w->client, NULL);
	w->client.att = &w->att;
	w->write.procedure.done = long_write_done;
	w->write.procedure.unlimited = true; /* there is no loop */
	REQUIRE(gatt_write(&w->client, &w->write, 3, bytes(value, 40)) == 0);
	CHECK_INT(submitted->verb, ATT_PREPARE_WRITE);
}

static void check_called_off(struct long_write *w, int error)
{
	CHECK_INT(w->done, 0);
	REQUIRE(submitted != NULL);
	CHECK_INT(submitted->verb, ATT_EXECUTE_WRITE);
	CHECK_INT(submitted->start, 0);
	submitted->done(submitted, 0);
	CHECK_INT(w->done, 1);
	CHECK_INT(w->error, error);
}

static void echo_part(void)
{
	struct att_record record = { 3, 3, submitted->offset, submitted->value };

	submitted->record(submitted, &record);
	submitted->done(submitted, 0);
}

/* Whatever goes wrong once a part may be in the peer's queue empties it. */
static void long_write_called_off(void)
{
	struct long_write w;

	begin_long_write(&w); /* refused: nothing is in the queue */
	submitted->done(submitted, BLE_ERROR_ATT(0x03));
	CHECK_INT(w.done, 1);
	CHECK_INT(w.error, BLE_ERROR_ATT(0x03));
	begin_long_write(&w); /* an answer that is none */
	submitted->done(submitted, -EBADMSG);
	check_called_off(&w, -EBADMSG);
	begin_long_write(&w); /* cancelled at each step */
	CHECK(gatt_cancel(&w.write.procedure));
	echo_part();
	check_called_off(&w, -ECANCELED);
	begin_long_write(&w);
	echo_part();
	CHECK(gatt_cancel(&w.write.procedure));
	echo_part();
	check_called_off(&w, -ECANCELED);
	begin_long_write(&w);
	echo_part();
	echo_part();
	CHECK_INT(submitted->verb, ATT_EXECUTE_WRITE);
	CHECK_INT(submitted->start, 1);
	CHECK(gatt_cancel(&w.write.procedure)); /* perhaps it still waits to leave */
	check_called_off(&w, -ECANCELED);
}

static void configure_done(struct gatt_procedure *procedure, int error)
{
	struct gatt_configuration *call = container_of(procedure, struct gatt_configuration,
						       write.procedure);

	gatt_configured(procedure->client, call, error);
}

struct queued {
	struct gatt_read read;
	unsigned int done;
	int error;
};

static void queued_done(struct gatt_procedure *procedure, int error)
{
	struct queued *q = container_of(procedure, struct queued, read.procedure);

	q->done++;
	q->error = error;
}

/* One whose request is refused when its turn comes ends with that error, from
 * the next dispatch, and those behind it get their turn. */
static void refused_at_its_turn(void)
{
	struct ble_loop *loop;

	REQUIRE(ble_loop_new(&loop) == 0);
	for (int how = 0; how < 4; how++) {
		struct queued queued[3] = { 0 };
		struct long_write w;
		bool lost = how == 2;

		begin_long_write(&w);
		w.client.loop = loop;
		for (size_t i = 0; i < 3; i++) {
			queued[i].read.procedure.done = queued_done;
			REQUIRE(gatt_read(&w.client, &queued[i].read, 9) == 0);
		}
		if (how == 0) /* the one before is cancelled, not from dispatch */
			gatt_cancel(&queued[0].read.procedure);
		refusal = -ENOMEM;
		submitted->done(submitted, BLE_ERROR_ATT(0x03));
		refusal = 0;
		CHECK_INT(w.done, 1);
		CHECK_INT(queued[0].done + queued[1].done + queued[2].done, 0);
		if (how == 3)
			gatt_cancel(&queued[1].read.procedure);
		if (lost)
			gatt_client_lost(&w.client, -ENOTCONN);
		ble_loop_dispatch(loop, 0);
		CHECK_INT(queued[0].done, how != 0);
		CHECK_INT(queued[1].done, how != 3);
		CHECK_INT(queued[2].done, 1);
		CHECK_INT(queued[2].error, -ENOMEM);
		REQUIRE(gatt_read(&w.client, &queued[0].read, 9) ==
			(lost ? -ENOTCONN : 0));
		gatt_client_clear(&w.client);
	}
	ble_loop_unref(loop);
}

/* The first procedure in the queue is cancelled. The next one, whose start fails, must
 * not stay in the queue. */
static void refused_after_cancel(void)
{
	struct queued queued[3] = { 0 };
	struct ble_loop *loop;
	struct long_write w;

	REQUIRE(ble_loop_new(&loop) == 0);
	begin_long_write(&w);
	submitted->done(submitted, BLE_ERROR_ATT(0x03));
	w.client.loop = loop;
	for (size_t i = 0; i < 3; i++) {
		queued[i].read.procedure.done = queued_done;
		REQUIRE(gatt_read(&w.client, &queued[i].read, 9) == 0);
	}
	refusal = -ENOMEM;
	gatt_cancel(&queued[0].read.procedure);
	refusal = 0;
	CHECK_INT(queued[1].done, 0); /* a cancel is no dispatch */
	REQUIRE(gatt_read(&w.client, &queued[0].read, 9) == 0);
	CHECK(submitted == &queued[0].read.procedure.op);
	ble_loop_dispatch(loop, 0);
	for (size_t i = 1; i < 3; i++) {
		CHECK_INT(queued[i].done, 1);
		CHECK_INT(queued[i].error, -ENOMEM);
	}
	CHECK_INT(queued[0].done, 0);
	submitted->done(submitted, 0);
	CHECK_INT(queued[0].done, 1);
	gatt_client_clear(&w.client);
	ble_loop_unref(loop);
}

/* -- Subscriptions, without a peer --------------------------------------------------- */

static void ignore_value(struct gatt_subscriber *subscriber, uint16_t handle,
			 struct ble_bytes value)
{
	(void)subscriber;
	(void)handle;
	(void)value;
}

/* The last subscriber leaves and another comes at once: the answer to the first
 * one's write says nothing about the second one's, so that a third still has
 * the peer told, and learns of its refusal. */
static void leave_and_come(void)
{
	const struct ble_service service = { .handle = 1, .end = 4 };
	const struct ble_characteristic characteristic = {
		.handle = 2, .value_handle = 3, .properties = BLE_NOTIFY,
	};
	const struct ble_descriptor descriptor = { .handle = 4, .uuid = ble_uuid16(0x2902) };
	struct gatt_configuration calls[4] = { 0 };
	struct gatt_subscriber subscribers[3] = { 0 };
	struct long_write w;
	bool write;

	begin_long_write(&w);
	submitted->done(submitted, BLE_ERROR_ATT(0x03));
	REQUIRE(gatt_tree_add_service(&w.client.tree, &service) == 0 &&
		gatt_tree_add_characteristic(&w.client.tree, &characteristic) == 0 &&
		gatt_tree_add_descriptor(&w.client.tree, &descriptor) == 0);
	gatt_tree_settle(&w.client.tree);
	gatt_tree_tie(&w.client.tree, NULL);
	for (size_t i = 0; i < 3; i++)
		subscribers[i].value = ignore_value;
	for (size_t i = 0; i < 4; i++) {
		calls[i].write.procedure.done = configure_done;
		calls[i].write.procedure.unlimited = true; /* there is no loop */
	}

	REQUIRE(gatt_subscribe(&w.client, &subscribers[0], 3, BLE_SUBSCRIBE_AUTO,
			       &calls[0], &write) == 0 && write);
	submitted->done(submitted, 0);
	REQUIRE(gatt_unsubscribe(&w.client, &subscribers[0], &calls[1], &write) == 0 &&
		write);
	REQUIRE(gatt_subscribe(&w.client, &subscribers[1], 3, BLE_SUBSCRIBE_AUTO,
			       &calls[2], &write) == 0 && write);
	CHECK(submitted == &calls[1].write.procedure.op);
	submitted->done(submitted, 0);
	CHECK(submitted == &calls[2].write.procedure.op);
	CHECK_INT(gatt_subscribe(&w.client, &subscribers[2], 3, BLE_SUBSCRIBE_AUTO,
				 &calls[3], &write), 0);
	CHECK(write);
	submitted->done(submitted, BLE_ERROR_ATT(0x0e));
	if (write)
		submitted->done(submitted, BLE_ERROR_ATT(0x0e));
	gatt_drop_subscriber(&w.client, &subscribers[1]);
	gatt_drop_subscriber(&w.client, &subscribers[2]);
	gatt_tree_clear(&w.client.tree);
}

/* From a callback, where the loop may not run: told so, and silent all the same. */
struct leaving {
	struct ble_subscription *subscription;
	unsigned int calls;
};

static void unsubscribe_sync_inside(void *user, uint16_t handle, struct ble_bytes value)
{
	struct leaving *leaving = user;

	(void)handle;
	(void)value;
	leaving->calls++;
	if (leaving->subscription)
		CHECK_INT(ble_subscription_free_sync(leaving->subscription), -EDEADLK);
	leaving->subscription = NULL;
}

static void unsubscribe_inside(void)
{
	struct leaving leaving = { 0 };
	struct ble_client *client;
	struct fixture fixture;
	unsigned int calls;

	client = open_at(&fixture, 0, true);
	REQUIRE(ble_client_subscribe_sync(client, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO,
					  unsubscribe_sync_inside, &leaving,
					  &leaving.subscription) == 0);
	calls = leaving.calls; /* some may have come before the pointer did */
	CHECK(fixture_wait(&fixture, &leaving.calls, calls + 1, 20000));
	CHECK(!leaving.subscription);
	fixture_run(&fixture, 300);
	CHECK_INT(leaving.calls, calls + 1);
	close_at(&fixture, client);
}

#define NO_FIXTURE "needs no fixture"

/* -- Nobody is told ------------------------------------------------------------------ */

/* What was asked for without a callback is done: the values say so. */
static void without_callbacks(void)
{
	static const uint16_t handles[] = { REFERENCE_ONE, REFERENCE_22 };
	const struct ble_uuid type = ble_uuid16(GATT_CHARACTERISTIC);
	const struct ble_write write = {
		.handle = REFERENCE_EMPTY, .value = bytes((const uint8_t *)handles, 3),
	};
	struct ble_subscription *subscription;
	struct ble_op *op = (struct ble_op *)&fixture_sim; /* nothing to cancel */
	struct ble_client *client;
	struct fixture fixture;
	unsigned int sent;
	uint8_t value[8];
	size_t len = 0;

	client = open_at(&fixture, 0, false);
	ble_client_on_disconnected(client, NULL, NULL);
	ble_client_on_changed(client, NULL, NULL);
	CHECK_INT(ble_client_discover(client, NULL, NULL, NULL), 0);
	CHECK_INT(ble_client_describe(client, NULL, NULL, NULL), 0);
	REQUIRE(ble_client_discover_sync(client) == 0);
	sent = ble_client_requests(client);
	CHECK_INT(ble_client_read(client, REFERENCE_ONE, NULL, NULL, NULL), 0);
	CHECK_INT(ble_client_read_joined(client, handles, 2, NULL, NULL, NULL), 0);
	CHECK_INT(ble_client_read_by_uuid(client, &type, 1, 0xffff, NULL, NULL, NULL, NULL), 0);
	CHECK_INT(ble_client_read_multiple(client, handles, 2, NULL, NULL, NULL, NULL), 0);
	CHECK_INT(ble_client_write_reliable(client, &write, 1, NULL, NULL, NULL), 0);
	CHECK_INT(ble_client_write(client, REFERENCE_EMPTY, bytes((const uint8_t *)handles, 4), NULL, NULL,
				   NULL), 0);
	CHECK_INT(ble_client_read_sync(client, REFERENCE_EMPTY, value, 8, &len), 0);
	CHECK_INT(len, 4);
	CHECK(ble_client_requests(client) >= sent + 7);
	CHECK_INT(ble_client_write_command(client, REFERENCE_COMMAND, bytes((const uint8_t *)handles, 2), NULL,
					   NULL, &op), 0);
	CHECK(op == NULL);
	CHECK_INT(ble_client_write_auto(client, REFERENCE_COMMAND, bytes((const uint8_t *)handles, 3), NULL,
					NULL, NULL), 0);
	CHECK_INT(ble_client_read_sync(client, REFERENCE_COMMAND, value, 8, &len), 0);
	CHECK_INT(len, 3);
	CHECK_INT(ble_client_subscribe(client, REFERENCE_NOTIFY, BLE_SUBSCRIBE_AUTO, NULL, NULL, NULL,
				       NULL, &subscription, NULL), 0);
	fixture_run(&fixture, 500); /* values come */
	CHECK(ble_subscription_active(subscription));
	CHECK_INT(ble_client_resubscribe(client, NULL, NULL, NULL), 0);
	CHECK_INT(ble_subscription_free(subscription, NULL, NULL, NULL), 0);
	CHECK_INT(ble_client_disconnect_sync(client), 0);
	CHECK_INT(ble_client_connect(client, NULL, NULL, NULL, NULL), 0);
	for (int i = 0; i < 100 && !ble_client_connected(client); i++)
		fixture_run(&fixture, 100);
	CHECK(ble_client_connected(client));
	close_at(&fixture, client);
}

static void radio_without_callbacks(void)
{
	const struct ble_link_params link = ble_link_preset(BLE_LINK_BALANCED);
	struct ble_scan_params params = { .n_services = 1 };
	struct ble_listener *listener;
	struct ble_scanner *scanner;
	struct ble_client *client;
	struct fixture fixture;

	REQUIRE(fixture_open(&fixture, NULL, 0) == 0);
	CHECK_INT(ble_adapter_find(fixture.adapter, NULL, 10, NULL, NULL, NULL), 0);
	REQUIRE(ble_scanner_new(fixture.adapter, NULL, NULL, NULL, &scanner) == 0);
	CHECK_INT(ble_scanner_listen(scanner, NULL, NULL, &listener), 0);
	/* A list without its services, and services without a number */
	CHECK_INT(ble_scanner_start(scanner, &params), -EINVAL);
	params = (struct ble_scan_params){ .n_addresses = 1 };
	CHECK_INT(ble_scanner_start(scanner, &params), -EINVAL);
	params = (struct ble_scan_params){ .services = (const struct ble_uuid *)&fixture_sim,
					   .keep = 10 };
	CHECK_INT(ble_scanner_start(scanner, &params), 0);
	for (int i = 0; i < 100 && !ble_scanner_next_device(scanner, NULL); i++)
		fixture_run(&fixture, 100);
	CHECK(ble_scanner_next_device(scanner, NULL) != NULL);
	ble_scanner_unref(scanner);
	client = fixture_connect(&fixture, 0, false);
	CHECK_INT(ble_client_read_rssi(client, NULL, NULL, NULL), 0);
	CHECK_INT(ble_client_update_link(client, &link, NULL, NULL, NULL), 0);
	fixture_run(&fixture, 2000);
	close_at(&fixture, client);
}

const struct conformance_case conformance_callbacks[] = {
	CASE("drop when lost", drop_when_lost),
	CASE("drop in sync", drop_in_sync),
	CASE("drop in disconnect sync", drop_in_disconnect_sync),
	CASE("unsubscribe sync inside", unsubscribe_inside),
	CASE("subscribe again", subscribe_again),
	CASE("scan again", scan_again, .not_socket = "its adapter cannot scan"),
	CASE("disconnect sync reconnects", disconnect_sync_reconnects),
	CASE("command of any length", command_of_any_length),
	CASE("without callbacks", without_callbacks),
	CASE("radio without callbacks", radio_without_callbacks,
	     .not_socket = "its adapter cannot scan"),
	CASE("long write called off", long_write_called_off, .not_socket = NO_FIXTURE, .not_kernel = NO_FIXTURE),
	CASE("leave and come", leave_and_come, .not_socket = NO_FIXTURE, .not_kernel = NO_FIXTURE),
	CASE("refused at its turn", refused_at_its_turn, .not_socket = NO_FIXTURE, .not_kernel = NO_FIXTURE),
	CASE("refused after cancel", refused_after_cancel, .not_socket = NO_FIXTURE, .not_kernel = NO_FIXTURE),
	{ 0 }
};
