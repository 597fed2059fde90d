/* SPDX-License-Identifier: MIT */
/* Order, blocked links, timeouts, cancel, lost links, and callbacks that call the
 * engine. */
#include "tests/test_engine.h"

#define THREE                    \
	"submit a read 0001\n"   \
	"> 0a 0100\n"            \
	"submit b read 0002\n"   \
	"submit c write 0003 01\n"

const struct test_case engine_order[] = {
	SCRIPT("requests go one at a time, in order",
	       THREE
	       "< 0b 01\n"
	       "! record a 0001 01\n"
	       "! done a 0\n"
	       "> 0a 0200\n"
	       "< 01 0a 0200 02\n"
	       "! done b 0x02\n"
	       "> 12 0300 01\n"
	       "< 13\n"
	       "! done c 0\n"
	       "is idle\n"
	       "is requests 3\n"),
	SCRIPT("what done submits goes behind what waits",
	       "when done a: submit d read 0004\n" THREE
	       "< 0b 01\n"
	       "! record a 0001 01\n"
	       "! done a 0\n"
	       "> 0a 0200\n"
	       "< 0b 01\n"
	       "! record b 0002 01\n"
	       "! done b 0\n"
	       "> 12 0300 01\n"
	       "< 13\n"
	       "! done c 0\n"
	       "> 0a 0400\n"
	       "< 0b 04\n"
	       "! record d 0004 04\n"
	       "! done d 0\n"),
	SCRIPT("what done submits goes out at once when nothing waits",
	       "when done a: submit a read 0002\n"
	       "submit a read 0001\n"
	       "> 0a 0100\n"
	       "< 0b 01\n"
	       "! record a 0001 01\n"
	       "! done a 0\n"
	       "> 0a 0200\n"
	       "< 0b 02\n"
	       "! record a 0002 02\n"
	       "! done a 0\n"),

	SCRIPT("cancel: on the wire, its response is discarded",
	       THREE
	       "cancel a\n"
	       "is busy\n"
	       "< 0b 01\n"
	       "> 0a 0200\n"
	       "< 0b 02\n"
	       "! record b 0002 02\n"
	       "! done b 0\n"
	       "> 12 0300 01\n"
	       "< 13\n"
	       "! done c 0\n"),
	SCRIPT("cancel: on the wire, its error is discarded",
	       THREE "cancel a\n< 01 0a 0100 02\n> 0a 0200\n"),
	SCRIPT("cancel: on the wire, its answer is malformed",
	       "submit a find-info 0001-0002\n"
	       "> 04 0100 0200\n"
	       "cancel a\n"
	       "submit b read 0001\n"
	       "< 05 07\n"
	       "> 0a 0100\n"),
	SCRIPT("cancel: waiting", THREE "cancel b\n< 01 0a 0100 02\n! done a 0x02\n> 12 0300 01\n"),
	SCRIPT("cancel: all", THREE "cancel b\ncancel c\ncancel a\n< 0b 01\nis idle\n"),
	SCRIPT("cancel: another one from done",
	       "when done a: cancel b\n" THREE
	       "< 0b 01\n"
	       "! record a 0001 01\n"
	       "! done a 0\n"
	       "> 12 0300 01\n"),
	SCRIPT("cancel: itself from record, and the next goes",
	       "when record a: cancel a\n" THREE
	       "< 0b 01\n"
	       "! record a 0001 01\n"
	       "> 0a 0200\n"),
	SCRIPT("cancel: from record, and submitted again",
	       "submit a read 0001\n"
	       "> 0a 0100\n"
	       "when record a: cancel a\n"
	       "when value: submit a read 0001\n"
	       "< 0b 01\n"
	       "! record a 0001 01\n"
	       "< 1b 0100 01\n"
	       "! value 0001 01\n"
	       "> 0a 0100\n"
	       "< 0b 02\n"
	       "! record a 0001 02\n"
	       "! done a 0\n"),
	SCRIPT("cancel: a command that waits for room",
	       "block\n"
	       "submit a command 0003 01\n"
	       "submit b command 0003 02\n"
	       "cancel a\n"
	       "flush\n"
	       "> 52 0300 02\n"
	       "! done b 0\n"),
	SCRIPT("cancel: a request that waits for room",
	       "block\n"
	       "submit a read 0001\n"
	       "submit b read 0002\n"
	       "cancel a\n"
	       "flush\n"
	       "> 0a 0200\n"),
	SCRIPT("cancel: a sweep that waits for room",
	       "submit a find-info 0001-0003\n"
	       "> 04 0100 0300\n"
	       "block\n"
	       "< 05 01 0100 0028\n"
	       "! record a 0001 0028\n"
	       "cancel a\n"
	       "flush\n"
	       "is idle\n"),

	SCRIPT("blocked: a request waits",
	       "block\n"
	       "submit a read 0001\n"
	       "is idle\n"
	       "is requests 0\n"
	       "submit b read 0002\n"
	       "flush\n"
	       "> 0a 0100\n"
	       "is requests 1\n"),
	SCRIPT("blocked: commands keep their order, the bare ones are refused",
	       "block\n"
	       "submit a command-bare 0003 01 = -EAGAIN\n"
	       "submit b command 0003 02\n"
	       "submit c command 0003 03\n"
	       "submit d command-bare 0003 04 = -EAGAIN\n"
	       "flush\n"
	       "> 52 0300 02\n"
	       "> 52 0300 03\n"
	       "! writable\n"
	       "! done b 0\n"
	       "! done c 0\n"
	       "submit d command-bare 0003 04\n"
	       "> 52 0300 04\n"),
	SCRIPT("blocked: room for one at a time",
	       "block\n"
	       "submit a command 0003 01\n"
	       "submit b command 0003 02\n"
	       "submit c read 0001\n"
	       "flush 1\n"
	       "> 52 0300 01\n"
	       "! done a 0\n"
	       "flush 1\n"
	       "> 52 0300 02\n"
	       "! done b 0\n"
	       "flush 1\n"
	       "> 0a 0100\n"
	       "< 0b 01\n"
	       "! record c 0001 01\n"
	       "! done c 0\n"),
	SCRIPT("blocked: a sweep goes on before others",
	       "submit a find-info 0001-0003\n"
	       "> 04 0100 0300\n"
	       "submit b read 0001\n"
	       "block\n"
	       "< 05 01 0100 0028\n"
	       "! record a 0001 0028\n"
	       "is idle\n"
	       "flush\n"
	       "> 04 0200 0300\n"
	       "< 01 04 0200 0a\n"
	       "! done a 0\n"
	       "> 0a 0100\n"),
	SCRIPT("blocked: everything at once",
	       "server\n"
	       "block\n"
	       "submit a read 0001\n"
	       "submit b command 0003 01\n"
	       "< 1d 0300 01\n"
	       "! value 0003 01\n"
	       "answer 0b 07\n"
	       "< 0a 0300\n"
	       "! asked 0a0300\n"
	       "flush 2\n"
	       "> 0b 07\n"
	       "> 1e\n"
	       "flush\n"
	       "> 0a 0100\n"
	       "> 52 0300 01\n"
	       "! done b 0\n"),
	SCRIPT("blocked: the link is freed in the end of the first command",
	       "block\n"
	       "submit a command 0003 01\n"
	       "submit b command 0003 02\n"
	       "submit c read 0003\n"
	       "when done a: free\n"
	       "flush\n"
	       "> 52 0300 01\n"
	       "> 52 0300 02\n"
	       "> 0a 0300\n"
	       "! done a 0\n"
	       "flush\n"),
	SCRIPT("blocked: commands that go on and on hold no request up",
	       "block\n"
	       "submit a command 0003 01\n"
	       "submit b command 0003 02\n"
	       "submit c read 0001\n"
	       "submit d command 0003 03\n"
	       "when done a: submit e command 0003 04\n"
	       "when done e: submit f command 0003 05\n"
	       "flush 1\n"
	       "> 52 0300 01\n"
	       "! done a 0\n"
	       "flush 1\n"
	       "> 52 0300 02\n"
	       "! done b 0\n"
	       "flush 1\n"
	       "> 0a 0100\n"
	       "flush\n"
	       "> 52 0300 03\n"
	       "> 52 0300 04\n"
	       "! done d 0\n"
	       "! done e 0\n"
	       "> 52 0300 05\n"
	       "! done f 0\n"
	       "< 0b 01\n"
	       "! record c 0001 01\n"
	       "! done c 0\n"),
	SCRIPT("blocked: a command in front of a request, cancelled",
	       "block\n"
	       "submit a command 0003 01\n"
	       "submit b command 0003 02\n"
	       "submit c read 0001\n"
	       "submit d command 0003 03\n"
	       "cancel a\n"
	       "flush\n"
	       "> 52 0300 02\n"
	       "> 0a 0100\n"
	       "> 52 0300 03\n"
	       "! done b 0\n"
	       "! done d 0\n"),
	SCRIPT("blocked: a command behind a request, cancelled",
	       "block\n"
	       "submit a command 0003 01\n"
	       "submit c read 0001\n"
	       "submit d command 0003 03\n"
	       "cancel d\n"
	       "flush\n"
	       "> 52 0300 01\n"
	       "> 0a 0100\n"
	       "! done a 0\n"),
	SCRIPT("blocked: the second request cancelled",
	       "block\n"
	       "submit a read 0001\n"
	       "submit b read 0002\n"
	       "submit c command 0003 01\n"
	       "cancel b\n"
	       "flush\n"
	       "> 0a 0100\n"
	       "> 52 0300 01\n"
	       "! done c 0\n"),
	SCRIPT("blocked: a second request, the first one cancelled",
	       "block\n"
	       "submit a read 0001\n"
	       "submit b command 0003 01\n"
	       "submit c read 0003\n"
	       "cancel a\n"
	       "flush\n"
	       "> 52 0300 01\n"
	       "> 0a 0300\n"
	       "! done b 0\n"),
	SCRIPT("blocked: a second request waits for no command behind it",
	       "submit a read 0001\n"
	       "> 0a 0100\n"
	       "block\n"
	       "submit b command 0003 01\n"
	       "submit c read 0002\n"
	       "submit d command 0003 02\n"
	       "< 0b 01\n"
	       "! record a 0001 01\n"
	       "! done a 0\n"
	       "flush\n"
	       "> 52 0300 01\n"
	       "> 0a 0200\n"
	       "> 52 0300 02\n"
	       "! done b 0\n"
	       "! done d 0\n"),
	SCRIPT("blocked: lost",
	       "block\n"
	       "submit a command 0003 01\n"
	       "submit b read 0003\n"
	       "< 1d 0300 01\n"
	       "! value 0003 01\n"
	       "close -ECONNRESET 13\n"
	       "! done a -ENOTCONN\n"
	       "! done b -ENOTCONN\n"
	       "! closed -ECONNRESET 13\n"
	       "flush\n"),
	SCRIPT("blocked: the time runs only for what left",
	       "block\n"
	       "submit a read 0001\n"
	       "wait 40000\n"
	       "flush\n"
	       "> 0a 0100\n"
	       "wait 29999\n"
	       "is busy\n"
	       "< 0b 01\n"
	       "! record a 0001 01\n"
	       "! done a 0\n"),

	SCRIPT("time: 30 s end the bearer",
	       THREE
	       "block\n"
	       "submit d command 0003 01\n"
	       "wait 29999\n"
	       "wait 1\n"
	       "! done a -ETIMEDOUT\n"
	       "! done d -ETIMEDOUT\n"
	       "! done b -ETIMEDOUT\n"
	       "! done c -ETIMEDOUT\n"
	       "! closed -ETIMEDOUT 00\n"
	       "is idle\n"
	       "submit e read 0001 = -ENOTCONN\n"
	       "submit e command-bare 0001 01 = -ENOTCONN\n"
	       "wait 30000\n"),
	SCRIPT("time: a cancelled request counts too",
	       "submit a read 0001\n"
	       "> 0a 0100\n"
	       "cancel a\n"
	       "submit b read 0002\n"
	       "wait 30000\n"
	       "! done b -ETIMEDOUT\n"
	       "! closed -ETIMEDOUT 00\n"),
	SCRIPT("time: each request has its own",
	       "submit a find-info 0001-0003\n"
	       "> 04 0100 0300\n"
	       "wait 20000\n"
	       "< 05 01 0100 0028\n"
	       "! record a 0001 0028\n"
	       "> 04 0200 0300\n"
	       "wait 20000\n"
	       "< 01 04 0200 0a\n"
	       "! done a 0\n"
	       "wait 40000\n"
	       "submit b read 0001\n"
	       "> 0a 0100\n"
	       "wait 29999\n"
	       "wait 1\n"
	       "! done b -ETIMEDOUT\n"
	       "! closed -ETIMEDOUT 00\n"),
	SCRIPT("time: values do not win any",
	       "submit a read 0001\n"
	       "> 0a 0100\n"
	       "wait 20000\n"
	       "< 1b 0300 01\n"
	       "! value 0003 01\n"
	       "< 13\n"
	       "wait 10000\n"
	       "! done a -ETIMEDOUT\n"
	       "! closed -ETIMEDOUT 00\n"
	       "< 0b 01\n"
	       "< 1b 0300 01\n"
	       "< 1d 0300 01\n"
	       "< 0a 0300\n"),

	SCRIPT("loss: every op once, then closed",
	       THREE
	       "block\n"
	       "submit d command 0003 01\n"
	       "close -ECONNRESET 08\n"
	       "! done a -ENOTCONN\n"
	       "! done d -ENOTCONN\n"
	       "! done b -ENOTCONN\n"
	       "! done c -ENOTCONN\n"
	       "! closed -ECONNRESET 08\n"
	       "close -ECONNRESET 08\n"
	       "submit e read 0001 = -ENOTCONN\n"
	       "submit e mtu 100 = -ENOTCONN\n"),
	/* The controller's supervision time-out is not a request unanswered. */
	SCRIPT("loss: by supervision time-out",
	       THREE
	       "close -ETIMEDOUT 08\n"
	       "! done a -ENOTCONN\n"
	       "! done b -ENOTCONN\n"
	       "! done c -ENOTCONN\n"
	       "! closed -ETIMEDOUT 08\n"),
	SCRIPT("loss: of an adapter", "close -ENODEV 00\n! closed -ENODEV 00\n"),
	SCRIPT("loss: done cancels the others",
	       "when done a: cancel b\n" THREE
	       "close -ECONNRESET 08\n"
	       "! done a -ENOTCONN\n"
	       "! done c -ENOTCONN\n"
	       "! closed -ECONNRESET 08\n"),
	SCRIPT("loss: done frees the link",
	       "when done a: free\n" THREE "close -ECONNRESET 08\n! done a -ENOTCONN\n"),
	SCRIPT("loss: closed frees the link",
	       "when closed: free\n"
	       "submit a read 0001\n"
	       "> 0a 0100\n"
	       "close -ECONNRESET 08\n"
	       "! done a -ENOTCONN\n"
	       "! closed -ECONNRESET 08\n"),
	SCRIPT("loss: done submits in vain",
	       "when done a: submit d read 0001 = -ENOTCONN\n"
	       "when done b: submit d command 0001 01 = -ENOTCONN\n" THREE
	       "close -ECONNRESET 08\n"
	       "! done a -ENOTCONN\n"
	       "! done b -ENOTCONN\n"
	       "! done c -ENOTCONN\n"
	       "! closed -ECONNRESET 08\n"),
	SCRIPT("loss: seen by a send first",
	       "break -EPIPE\n"
	       "submit a read 0001 = -EPIPE\n"
	       "submit b command-bare 0001 01 = -EPIPE\n"
	       "submit c command 0001 01 = -EPIPE\n"
	       "submit d mtu 100 = -EPIPE\n"
	       "is idle\n"
	       "close -EPIPE 00\n"
	       "! closed -EPIPE 00\n"),
	SCRIPT("loss: seen by the next request",
	       THREE
	       "break -EPIPE\n"
	       "< 0b 01\n"
	       "! record a 0001 01\n"
	       "! done a 0\n"
	       "close -EPIPE 00\n"
	       "! done b -ENOTCONN\n"
	       "! done c -ENOTCONN\n"
	       "! closed -EPIPE 00\n"),
	SCRIPT("loss: seen by commands that go on and on",
	       "block\n"
	       "submit a command 0003 01\n"
	       "submit b command 0003 02\n"
	       "submit c read 0003\n"
	       "when done a: submit d command 0003 03 = -ENOTCONN\n"
	       "when done b: submit e command 0003 04 = -ENOTCONN\n"
	       "flush -EPIPE\n"
	       "close -EPIPE 00\n"
	       "! done a -ENOTCONN\n"
	       "! done b -ENOTCONN\n"
	       "! done c -ENOTCONN\n"
	       "! closed -EPIPE 00\n"),
	SCRIPT("loss: seen by a sweep that goes on",
	       "submit a find-info 0001-0003\n"
	       "> 04 0100 0300\n"
	       "submit b read 0001\n"
	       "break -EPIPE\n"
	       "< 05 01 0100 0028\n"
	       "! record a 0001 0028\n"
	       "! done a -ENOTCONN\n"
	       "close -EPIPE 00\n"
	       "! done b -ENOTCONN\n"
	       "! closed -EPIPE 00\n"),

	SCRIPT("free: silence", THREE "free\n"),
	SCRIPT("free: from done", "when done a: free\n" THREE "< 0b 01\n! record a 0001 01\n! done a 0\n"),
	SCRIPT("free: from the record of a read",
	       "when record a: free\n" THREE "< 0b 01\n! record a 0001 01\n"),
	SCRIPT("free: from the done of a command, with another behind it",
	       "when value: submit a command 0001 01\n"
	       "when value: submit b command 0001 02\n"
	       "when done a: free\n"
	       "< 23 0300 0100 aa 0500 0100 bb\n"
	       "! value 0003 aa\n"
	       "> 52 0100 01\n"
	       "! value 0005 bb\n"
	       "> 52 0100 02\n"
	       "! done a 0\n"),
	SCRIPT("cancel: a command that left, from the done of another",
	       "when value: submit a command 0001 01\n"
	       "when value: submit b command 0001 02\n"
	       "when done a: cancel b\n"
	       "< 23 0300 0100 aa 0500 0100 bb\n"
	       "! value 0003 aa\n"
	       "> 52 0100 01\n"
	       "! value 0005 bb\n"
	       "> 52 0100 02\n"
	       "! done a 0\n"),
	SCRIPT("free: from the done of a command",
	       "when done a: free\n"
	       "submit a command 0001 01\n"
	       "> 52 0100 01\n"
	       "! done a 0\n"),
	{ 0 },
};
