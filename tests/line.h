/* SPDX-License-Identifier: MIT */
/* A dongle's stream, and a record of its callbacks. */
#ifndef TESTS_LINE_H
#define TESTS_LINE_H

#include "bgapi/stream.h"

enum { LINE_ROOM = 65536 };

struct line {
	struct ble_loop *loop;
	struct bgapi_stream *stream; /* NULL: it was freed */
	size_t inputs, len; /* calls of input(), and octets in them */
	unsigned int closes;
	int error; /* of the latest close */
	bool free_on_input, free_on_close;
	uint8_t octet[LINE_ROOM];
};

/* Returns a line that is all zero except for a new loop, which the caller unrefs. There
 * is one at a time. It is not on the stack, because sanitizers make large frames slow. */
struct line *line_start(void);

/* Sets the callbacks of line->stream. */
void line_listen(struct line *line);

/* Frees the stream, if there is one. */
void line_drop(struct line *line);

#endif
