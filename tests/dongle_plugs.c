/* SPDX-License-Identifier: MIT */
/* The port: hosts that open it, close it and are killed; the stream in memory. */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "tests/failmalloc.h"
#include "tests/test_dongle.h"

/* -- Hosts that go --------------------------------------------------------- */

/* Scan and links survive; of what was said meanwhile some is left, from where
 * the last host stopped reading. */
static void host_dies(void)
{
	host_open(NULL);
	host_connect();
	SAYS("> 00 06 04 05 00 07 00 02 01 00", "^ 80 05 04 01 00 00 00 07 00",
	     "> 00 01 06 02 02", "^ 00 02 06 02 00 00");
	host_detach();
	host.len = 0;
	host_pass(60000);
	CHECK_INT(host.len, 0);
	CHECK(dongle_scanning(host.dongle));
	CHECK_INT(dongle_count_links(host.dongle), 1);
	host_attach();
	SAYS("^ 80 07 04 05 00 06 00 01 02 *"); /* stale, but there */
	host_pass(0);
	CHECK(host.len < 400);
	SAYS("> 00 01 06 02 02", "^ 00 02 06 02 81 01", "> 00 00 06 04", "^ 00 02 06 04 00 00",
	     "^ 80 07 04 05 *", "> 00 01 03 00 00", "^ 00 03 03 00 00 00 00",
	     "^ 80 03 03 04 00 00 00");
	host_close();
}

/* Half a command of a dead host does not swallow the next one's. */
static void half_left(void)
{
	host_open(NULL);
	SAYS("> 00 02 06 01");
	host_detach();
	host_pass(1500);
	host_attach();
	SAYS("< 80 02 00 06 85 01", "> 00 00 00 01", "< 00 00 00 01");
	host_close();
}

static void one_port(void)
{
	struct bgapi_stream *stream = NULL;

	host_open(NULL);
	CHECK_INT(dongle_plug(host.dongle, &stream), -EBUSY);
	CHECK(stream == NULL);
	host_detach();
	CHECK_INT(dongle_plug(host.dongle, &stream), 0);
	CHECK_INT(dongle_attach(host.dongle, &host.port), -EBUSY);
	stream->class->free(stream);
	host_attach();
	host_close();
}

/* A host that does not read: the air waits for it, and nothing notified is lost. */
static size_t taken;

static size_t take_little(struct dongle_port *port, struct ble_bytes octets)
{
	size_t n = octets.len < taken ? octets.len : taken;

	(void)port;
	REQUIRE(n <= sizeof(host.octet) - host.len);
	memcpy(host.octet + host.len, octets.data, n);
	host.len += n;
	taken -= n;
	return n;
}

static void slow_reader(void)
{
	unsigned int next = 0;

	host_open(NULL);
	host_connect();
	SAYS("> 00 06 04 05 00 07 00 02 01 00", "^ 80 05 04 01 00 00 00 07 00");
	host.port.output = take_little;
	for (int i = 0; i < 28000; i++) {
		taken = 2; /* 40 octets a second, of 110 */
		host_pass(50);
		dongle_writable(host.dongle);
	}
	for (uint8_t *p = host.octet; p + 11 <= host.octet + host.len; p += 11) {
		REQUIRE(p[0] == 0x80 && p[1] == 7 && p[3] == 5);
		CHECK_INT(p[9] | p[10] << 8, next);
		next++;
	}
	CHECK(next > 5000);
	host_close();
}

/* -- The stream ------------------------------------------------------------ */

static struct {
	struct bgapi_stream *stream;
	uint8_t octet[4096];
	size_t len;
	unsigned int inputs, closes;
	int error;
	bool free_in_input;
} seen;

static void on_input(void *user, struct ble_bytes octets)
{
	CHECK(user == &seen);
	CHECK(loop_dispatching(host.loop));
	seen.inputs++;
	REQUIRE(octets.len <= sizeof(seen.octet) - seen.len);
	memcpy(seen.octet + seen.len, octets.data, octets.len);
	seen.len += octets.len;
	if (seen.free_in_input) {
		seen.stream->class->free(seen.stream);
		seen.stream = NULL;
	}
}

static void on_closed(void *user, int error)
{
	CHECK(user == &seen);
	CHECK(loop_dispatching(host.loop));
	seen.closes++;
	seen.error = error;
}

static void plug(void)
{
	static const struct bgapi_stream_events events = { on_input, on_closed };

	memset(&seen, 0, sizeof(seen));
	REQUIRE(dongle_plug(host.dongle, &seen.stream) == 0);
	seen.stream->events = &events;
	seen.stream->user = &seen;
}

static void open_plugged(void)
{
	host_open(NULL);
	host_detach();
	plug();
}

static int say(const char *octets, size_t len)
{
	return seen.stream->class->send(seen.stream, bytes(octets, len));
}

static void unplug(void)
{
	seen.stream->class->free(seen.stream);
	host_close();
}

static void stream(void)
{
	uint64_t start;

	open_plugged();
	CHECK_INT(say("\0\0\0\1", 4), 0);
	CHECK_INT(seen.inputs, 0); /* not from inside send */
	CHECK_INT(seen.stream->class->wait(seen.stream, 100), 0);
	CHECK_INT(seen.len, 4);
	CHECK_MEM(seen.octet, "\0\0\0\1", 4);
	start = loop_now(host.loop);
	CHECK_INT(seen.stream->class->wait(seen.stream, 250), -ETIMEDOUT);
	CHECK_INT(loop_now(host.loop) - start, 250000000);
	CHECK_INT(say("\0\0\0\2", 4), 0); /* and from dispatch */
	for (int i = 0; i < 5; i++)
		ble_loop_dispatch(host.loop, 0);
	CHECK_INT(seen.len, 14);
	unplug();
}

/* What the dongle has not taken yet is limited, whole sends only. */
static void stream_full(void)
{
	int sent = 0;

	open_plugged();
	while (!say("\0\0\0\1", 4) && sent < 1000)
		sent++;
	CHECK(sent >= 16 && sent < 1000);
	host_pass(10);
	CHECK_INT(seen.len, 4 * sent);
	CHECK_INT(say("\0\0\0\1", 4), 0);
	unplug();
}

static void stream_gone(void)
{
	open_plugged();
	CHECK_INT(say("\0\1\0\0\0", 5), 0); /* reset: wait tells */
	CHECK_INT(seen.stream->class->wait(seen.stream, 5000), -ENODEV);
	CHECK_INT(say("\0\0\0\1", 4), -ENODEV);
	CHECK_INT(seen.stream->class->wait(seen.stream, 5000), -ENODEV);
	host_pass(1000);
	CHECK_INT(seen.closes, 0);
	seen.stream->class->free(seen.stream);
	plug();
	CHECK_INT(say("\0\1\0\0\0", 5), 0); /* in dispatch closed() tells, once */
	host_pass(2000);
	CHECK_INT(seen.closes, 1);
	CHECK_INT(seen.error, -ENODEV);
	seen.stream->class->free(seen.stream);
	plug();
	dongle_unplug(host.dongle, 100);
	CHECK_INT(seen.closes, 0); /* not from inside */
	host_pass(2000);
	CHECK_INT(seen.closes, 1);
	seen.stream->class->free(seen.stream);
	plug();
	dongle_unplug(host.dongle, 100);
	seen.stream->class->free(seen.stream); /* freed: silence */
	host_pass(2000);
	CHECK_INT(seen.closes, 0);
	plug();
	dongle_free(host.dongle);
	host.dongle = NULL;
	host_pass(10);
	CHECK_INT(seen.closes, 1);
	unplug();
}

static void pull(struct loop_timer *timer)
{
	(void)timer;
	dongle_unplug(host.dongle, 100);
}

/* In the middle of a wait, and of a dispatch: wait tells, and nobody else. */
static void stream_pulled(void)
{
	struct loop_timer timer = { .fire = pull };

	open_plugged();
	loop_timer_in(host.loop, &timer, 50);
	CHECK_INT(seen.stream->class->wait(seen.stream, 5000), -ENODEV);
	host_pass(1000);
	CHECK_INT(seen.closes, 0);
	unplug();
}

/* From its own callback, in dispatch and in wait. */
static void stream_freed(void)
{
	open_plugged();
	seen.free_in_input = true;
	CHECK_INT(say("\0\0\0\1", 4), 0);
	host_pass(10);
	CHECK(!seen.stream);
	plug();
	seen.free_in_input = true;
	CHECK_INT(say("\0\0\0\1", 4), 0);
	CHECK_INT(seen.stream->class->wait(seen.stream, 100), 0);
	CHECK(!seen.stream);
	plug();
	unplug();
}

static void no_memory(void)
{
	struct dongle_config config;
	struct dongle *dongle = NULL;
	struct bgapi_stream *none = NULL;
	int error;

	host_open(NULL);
	host_detach();
	dongle_config_init(&config);
	for (unsigned int i = 1;; i++) {
		failmalloc_arm(i);
		error = dongle_new(host.loop, &host.model, &config, &dongle);
		failmalloc_disarm();
		if (!error)
			break;
		CHECK_INT(error, -ENOMEM);
		CHECK(!dongle);
	}
	dongle_free(dongle);
	failmalloc_arm(1);
	CHECK_INT(dongle_plug(host.dongle, &none), -ENOMEM);
	failmalloc_disarm();
	failmalloc_arm(1);
	CHECK_INT(dongle_script(host.dongle, "cmd * silence", NULL), -ENOMEM);
	failmalloc_disarm();
	config.links = 9;
	CHECK_INT(dongle_new(host.loop, &host.model, &config, &dongle), -EINVAL);
	config.links = 0;
	CHECK_INT(dongle_new(host.loop, &host.model, &config, &dongle), -EINVAL);
	host_close();
}

const struct test_case dongle_plugs[] = {
	TEST(host_dies), TEST(half_left),   TEST(one_port),	TEST(slow_reader),
	TEST(stream),	 TEST(stream_full), TEST(stream_gone), TEST(stream_freed),
	TEST(stream_pulled),
	TEST(no_memory), { 0 },
};
