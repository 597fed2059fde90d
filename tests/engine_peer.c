/* SPDX-License-Identifier: MIT */
/* What the peer sends by itself: notifications, indications and requests. */
#include "tests/test_engine.h"

#define REFUSED(opcode, rest) "< " opcode " " rest "\n> 01 " opcode " 0000 06\n"

const struct test_case engine_peer[] = {
	SCRIPT("notification", "< 1b 0300 0102\n! value 0003 0102\n"),
	SCRIPT("notification: empty", "< 1b 0300\n! value 0003 -\n"),
	SCRIPT("notification: last handle", "< 1b ffff 01\n! value ffff 01\n"),
	SCRIPT("notification: longer than the MTU",
	       "< 1b 0300 01*100\n! value 0003 01*100\n"),
	SCRIPT("notification: handle 0", "< 1b 0000 01\n"),
	SCRIPT("notification: no handle", "< 1b\n< 1b 03\n"),
	SCRIPT("notification: does not end a read of the same handle",
	       "submit a read 0003\n"
	       "> 0a 0300\n"
	       "< 1b 0300 01\n"
	       "! value 0003 01\n"
	       "is busy\n"
	       "< 0b 02\n"
	       "! record a 0003 02\n"
	       "! done a 0\n"),
	SCRIPT("notification: the callback submits",
	       "when value: submit a read 0003\n"
	       "< 1b 0300 01\n"
	       "! value 0003 01\n"
	       "> 0a 0300\n"
	       "< 0b 02\n"
	       "! record a 0003 02\n"
	       "! done a 0\n"),
	SCRIPT("notification: the callback cancels what is on the wire",
	       "submit a read 0003\n"
	       "> 0a 0300\n"
	       "when value: cancel a\n"
	       "< 1b 0300 01\n"
	       "! value 0003 01\n"
	       "< 0b 02\n"
	       "is idle\n"),
	SCRIPT("notification: the callback frees the link",
	       "submit a read 0003\n"
	       "> 0a 0300\n"
	       "when value: free\n"
	       "< 1b 0300 01\n"
	       "! value 0003 01\n"),

	SCRIPT("indication: confirmed after the callback",
	       "< 1d 0300 0102\n! value 0003 0102\n> 1e\n"),
	SCRIPT("indication: empty", "< 1d 0300\n! value 0003 -\n> 1e\n"),
	SCRIPT("indication: malformed ones are confirmed too",
	       "< 1d\n> 1e\n< 1d 03\n> 1e\n< 1d 0000 01\n> 1e\n"),
	SCRIPT("indication: what the callback sends goes first",
	       "when value: submit a command-bare 0003 01\n"
	       "< 1d 0300 0102\n"
	       "! value 0003 0102\n"
	       "> 52 0300 01\n"
	       "> 1e\n"),
	SCRIPT("indication: a freed link confirms nothing",
	       "when value: free\n< 1d 0300 0102\n! value 0003 0102\n"),
	SCRIPT("indication: while a request waits",
	       "submit a read 0003\n"
	       "> 0a 0300\n"
	       "< 1d 0300 01\n"
	       "! value 0003 01\n"
	       "> 1e\n"
	       "< 0b 02\n"
	       "! record a 0003 02\n"
	       "! done a 0\n"),
	SCRIPT("indication: confirmed when there is room",
	       "block\n"
	       "< 1d 0300 01\n"
	       "! value 0003 01\n"
	       "flush\n"
	       "> 1e\n"
	       "flush\n"),
	SCRIPT("indication: one confirmation for a peer that did not wait",
	       "block\n"
	       "< 1d 0300 01\n"
	       "! value 0003 01\n"
	       "< 1d 0300 02\n"
	       "! value 0003 02\n"
	       "flush\n"
	       "> 1e\n"),
	SCRIPT("indication: the link dies while it is confirmed",
	       "break -EPIPE\n"
	       "< 1d 0300 01\n"
	       "! value 0003 01\n"
	       "close -EPIPE 00\n"
	       "! closed -EPIPE 00\n"),

	SCRIPT("multiple",
	       "< 23 0300 0200 0102 0500 0000 0700 0100 aa\n"
	       "! value 0003 0102\n"
	       "! value 0005 -\n"
	       "! value 0007 aa\n"),
	SCRIPT("multiple: nothing", "< 23\n< 23 03\n< 23 0300\n< 23 0300 02\n"),
	SCRIPT("multiple: one", "< 23 0300 0100 aa\n! value 0003 aa\n"),
	SCRIPT("multiple: the last one empty",
	       "< 23 0300 0100 aa 0500 0000\n"
	       "! value 0003 aa\n"
	       "! value 0005 -\n"),
	SCRIPT("multiple: a length that lies",
	       "< 23 0300 0100 aa 0500 0200 bb\n! value 0003 aa\n"),
	SCRIPT("multiple: the largest length", "< 23 0300 ffff aa\n"),
	SCRIPT("multiple: half a row behind", "< 23 0300 0100 aa 0500 01\n! value 0003 aa\n"),
	SCRIPT("multiple: handle 0 is left out",
	       "< 23 0000 0100 aa 0500 0100 bb\n! value 0005 bb\n"),
	SCRIPT("multiple: the callback frees the link",
	       "when value: free\n"
	       "< 23 0300 0100 aa 0500 0100 bb\n"
	       "! value 0003 aa\n"),

	SCRIPT("requests without a server",
	       REFUSED("04", "0100 ffff") REFUSED("06", "0100 ffff 0028 0118")
	       REFUSED("08", "0100 ffff 0328") REFUSED("0a", "0300")
	       REFUSED("0c", "0300 1600") REFUSED("0e", "0300 0500")
	       REFUSED("10", "0100 ffff 0028") REFUSED("12", "0300 01")
	       REFUSED("16", "0300 0000 01") REFUSED("18", "01")
	       REFUSED("20", "0300 0500")),
	SCRIPT("an error response names no handle, whatever was said before",
	       "< 02 6400\n> 03 0502\n" REFUSED("0a", "0300")),
	SCRIPT("requests cut short, without a server",
	       REFUSED("04", "") REFUSED("0a", "03") REFUSED("10", "0100 ff")),
	SCRIPT("unassigned requests",
	       REFUSED("00", "") REFUSED("14", "00") REFUSED("3f", "0102")
	       REFUSED("80", "01") REFUSED("bf", "00*22")),
	SCRIPT("unassigned commands", "< 40\n< 7f 0102\n< c0\n< ff\n< d3 00\n"),
	SCRIPT("write commands, signed and not, without a server",
	       "< 52 0300 01\n< 52\n< d2 0300 01 00*12\n< d2\n"),
	SCRIPT("confirmation: unsolicited", "< 1e\n< 1e 00\nserver\n< 1e\n! asked 1e\n"),
	SCRIPT("a request while ours waits",
	       "submit a read 0003\n"
	       "> 0a 0300\n"
	       "< 10 0100 ffff 0028\n"
	       "> 01 10 0000 06\n"
	       "is busy\n"
	       "< 0b 02\n"
	       "! record a 0003 02\n"
	       "! done a 0\n"),
	SCRIPT("requests with a server",
	       "server\n"
	       "answer 0b 0102\n"
	       "< 0a 0300\n"
	       "! asked 0a0300\n"
	       "> 0b 0102\n"
	       "answer 01 10 0100 0a\n"
	       "< 10 0100 ffff 0028\n"
	       "! asked 100100ffff0028\n"
	       "> 01 10 0100 0a\n"),
	SCRIPT("commands with a server",
	       "server\n"
	       "< 52 0300 01\n"
	       "! asked 52030001\n"
	       "< d2 0300 01 00*12\n"
	       "! asked d203000100*12\n"),
	SCRIPT("unassigned requests go to the server",
	       "server\n"
	       "answer 01 3f 0000 06\n"
	       "< 3f 01\n"
	       "! asked 3f01\n"
	       "> 01 3f 0000 06\n"),
	SCRIPT("a server answers within the MTU",
	       "server\n"
	       "answer 0b 01*100\n"
	       "< 0a 0300\n"
	       "! asked 0a0300\n"
	       "> 0b 01*22\n"
	       "< 02 3200\n"
	       "> 03 0502\n"
	       "answer 0b 01*100\n"
	       "< 0a 0300\n"
	       "! asked 0a0300\n"
	       "> 0b 01*49\n"),
	SCRIPT("a response waits for room",
	       "server\n"
	       "block\n"
	       "answer 0b 0102\n"
	       "< 0a 0300\n"
	       "! asked 0a0300\n"
	       "flush\n"
	       "> 0b 0102\n"
	       "flush\n"),
	SCRIPT("a peer that asks again before it was answered",
	       "block\n"
	       "< 0a 0300\n"
	       "< 10 0100 ffff 0028\n"
	       "flush\n"
	       "> 01 0a 0000 06\n"
	       "< 0a 0300\n"
	       "> 01 0a 0000 06\n"),
	SCRIPT("nothing at all", "< -\nis idle\n"),
	{ 0 },
};
