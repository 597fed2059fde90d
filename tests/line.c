/* SPDX-License-Identifier: MIT */
#include "tests/line.h"

#include <string.h>

#include "tests/harness.h"

void line_drop(struct line *line)
{
	if (line->stream)
		line->stream->class->free(line->stream);
	line->stream = NULL;
}

static void on_input(void *user, struct ble_bytes octets)
{
	struct line *line = user;

	REQUIRE(octets.len <= LINE_ROOM - line->len);
	memcpy(line->octet + line->len, octets.data, octets.len);
	line->len += octets.len;
	line->inputs++;
	if (line->free_on_input)
		line_drop(line);
}

static void on_closed(void *user, int error)
{
	struct line *line = user;

	CHECK(loop_dispatching(line->loop));
	line->closes++;
	line->error = error;
	if (line->free_on_close)
		line_drop(line);
}

struct line *line_start(void)
{
	static struct line line;

	memset(&line, 0, sizeof(line));
	REQUIRE(ble_loop_new(&line.loop) == 0);
	return &line;
}

void line_listen(struct line *line)
{
	static const struct bgapi_stream_events events = { on_input, on_closed };

	line->stream->events = &events;
	line->stream->user = line;
}
