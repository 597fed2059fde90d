/* SPDX-License-Identifier: MIT */
/* Reads and writes of values, and what an error response may be. */
#include "tests/test_engine.h"

#define MALFORMED "! done a -EBADMSG\nis idle\n"
#define DONE "! done a 0\nis idle\n"
#define READ "submit a read 0003\n> 0a 0300\n"
#define LONG "submit a read-long 0003\n> 0a 0300\n"
#define MULTI "submit a read-multi 03000500\n> 0e 0300 0500\n"
#define VAR "submit a read-var 03000500\n> 20 0300 0500\n"
#define WRITE "submit a write 0003 0102\n> 12 0300 0102\n"
#define PREPARE "submit a prepare 0003 18 0102\n> 16 0300 1200 0102\n"

const struct test_case engine_values[] = {
	SCRIPT("read", READ "< 0b 01020304\n! record a 0003 01020304\n" DONE),
	SCRIPT("read: empty", READ "< 0b\n! record a 0003 -\n" DONE),
	SCRIPT("read: as much as fits", READ "< 0b 55*22\n! record a 0003 55*22\n" DONE),
	SCRIPT("read: longer than the MTU",
	       READ "< 0b 55*100\n! record a 0003 55*100\n" DONE),
	SCRIPT("read: error", READ "< 01 0a 0300 05\n! done a 0x05\nis idle\n"),
	SCRIPT("read: application error", READ "< 01 0a 0300 80\n! done a 0x80\n"),
	SCRIPT("read: error ff", READ "< 01 0a 0300 ff\n! done a 0xff\n"),
	SCRIPT("read: not found is an error here",
	       READ "< 01 0a 0300 0a\n! done a 0x0a\n"),
	SCRIPT("read: of handle 0", "submit a read 0000 = -EINVAL\n"),

	SCRIPT("not found: an error of all but the sweeps",
	       LONG "< 01 0a 0300 0a\n! done a 0x0a\n"
	       MULTI "< 01 0e 0300 0a\n! done a 0x0a\n"
	       VAR "< 01 20 0300 0a\n! done a 0x0a\n"
	       WRITE "< 01 12 0300 0a\n! done a 0x0a\n"
	       PREPARE "< 01 16 0300 0a\n! done a 0x0a\n"
	       "submit a execute 1\n"
	       "> 18 01\n"
	       "< 01 18 0300 0a\n"
	       "! done a 0x0a\n"),
	SCRIPT("error response: code 0", READ "< 01 0a 0300 00\n" MALFORMED),
	SCRIPT("error response: short", READ "< 01 0a 0300\n" MALFORMED),
	SCRIPT("error response: opcode alone", READ "< 01\n" MALFORMED),
	SCRIPT("error response: long", READ "< 01 0a 0300 05 00\n" MALFORMED),
	SCRIPT("error response: about another request",
	       READ
	       "< 01 12 0300 05\n"
	       "is busy\n"
	       "< 0b 01\n"
	       "! record a 0003 01\n" DONE),
	SCRIPT("error response: about another handle",
	       READ "< 01 0a 0900 05\n! done a 0x05\n"),
	SCRIPT("error response: unsolicited",
	       "< 01 0a 0300 05\n"
	       "< 01\n" READ "< 0b 01\n! record a 0003 01\n" DONE),
	SCRIPT("error response: twice",
	       READ
	       "submit b write 0003 01\n"
	       "< 01 0a 0300 05\n"
	       "! done a 0x05\n"
	       "> 12 0300 01\n"
	       "< 01 0a 0300 05\n"
	       "< 13\n"
	       "! done b 0\n"),

	SCRIPT("response: of another request",
	       READ
	       "< 13\n"
	       "< 09 02 0300\n"
	       "< 03 1700\n"
	       "is busy\n"
	       "is mtu 23\n"
	       "< 0b 01\n"
	       "! record a 0003 01\n" DONE),
	SCRIPT("response: unsolicited",
	       "< 0b 0102\n"
	       "< 05 01 0100 0028\n"
	       "< 13\n"
	       "< 19\n"
	       "< 03 0002\n"
	       "is mtu 23\n"
	       "is idle\n"),
	SCRIPT("response: twice",
	       READ
	       "submit b write 0003 01\n"
	       "< 0b 01\n"
	       "! record a 0003 01\n"
	       "! done a 0\n"
	       "> 12 0300 01\n"
	       "< 0b 01\n"
	       "< 13\n"
	       "! done b 0\n"),

	SCRIPT("long read: ends with a part that is not full",
	       LONG
	       "< 0b 01*22\n"
	       "! record a 0003 01*22\n"
	       "> 0c 0300 1600\n"
	       "< 0d 02*22\n"
	       "! record a 0003+22 02*22\n"
	       "> 0c 0300 2c00\n"
	       "< 0d 03*7\n"
	       "! record a 0003+44 03*7\n" DONE),
	SCRIPT("long read: short value", LONG "< 0b 01\n! record a 0003 01\n" DONE),
	SCRIPT("long read: ends on a border, empty part",
	       LONG
	       "< 0b 01*22\n"
	       "! record a 0003 01*22\n"
	       "> 0c 0300 1600\n"
	       "< 0d\n"
	       "! record a 0003+22 -\n" DONE),
	SCRIPT("long read: ends on a border, invalid offset",
	       LONG
	       "< 0b 01*22\n"
	       "! record a 0003 01*22\n"
	       "> 0c 0300 1600\n"
	       "< 01 0c 0300 07\n" DONE),
	SCRIPT("long read: ends on a border, not long",
	       LONG
	       "< 0b 01*22\n"
	       "! record a 0003 01*22\n"
	       "> 0c 0300 1600\n"
	       "< 01 0c 0300 0b\n" DONE),
	SCRIPT("long read: the first part has no such end",
	       LONG "< 01 0a 0300 07\n! done a 0x07\n"),
	SCRIPT("long read: refused in the middle",
	       LONG
	       "< 0b 01*22\n"
	       "! record a 0003 01*22\n"
	       "> 0c 0300 1600\n"
	       "< 01 0c 0300 0f\n"
	       "! done a 0x0f\n"),
	SCRIPT("long read: 512 octets at 517",
	       "submit m mtu 517\n> 02 0502\n< 03 0502\n! done m 0\n" LONG
	       "< 0b 07*512\n"
	       "! record a 0003 07*512\n" DONE),
	SCRIPT("long read: cut at 512 octets",
	       "submit m mtu 517\n> 02 0502\n< 03 0502\n! done m 0\n" LONG
	       "< 0b 07*516\n"
	       "! record a 0003 07*512\n" DONE),
	SCRIPT("long read: never ends",
	       "submit m mtu 517\n> 02 0502\n< 03 0101\n! done m 0\nis mtu 257\n" LONG
	       "< 0b 07*256\n"
	       "! record a 0003 07*256\n"
	       "> 0c 0300 0001\n"
	       "< 0d 08*256\n"
	       "! record a 0003+256 08*256\n" DONE),
	SCRIPT("long read: a part larger than the MTU is not the end",
	       LONG
	       "< 0b 01*30\n"
	       "! record a 0003 01*30\n"
	       "> 0c 0300 1e00\n"
	       "< 0d 02\n"
	       "! record a 0003+30 02\n" DONE),
	SCRIPT("long read: the MTU grows while its first part is asked",
	       LONG
	       "< 02 6400\n"
	       "> 03 0502\n"
	       "is mtu 100\n"
	       "< 0b 01*99\n"
	       "! record a 0003 01*99\n"
	       "> 0c 0300 6300\n"
	       "< 0d 02*7\n"
	       "! record a 0003+99 02*7\n" DONE),
	SCRIPT("long read: answered like a read again",
	       LONG
	       "< 0b 01*22\n"
	       "! record a 0003 01*22\n"
	       "> 0c 0300 1600\n"
	       "< 0b 02\n"
	       "is busy\n"
	       "< 0d 03\n"
	       "! record a 0003+22 03\n" DONE),

	SCRIPT("read multiple", MULTI "< 0f 010203\n! record a 0000 010203\n" DONE),
	SCRIPT("read multiple: error", MULTI "< 01 0e 0500 02\n! done a 0x02\n"),
	SCRIPT("read multiple: what cannot be asked",
	       "submit a read-multi - = -EINVAL\n"
	       "submit a read-multi 0300 = -EINVAL\n"
	       "submit a read-multi 030005 = -EINVAL\n"
	       "submit a read-multi 01*24 = -EMSGSIZE\n"
	       "submit a read-multi 01*22\n"
	       "> 0e 01*22\n"
	       "< 01 0e 0101 01\n"
	       "! done a 0x01\n"),
	SCRIPT("read variable",
	       VAR
	       "< 21 0100 aa 0300 010203\n"
	       "! record a 0003 aa\n"
	       "! record a 0005 010203\n" DONE),
	SCRIPT("read variable: empty values",
	       VAR
	       "< 21 0000 0000\n"
	       "! record a 0003 -\n"
	       "! record a 0005 -\n" DONE),
	SCRIPT("read variable: the last value is cut at the MTU",
	       VAR
	       "< 21 0100 aa 2000 02*17\n"
	       "! record a 0003 aa\n"
	       "! record a 0005 02*17\n" DONE),
	SCRIPT("read variable: a length is cut at the MTU",
	       VAR
	       "< 21 1300 02*19 03\n"
	       "! record a 0003 02*19\n" DONE),
	SCRIPT("read variable: a value is missing behind the MTU",
	       VAR
	       "< 21 1400 02*20\n"
	       "! record a 0003 02*20\n" DONE),
	SCRIPT("read variable: a value is missing",
	       VAR
	       "< 21 0100 aa\n"
	       "! record a 0003 aa\n" MALFORMED),
	SCRIPT("read variable: nothing at all", VAR "< 21\n" MALFORMED),
	SCRIPT("read variable: half a length", VAR "< 21 01\n" MALFORMED),
	SCRIPT("read variable: a length that lies",
	       VAR
	       "< 21 0100 aa 0400 010203\n"
	       "! record a 0003 aa\n" MALFORMED),
	SCRIPT("read variable: more values than asked for",
	       VAR
	       "< 21 0100 aa 0100 bb 0100 cc\n"
	       "! record a 0003 aa\n"
	       "! record a 0005 bb\n" MALFORMED),
	SCRIPT("read variable: cancelled from its record",
	       VAR
	       "when record a: cancel a\n"
	       "< 21 0100 aa 0300 010203\n"
	       "! record a 0003 aa\n"
	       "is idle\n"),

	SCRIPT("write", WRITE "< 13\n" DONE),
	SCRIPT("write: empty", "submit a write 0003 -\n> 12 0300\n< 13\n" DONE),
	SCRIPT("write: error", WRITE "< 01 12 0300 03\n! done a 0x03\n"),
	SCRIPT("write: a response with something in it", WRITE "< 13 00\n" MALFORMED),
	SCRIPT("write: as long as fits",
	       "submit a write 0003 01*21 = -EMSGSIZE\n"
	       "submit a write 0003 01*20\n"
	       "> 12 0300 01*20\n"
	       "< 13\n" DONE),
	SCRIPT("write: to handle 0", "submit a write 0000 01 = -EINVAL\n"),

	SCRIPT("command: done comes from dispatch",
	       "submit a command 0003 0102\n"
	       "> 52 0300 0102\n"
	       "! done a 0\n"
	       "is idle\n"
	       "is requests 0\n"),
	SCRIPT("command: without done",
	       "submit a command-bare 0003 0102\n"
	       "> 52 0300 0102\n"),
	SCRIPT("command: as long as fits",
	       "submit a command 0003 01*21 = -EMSGSIZE\n"
	       "submit a command-bare 0003 01*20\n"
	       "> 52 0300 01*20\n"),
	SCRIPT("command: to handle 0", "submit a command 0000 01 = -EINVAL\n"),
	SCRIPT("command: does not wait for requests",
	       READ
	       "submit b command 0003 01\n"
	       "> 52 0300 01\n"
	       "! done b 0\n"
	       "submit c command-bare 0003 02\n"
	       "> 52 0300 02\n"
	       "is busy\n"
	       "< 0b 01\n"
	       "! record a 0003 01\n" DONE),

	SCRIPT("prepare and execute",
	       PREPARE
	       "< 17 0300 1200 0102\n"
	       "! record a 0003+18 0102\n" DONE
	       "submit b execute 1\n"
	       "> 18 01\n"
	       "< 19\n"
	       "! done b 0\n"
	       "submit c execute 0\n"
	       "> 18 00\n"
	       "< 19\n"
	       "! done c 0\n"),
	SCRIPT("prepare: the echo is reported as it came",
	       PREPARE
	       "< 17 0400 1300 0103\n"
	       "! record a 0004+19 0103\n" DONE),
	SCRIPT("prepare: a short echo",
	       PREPARE
	       "< 17 0300 1200\n"
	       "! record a 0003+18 -\n" DONE),
	SCRIPT("prepare: an echo without offset", PREPARE "< 17 0300 12\n" MALFORMED),
	SCRIPT("prepare: an empty echo", PREPARE "< 17\n" MALFORMED),
	SCRIPT("prepare: queue full", PREPARE "< 01 16 0300 09\n! done a 0x09\n"),
	SCRIPT("prepare: what cannot be asked",
	       "submit a prepare 0000 0 01 = -EINVAL\n"
	       "submit a prepare 0003 513 01 = -EINVAL\n"
	       "submit b prepare 0003 512 -\n"
	       "> 16 0300 0002\n"
	       "< 01 16 0300 07\n"
	       "! done b 0x07\n"
	       "submit a prepare 0003 0 01*19 = -EMSGSIZE\n"
	       "submit a prepare 0003 0 01*18\n"
	       "> 16 0300 0000 01*18\n"
	       "< 17 0300 0000 01*18\n"
	       "! record a 0003 01*18\n" DONE),
	SCRIPT("execute: a response with something in it",
	       "submit a execute 1\n> 18 01\n< 19 00\n" MALFORMED),
	SCRIPT("execute: error",
	       "submit a execute 1\n> 18 01\n< 01 18 0300 0d\n! done a 0x0d\n"),
	SCRIPT("execute: with an unassigned flag", "submit a execute 2 = -EINVAL\n"),
	SCRIPT("an unassigned verb", "submit a nonsense = -EINVAL\n"),
	{ 0 },
};
