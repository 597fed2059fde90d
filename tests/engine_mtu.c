/* SPDX-License-Identifier: MIT */
/* Exchange MTU in both directions (Vol 3, Part F, 3.4.2). */
#include "tests/test_engine.h"

#define ASK "submit a mtu 517\n> 02 0502\n"
#define DONE "! done a 0\nis idle\n"

const struct test_case engine_mtu[] = {
	SCRIPT("ours: the smaller one counts",
	       "is mtu 23\n" ASK "< 03 b900\n" DONE "is mtu 185\n"),
	SCRIPT("ours: all we can take", ASK "< 03 0502\n" DONE "is mtu 517\n"),
	SCRIPT("ours: the peer could take more", ASK "< 03 ffff\n" DONE "is mtu 517\n"),
	SCRIPT("ours: the least", "submit a mtu 23\n> 02 1700\n< 03 0502\n" DONE
	       "is mtu 23\n"),
	SCRIPT("ours: less than anybody may say", ASK "< 03 1600\n" DONE "is mtu 23\n"),
	SCRIPT("ours: nothing at all", ASK "< 03 0000\n" DONE "is mtu 23\n"),
	SCRIPT("ours: refused", ASK "< 01 02 0000 06\n" DONE "is mtu 23\n"),
	SCRIPT("ours: refused for a strange reason",
	       ASK "< 01 02 0000 0e\n" DONE "is mtu 23\n"),
	SCRIPT("ours: a short answer",
	       ASK "< 03 b9\n! done a -EBADMSG\nis mtu 23\nis idle\n"),
	SCRIPT("ours: an empty answer", ASK "< 03\n! done a -EBADMSG\nis mtu 23\n"),
	SCRIPT("ours: a long answer",
	       ASK "< 03 b900 00\n! done a -EBADMSG\nis mtu 23\n"),
	SCRIPT("ours: an error without code",
	       ASK "< 01 02 0000 00\n! done a -EBADMSG\nis mtu 23\n"),
	SCRIPT("ours: answered twice",
	       ASK "< 03 b900\n" DONE "< 03 0502\nis mtu 185\n"),
	SCRIPT("ours: out of bounds",
	       "submit a mtu 22 = -EINVAL\n"
	       "submit a mtu 518 = -EINVAL\n"
	       "submit a mtu 0 = -EINVAL\n" ASK "< 03 6400\n" DONE),
	SCRIPT("ours: once a link",
	       ASK
	       "submit b mtu 517 = -EALREADY\n"
	       "< 03 b900\n" DONE
	       "submit b mtu 517 = -EALREADY\n"),
	SCRIPT("ours: once a link, refused or not",
	       ASK "< 01 02 0000 06\n" DONE "submit b mtu 517 = -EALREADY\n"),
	SCRIPT("ours: others wait for it and then have its room",
	       ASK
	       "submit b read 0003\n"
	       "submit c write 0003 01*20\n"
	       "< 03 b900\n"
	       "! done a 0\n"
	       "> 0a 0300\n"
	       "< 0b 01*184\n"
	       "! record b 0003 01*184\n"
	       "! done b 0\n"
	       "> 12 0300 01*20\n"
	       "< 13\n"
	       "! done c 0\n"
	       "submit d write 0003 02*183 = -EMSGSIZE\n"
	       "submit d command-bare 0003 02*182\n"
	       "> 52 0300 02*182\n"),
	SCRIPT("ours: it waits for others",
	       "submit b read 0003\n"
	       "> 0a 0300\n"
	       "submit a mtu 517\n"
	       "< 0b 01\n"
	       "! record b 0003 01\n"
	       "! done b 0\n"
	       "> 02 0502\n"
	       "< 03 b900\n" DONE "is mtu 185\n"),
	SCRIPT("ours: cancelled on the wire, its answer counts",
	       ASK
	       "cancel a\n"
	       "is busy\n"
	       "< 03 b900\n"
	       "is mtu 185\n"
	       "is idle\n"
	       "submit a mtu 517 = -EALREADY\n"),
	SCRIPT("ours: cancelled before it left, it may be asked",
	       "submit b read 0003\n"
	       "> 0a 0300\n"
	       "submit a mtu 100\n"
	       "cancel a\n"
	       "submit a mtu 517\n"
	       "< 01 0a 0300 02\n"
	       "! done b 0x02\n"
	       "> 02 0502\n"
	       "< 03 b900\n" DONE),
	SCRIPT("ours: no answer",
	       ASK
	       "wait 30000\n"
	       "! done a -ETIMEDOUT\n"
	       "! closed -ETIMEDOUT 00\n"),

	SCRIPT("theirs: answered with what we can take",
	       "< 02 6400\n> 03 0502\nis mtu 100\n"),
	SCRIPT("theirs: more than we can", "< 02 ffff\n> 03 0502\nis mtu 517\n"),
	SCRIPT("theirs: less than they may", "< 02 0100\n> 03 0502\nis mtu 23\n"),
	SCRIPT("theirs: short", "< 02 64\n> 01 02 0000 04\nis mtu 23\n"),
	SCRIPT("theirs: empty", "< 02\n> 01 02 0000 04\nis mtu 23\n"),
	SCRIPT("theirs: long", "< 02 6400 00\n> 01 02 0000 04\nis mtu 23\n"),
	SCRIPT("theirs: never shown to a server",
	       "server\n< 02 6400\n> 03 0502\nis mtu 100\n"),
	SCRIPT("theirs: the answer is what we asked for ourselves",
	       "submit a mtu 100\n> 02 6400\n< 03 0502\n" DONE
	       "is mtu 100\n"
	       "< 02 0502\n"
	       "> 03 6400\n"
	       "is mtu 100\n"),
	SCRIPT("theirs: while ours is on the wire",
	       ASK
	       "< 02 b900\n"
	       "> 03 0502\n"
	       "is mtu 185\n"
	       "< 03 b900\n" DONE "is mtu 185\n"),
	/* Ops in the queue were measured against what is in force. */
	SCRIPT("theirs: an MTU does not shrink",
	       ASK "< 03 b900\n" DONE
	       "submit b read 0003\n"
	       "> 0a 0300\n"
	       "submit c write 0003 01*182\n"
	       "< 02 1700\n"
	       "> 03 0502\n"
	       "is mtu 185\n"
	       "< 0b -\n"
	       "! record b 0003 -\n"
	       "! done b 0\n"
	       "> 12 0300 01*182\n"
	       "< 13\n"
	       "! done c 0\n"),
	SCRIPT("theirs: answered before anything else when there is room",
	       "block\n"
	       "submit a command 0003 01\n"
	       "< 02 6400\n"
	       "flush\n"
	       "> 03 0502\n"
	       "> 52 0300 01\n"
	       "! done a 0\n"
	       "is mtu 100\n"),
	{ 0 },
};
