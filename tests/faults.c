/* SPDX-License-Identifier: MIT */
#include "tests/faults.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "att/pdu.h"
#include "config.h"
#include "tests/failmalloc.h"

enum {
	PEER_MTU = 100,      /* long values take several PDUs */
	INTERVAL_MS = 400,   /* of the peer's values: they do not crowd */
	PATIENCE_MS = 120000,
	AFTERWARDS_MS = 100, /* what is still on its way arrives */
	MOST_POSITIONS = 400,
	LEAST_CASES = 2000   /* of the sample, on any fixture */
};

unsigned int fault_cases;
static char folder[] = "/tmp/blewire-faults.XXXXXX";

bool fault_whole(void)
{
	const char *words = getenv("BLEWIRE_SWEEP");

	return words && strcmp(words, "whole") == 0;
}

/* -- One run ------------------------------------------------------------------------------ */

void fault_done(void *user, int error)
{
	struct fault_run *run = user;

	CHECK(run->running);
	if (!run->done++)
		run->error = error;
	else if (!run->by_event)
		FAIL("it ended twice");
}

static void on_disconnected(void *user, uint8_t reason, bool asked)
{
	struct fault_run *run = user;

	(void)reason;
	(void)asked;
	run->disconnected++;
	if (run->by_event && run->running && !run->done)
		fault_done(run, -ENOTCONN);
}

void fault_open(const struct procedure *procedure, struct fixture *fixture)
{
	const struct fixture_peer peer = { .n = procedure->peer, .mtu = PEER_MTU,
					 .interval_ms = INTERVAL_MS };

	REQUIRE(fixture_open(fixture, &peer, 1) == 0);
	if (!procedure->kept)
		return;
	REQUIRE(mkdtemp(strcpy(folder, "/tmp/blewire-faults.XXXXXX")));
	REQUIRE(ble_adapter_set_cache(fixture->adapter, folder) == 0);
}

static void remove_folder(void)
{
	char path[512];
	DIR *dir = opendir(folder);

	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (entry->d_name[0] != '.')
			unlink(path);
	}
	if (dir)
		closedir(dir);
	rmdir(folder);
}

void fault_close(struct fixture *fixture)
{
	fixture_close(fixture);
	remove_folder();
}

/* So that there is something in the cache. */
static int discover_once(struct fault_run *run)
{
	int error = ble_client_discover_sync(run->client);

	if (!error)
		error = ble_client_disconnect_sync(run->client);
	return error ? error : ble_client_connect_sync(run->client, NULL);
}

void fault_prepare(const struct procedure *procedure, struct fault_run *run)
{
	struct fixture *fixture = run->fixture;

	*run = (struct fault_run){ .fixture = fixture, .by_event = procedure->by_event };
	REQUIRE(ble_client_new(fixture->adapter, &fixture->addresses[0], &run->client) == 0);
	ble_client_on_disconnected(run->client, on_disconnected, run);
	wire_arm(WIRE_NO_FAULT, 0, 0);
	if (!procedure->unconnected)
		REQUIRE(ble_client_connect_sync(run->client, NULL) == 0);
	if (procedure->kept)
		REQUIRE(discover_once(run) == 0);
	if (procedure->discovered)
		REQUIRE(ble_client_discover_sync(run->client) == 0);
	if (procedure->prepare)
		REQUIRE(procedure->prepare(run) == 0);
	run->disconnected = 0;
}

bool fault_play(const struct procedure *procedure, struct fault_run *run)
{
	int error;

	run->running = true;
	error = procedure->start(run);
	CHECK_INT(error, 0);
	return !error && fixture_wait(run->fixture, &run->done, 1, PATIENCE_MS);
}

static void check_read(struct ble_client *client)
{
	uint8_t octet = 0;
	size_t len = 0;

	CHECK_INT(ble_client_read_sync(client, 0x0003, &octet, 1, &len), 0);
	CHECK(len >= 8);
}

void fault_check_alive(struct fault_run *run)
{
	struct ble_client *client = run->client;

	fixture_run(run->fixture, AFTERWARDS_MS);
	CHECK(run->disconnected <= 1);
	if (ble_client_connected(client)) {
		check_read(client);
		CHECK_INT(ble_client_disconnect_sync(client), 0);
	}
	CHECK_INT(ble_client_connect_sync(client, NULL), 0);
	check_read(client);
	fixture_run(run->fixture, 1000);
	CHECK(run->done == 1 || run->by_event);
}

void fault_release(struct fault_run *run)
{
	run->client = ble_client_unref(run->client);
	run->running = false;
	fixture_run(run->fixture, AFTERWARDS_MS);
}

/* -- What may come of a fault --------------------------------------------------------------- */

struct fault {
	enum wire_fault kind;
	unsigned int argument, at, n; /* of n PDUs */
};

/* Whether it ended as it does after this refusal. */
static bool refused(const struct procedure *procedure, const struct fault_run *run,
		    const struct fault *fault)
{
	bool as_it_is = true;

	for (const struct fault_mercy *m = procedure->mercy; m->code; m++) {
		if (m->code != EVERY_CODE && m->code != BLE_ERROR_ATT((int)fault->argument))
			continue;
		if (!(m->where & (fault->at == 1 ? AT_FIRST : LATER)))
			continue;
		if (run->error == m->error)
			return true;
		as_it_is = as_it_is && m->maybe;
	}
	return as_it_is && run->error == BLE_ERROR_ATT((int)fault->argument);
}

/* One that has a word for every refusal has it for what else is wrong, too. */
bool fault_as_any_refusal(const struct procedure *procedure, const struct fault_run *run)
{
	for (const struct fault_mercy *m = procedure->mercy; m->code; m++)
		if (m->code == EVERY_CODE && m->error == run->error)
			return true;
	return false;
}

/* An answer that is malformed may be a good one all the same: a value that is
 * shorter. A firmware that meets one has its own words for it. */
static bool malformed(const struct procedure *procedure, const struct fault_run *run)
{
	return run->error == 0 || run->error == -EBADMSG ||
	       (run->fixture->class->firmware && run->error == ATT_INVALID_PDU) ||
	       fault_as_any_refusal(procedure, run);
}

static bool cut(const struct procedure *procedure, const struct fault_run *run, bool last)
{
	if (procedure->tries_again || (last && !run->error))
		return !run->error;
	if (procedure->unheard && !run->error)
		return true;
	return run->error == -ENOTCONN || (run->error && fault_as_any_refusal(procedure, run));
}

static bool silence(const struct procedure *procedure, const struct fault_run *run,
		    const struct fault *fault)
{
	if (procedure->unheard || !wire_is_request(fault->at))
		return !run->error;
	return run->error == -ETIMEDOUT ||
	       (procedure->by_event && run->error == -ENOTCONN) ||
	       (procedure->by_event && fault->kind == WIRE_OTHER && !run->error);
}

static bool expected(const struct procedure *procedure, const struct fault_run *run,
		     const struct fault *fault)
{
	switch ((int)fault->kind) {
	case WIRE_CUT_BEFORE:
		return cut(procedure, run, !wire_is_request(fault->at));
	case WIRE_CUT_AFTER:
		return cut(procedure, run, fault->at == fault->n);
	case WIRE_ERROR:
		return refused(procedure, run, fault);
	case WIRE_SILENCE:
	case WIRE_OTHER:
		return silence(procedure, run, fault);
	case WIRE_OTHER_TOO:
	case WIRE_UNKNOWN:
	case WIRE_ASKS:
		return run->error == 0;
	default:
		return malformed(procedure, run);
	}
}

/* -- The sweep ------------------------------------------------------------------------------ */

static const char *const names[WIRE_FAULTS] = {
	"no fault", "cut before", "cut after", "error", "silence", "twice", "other",
	"other too", "unknown", "asks", "cut off", "less", "more",
};

static void run_case(const struct procedure *procedure, struct fixture *fixture,
		     const struct fault *fault)
{
	struct fault_run run = { .fixture = fixture };
	size_t memory = failmalloc_live();
	bool right;

	harness_about("%s: PDU %u of %u: %s %u", procedure->name, fault->at, fault->n,
		      names[fault->kind], fault->argument);
	failmalloc_mark();
	fault_prepare(procedure, &run);
	wire_arm(fault->kind, fault->at, fault->argument);
	CHECK(fault_play(procedure, &run));
	fixture_run(fixture, AFTERWARDS_MS); /* a confirmation leaves behind the end */
	CHECK(wire_happened());
	right = expected(procedure, &run, fault);
	if (!right)
		harness_about("%s: PDU %u of %u: %s %u: ended with %d", procedure->name,
			      fault->at, fault->n, names[fault->kind], fault->argument,
			      run.error);
	CHECK(right);
	if (fault->kind == WIRE_SILENCE || fault->kind == WIRE_OTHER)
		fixture_run(fixture, 31000); /* the engine's transaction timeout */
	wire_arm(WIRE_NO_FAULT, 0, 0);
	fault_check_alive(&run);
	fault_release(&run);
	CHECK_INT(failmalloc_live(), memory);
	if (failmalloc_live() > memory)
		failmalloc_list(stderr);
	fault_cases++;
}

/* How many PDUs it sends where nothing goes wrong, and which are requests. */
static unsigned int count(const struct procedure *procedure, struct fixture *fixture,
			  bool request[MOST_POSITIONS])
{
	struct fault_run run = { .fixture = fixture };
	unsigned int n;

	harness_about("%s", procedure->name);
	fault_prepare(procedure, &run);
	wire_arm(WIRE_NO_FAULT, 0, 0);
	REQUIRE(fault_play(procedure, &run));
	CHECK_INT(run.error, 0);
	fixture_run(fixture, 5);
	n = wire_count();
	REQUIRE(n < MOST_POSITIONS);
	for (unsigned int at = 1; at <= n; at++)
		request[at] = wire_is_request(at);
	fault_check_alive(&run);
	fault_release(&run);
	return n;
}

/* Each position has another quarter of the codes, and the first ones all. */
static bool sampled(const struct fault *fault)
{
	static const uint8_t some[] = { 0x80, 0x81, 0x9f, 0xe0, 0xfc, 0xfd, 0xfe, 0xff };

	if (fault_whole())
		return true;
	if (fault->at > 2 && fault->argument % 4 != fault->at % 4)
		return false;
	return fault->argument <= 0x14 ||
	       memchr(some, (int)fault->argument, sizeof(some));
}

static void all_errors(const struct procedure *procedure, struct fixture *fixture,
		       struct fault fault)
{
	fault.kind = WIRE_ERROR;
	for (fault.argument = 1; fault.argument <= 0xff; fault.argument++)
		if (sampled(&fault))
			run_case(procedure, fixture, &fault);
}

static void all_lengths(const struct procedure *procedure, struct fixture *fixture,
			struct fault fault)
{
	static const struct { enum wire_fault kind; unsigned int argument; } lengths[] = {
		{ WIRE_CUT_OFF, 1 }, { WIRE_CUT_OFF, 2 }, { WIRE_LESS, 1 }, { WIRE_MORE, 1 },
		{ WIRE_CUT_OFF, 3 }, { WIRE_CUT_OFF, 4 }, { WIRE_CUT_OFF, 5 },
		{ WIRE_CUT_OFF, 6 }, { WIRE_CUT_OFF, 8 }, { WIRE_LESS, 2 }, { WIRE_LESS, 3 },
		{ WIRE_MORE, 2 },
	};
	size_t n = fault_whole() || fault.at < 3 ? sizeof(lengths) / sizeof(lengths[0]) : 4;

	for (size_t i = 0; i < n; i++) {
		fault.kind = lengths[i].kind;
		fault.argument = lengths[i].argument;
		run_case(procedure, fixture, &fault);
	}
}

static void all_faults(const struct procedure *procedure, struct fixture *fixture,
		       struct fault fault, bool request)
{
	static const enum wire_fault of_all[] = { WIRE_CUT_BEFORE, WIRE_CUT_AFTER, WIRE_SILENCE };
	static const enum wire_fault of_requests[] = {
		WIRE_TWICE, WIRE_OTHER, WIRE_OTHER_TOO, WIRE_UNKNOWN, WIRE_ASKS
	};

	for (size_t i = 0; i < sizeof(of_all) / sizeof(of_all[0]); i++) {
		fault.kind = of_all[i];
		run_case(procedure, fixture, &fault);
	}
	if (!request)
		return;
	for (size_t i = 0; i < sizeof(of_requests) / sizeof(of_requests[0]); i++) {
		fault.kind = of_requests[i];
		run_case(procedure, fixture, &fault);
	}
	all_errors(procedure, fixture, fault);
	all_lengths(procedure, fixture, fault);
}

/* The link falls as soon as the procedure was begun: what it sent is on its way. */
static void cut_at_once(const struct procedure *procedure, struct fixture *fixture)
{
	struct fault_run run = { .fixture = fixture };

	harness_about("%s: cut at once", procedure->name);
	fault_prepare(procedure, &run);
	run.running = true;
	CHECK_INT(procedure->start(&run), 0);
	wire_cut();
	CHECK(fixture_wait(fixture, &run.done, 1, PATIENCE_MS));
	CHECK(run.error == -ENOTCONN || run.error == 0 || fault_as_any_refusal(procedure, &run));
	fault_check_alive(&run);
	fault_release(&run);
	fault_cases++;
}

/* -- The cases: a procedure each ------------------------------------------------------------- */

const struct procedure *fault_procedure(void)
{
	const struct procedure *p = fault_procedures;

	while (strcmp(p->name, harness_name()))
		p++;
	return p;
}

static void sweep(void)
{
	const struct procedure *procedure = fault_procedure();
	bool request[MOST_POSITIONS] = { false };
	struct fault fault = { 0 };
	struct fixture fixture;

	fault_open(procedure, &fixture);
	fault.n = count(procedure, &fixture, request);
	for (fault.at = 1; fault.at <= fault.n; fault.at++)
		all_faults(procedure, &fixture, fault, request[fault.at]);
	cut_at_once(procedure, &fixture);
	fault_close(&fixture);
	harness_about(NULL);
}

static void say_total(const char *where)
{
	CHECK(fault_cases >= LEAST_CASES); /* fewer: the PDUs were not seen */
	printf("\nfaults: %u cases on %s\n", fault_cases, where);
	fault_cases = 0;
}

static void total(void)
{
	const struct fixture_class *class = harness_data();

	say_total(class->name);
}

#ifdef HAVE_BGAPI
static void total_of_messages(void)
{
	say_total("dongle, between it and the host");
}
#endif

enum { MOST_PROCEDURES = 40 };

static void add_cases(const struct fixture_class *class, void (*run)(void),
		      void (*end)(void), struct test_case cases[MOST_PROCEDURES + 2])
{
	bool socket = strcmp(class->name, "socket") == 0;
	size_t n = 0;

	for (const struct procedure *p = fault_procedures; p->name; p++) {
		const char *why = socket ? p->not_socket : NULL;

		if (why)
			printf("not on %s: %s: %s\n", class->name, p->name, why);
		else if (n == MOST_PROCEDURES)
			abort(); /* it is a matter of a number above */
		else
			cases[n++] = (struct test_case){ p->name, run, class };
	}
	cases[n] = (struct test_case){ "number of cases", end, class };
}

int main(int argc, char **argv)
{
	static struct test_case sim[MOST_PROCEDURES + 2];
	struct test_suite suites[5] = { { "sim", sim } };
	size_t n = 1;

	add_cases(&fixture_sim, sweep, total, sim);
	(void)n; /* of a build without the other fixtures */
#ifdef HAVE_BGAPI
	static struct test_case dongle[MOST_PROCEDURES + 2], messages[MOST_PROCEDURES + 2];

	add_cases(&fixture_dongle, sweep, total, dongle);
	suites[n++] = (struct test_suite){ "dongle", dongle };
	add_cases(&fixture_dongle, fault_messages, total_of_messages, messages);
	suites[n++] = (struct test_suite){ "messages", messages };
#endif
#ifdef HAVE_HCI
	static struct test_case socket[MOST_PROCEDURES + 2];

	add_cases(&fixture_socket, sweep, total, socket);
	suites[n++] = (struct test_suite){ "socket", socket };
#endif
	return harness_main(argc, argv, suites);
}
