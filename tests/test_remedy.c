/* SPDX-License-Identifier: MIT */
/* Remedies: a procedure that meets an ATT error waits for the remedy of it and is
 * repeated, once for each. The link takes note of what is sent and sends nothing. */
#include <errno.h>
#include <string.h>

#include "gatt/gatt.h"
#include "tests/test_remedy.h"

enum { AUTHENTICATION = BLE_ERROR_ATT(0x05), ENCRYPTION = BLE_ERROR_ATT(0x0f) };

struct reader {
	struct gatt_read read;
	unsigned int done;
	int error;
};

struct counted_remedy {
	struct gatt_remedy remedy;
	bool helps;
	int end; /* what end() returns */
	unsigned int started, ended;
};

static struct {
	struct att att;
	struct gatt_client client;
	struct ble_loop *loop;
	struct att_op *op; /* on the wire */
	unsigned int sent;
	struct reader readers[3];
	struct counted_remedy pairing, encrypting;
} w;

static int note_submit(struct att *att, struct att_op *op)
{
	(void)att;
	CHECK(!w.op);
	w.op = op;
	w.sent++;
	return 0;
}

static void note_cancel(struct att *att, struct att_op *op)
{
	(void)att;
	if (w.op == op)
		w.op = NULL;
}

static void read_done(struct gatt_procedure *procedure, int error)
{
	struct reader *reader = container_of(procedure, struct reader, read.procedure);

	reader->done++;
	reader->error = error;
}

static bool remedy_start(struct gatt_remedy *remedy, struct gatt_procedure *procedure)
{
	struct counted_remedy *counted = container_of(remedy, struct counted_remedy, remedy);

	CHECK(procedure->client == &w.client);
	counted->started++;
	return counted->helps;
}

static int remedy_end(struct gatt_remedy *remedy, struct gatt_procedure *procedure)
{
	struct counted_remedy *counted = container_of(remedy, struct counted_remedy, remedy);

	CHECK(procedure->client == &w.client);
	counted->ended++;
	return counted->end;
}

static void open_world(void)
{
	static const struct att_class class = { .submit = note_submit,
						.cancel = note_cancel };

	memset(&w, 0, sizeof(w));
	REQUIRE(ble_loop_new(&w.loop) == 0);
	w.att.class = &class;
	w.att.mtu = 23;
	gatt_client_init(&w.client, w.loop);
	w.client.att = &w.att;
	w.pairing.remedy = (struct gatt_remedy){ .error = AUTHENTICATION,
						 .start = remedy_start, .end = remedy_end };
	w.encrypting.remedy = (struct gatt_remedy){ .error = ENCRYPTION,
						    .start = remedy_start, .end = remedy_end };
	REQUIRE(gatt_add_remedy(&w.client, &w.pairing.remedy) == 0);
	REQUIRE(gatt_add_remedy(&w.client, &w.encrypting.remedy) == 0);
	w.pairing.helps = w.encrypting.helps = true;
	for (uint16_t i = 0; i < 3; i++) {
		w.readers[i].read.procedure.done = read_done;
		REQUIRE(gatt_read(&w.client, &w.readers[i].read, (uint16_t)(i + 1)) == 0);
	}
	CHECK_INT(w.sent, 1);
}

static void close_world(void)
{
	gatt_client_lost(&w.client, -ENOTCONN);
	gatt_client_clear(&w.client);
	ble_loop_unref(w.loop);
}

/* The peer's answer to what is on the wire. */
static void answer(uint16_t handle, int error)
{
	struct att_op *op = w.op;

	REQUIRE(op != NULL);
	CHECK_INT(op->start, handle);
	w.op = NULL;
	op->done(op, error);
}

static void check_reader(int i, unsigned int done, int error)
{
	CHECK_INT(w.readers[i].done, done);
	CHECK_INT(w.readers[i].error, error);
}

/* Nothing else is sent while it waits; then it is sent again, before the others. */
static void waits_and_repeats(void)
{
	open_world();
	answer(1, AUTHENTICATION);
	CHECK(!w.op && w.pairing.started == 1 && w.pairing.ended == 0);
	gatt_remedied(&w.client, &w.encrypting.remedy); /* not the one that it waits for */
	CHECK(!w.op);
	gatt_remedied(&w.client, &w.pairing.remedy);
	CHECK_INT(w.pairing.ended, 1);
	check_reader(0, 0, 0);
	answer(1, 0);
	check_reader(0, 1, 0);
	gatt_remedied(&w.client, &w.pairing.remedy); /* nobody waits */
	CHECK_INT(w.pairing.ended, 1);
	answer(2, 0);
	answer(3, 0);
	check_reader(2, 1, 0);
	close_world();
}

/* Once for each remedy: the second time the error is the end. */
static void once_each(void)
{
	open_world();
	answer(1, AUTHENTICATION);
	gatt_remedied(&w.client, &w.pairing.remedy);
	answer(1, ENCRYPTION);
	CHECK(!w.op);
	gatt_remedied(&w.client, &w.encrypting.remedy);
	answer(1, AUTHENTICATION);
	check_reader(0, 1, AUTHENTICATION);
	CHECK_INT(w.pairing.started, 1);
	CHECK_INT(w.encrypting.started, 1);
	answer(2, AUTHENTICATION); /* another one has its own */
	CHECK_INT(w.pairing.started, 2);
	gatt_remedied(&w.client, &w.pairing.remedy);
	answer(2, 0);
	check_reader(1, 1, 0);
	close_world();
}

static void other_errors(void)
{
	open_world();
	answer(1, BLE_ERROR_ATT(0x02));
	check_reader(0, 1, BLE_ERROR_ATT(0x02));
	answer(2, -EBADMSG);
	check_reader(1, 1, -EBADMSG);
	w.pairing.helps = false;
	answer(3, AUTHENTICATION);
	check_reader(2, 1, AUTHENTICATION);
	CHECK_INT(w.pairing.started, 1);
	close_world();
}

/* What end() returns is what the procedure ends with, from dispatch. */
static void remedy_fails(void)
{
	open_world();
	w.pairing.end = -ECANCELED;
	answer(1, AUTHENTICATION);
	gatt_remedied(&w.client, &w.pairing.remedy);
	check_reader(0, 0, 0);
	CHECK_INT(ble_loop_dispatch(w.loop, 0), 0);
	check_reader(0, 1, -ECANCELED);
	answer(2, 0);
	check_reader(1, 1, 0);
	close_world();
}

/* Cancelled while it waits: the others go on at once, and the remedy's end()
 * is not called. */
static void cancelled(void)
{
	open_world();
	answer(1, AUTHENTICATION);
	CHECK(!gatt_cancel(&w.readers[0].read.procedure));
	answer(2, 0);
	gatt_remedied(&w.client, &w.pairing.remedy);
	CHECK_INT(w.pairing.ended, 0);
	answer(3, 0);
	check_reader(0, 0, 0);
	close_world();
}

static void lost(void)
{
	open_world();
	answer(1, AUTHENTICATION);
	gatt_client_lost(&w.client, -ENOTCONN);
	for (int i = 0; i < 3; i++)
		check_reader(i, 1, -ENOTCONN);
	gatt_remedied(&w.client, &w.pairing.remedy);
	CHECK_INT(w.pairing.ended, 0);
	CHECK_INT(w.sent, 1);
	close_world();
}

static struct reader helper;

static bool start_with_read(struct gatt_remedy *remedy, struct gatt_procedure *procedure)
{
	static const struct gatt_class class = { .start = gatt_start_op,
						 .reset = gatt_reset_nothing };

	(void)remedy;
	gatt_read_op(&helper.read, 9, gatt_op_done);
	return gatt_run_first(procedure->client, &helper.read.procedure, &class) == 0;
}

/* A remedy may be a procedure, which runs in front of the one that waits. */
static void by_procedure(void)
{
	open_world();
	memset(&helper, 0, sizeof(helper));
	helper.read.procedure.done = read_done;
	w.pairing.remedy.start = start_with_read;
	answer(1, AUTHENTICATION);
	answer(9, 0);
	CHECK_INT(helper.done, 1);
	CHECK(!w.op);
	gatt_remedied(&w.client, &w.pairing.remedy);
	answer(1, 0);
	check_reader(0, 1, 0);
	answer(2, 0);
	close_world();
}

/* A ninth one would have no bit, and repeat for ever. */
static void too_many(void)
{
	struct counted_remedy more[7];

	open_world();
	memset(more, 0, sizeof(more));
	for (int i = 0; i < 7; i++) {
		more[i].remedy = (struct gatt_remedy){ .error = BLE_ERROR_ATT(0x80 + i),
						       .start = remedy_start,
						       .end = remedy_end };
		more[i].helps = true;
		CHECK_INT(gatt_add_remedy(&w.client, &more[i].remedy),
			  i < 6 ? 0 : -ENOSPC);
	}
	answer(1, BLE_ERROR_ATT(0x85));
	gatt_remedied(&w.client, &more[5].remedy);
	answer(1, BLE_ERROR_ATT(0x85));
	check_reader(0, 1, BLE_ERROR_ATT(0x85));
	answer(2, BLE_ERROR_ATT(0x86));
	check_reader(1, 1, BLE_ERROR_ATT(0x86));
	CHECK_INT(more[5].started, 1);
	CHECK_INT(more[6].started, 0);
	close_world();
}

static const struct test_case cases[] = {
	TEST(waits_and_repeats), TEST(once_each), TEST(other_errors), TEST(remedy_fails),
	TEST(cancelled), TEST(lost), TEST(by_procedure), TEST(too_many),
	{ 0 }
};

static const struct test_suite suites[] = { { "remedies", cases },
					    { "procedures", remedy_procedures }, { 0 } };

int main(int argc, char **argv)
{
	return harness_main(argc, argv, suites);
}
