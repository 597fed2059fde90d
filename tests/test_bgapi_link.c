/* SPDX-License-Identifier: MIT */
/*
 * A dongle's link by script: the commands of each ATT operation, what the firmware's
 * events end it with, and the mutations of all messages.
 */
#include "tests/script_dongle.h"

#include "tests/harness.h"

#define OK(number) "< 0003 04" number " 00 0000\n"
#define COMPLETED(result) "< 8005 0401 00 " result " 0000\n"

#define GROUPS "submit a read-group 0001-ffff 2800\n" \
	       "> 0008 0401 00 0100 ffff 02 0028\n" OK("01")
#define INFO "submit a find-info 0010-0020\n> 0005 0403 00 1000 2000\n" OK("03")
#define BY_TYPE "submit a read-type 0010-0020 2803\n" \
		"> 0008 0402 00 1000 2000 02 0328\n" OK("02")
#define BY_VALUE "submit a find-type 0001-ffff 2800 0118\n" \
		 "> 000a 0400 00 0100 ffff 0028 02 0118\n" OK("00")
#define READ "submit a read 0003\n> 0003 0404 00 0300\n" OK("04")
#define LONG "submit a read-long 0003\n> 0003 0408 00 0300\n" OK("08")
#define WRITE "submit a write 0005 0100\n> 0006 0405 00 0500 02 0100\n"
#define COMMAND "submit a command 0007 aa\n> 0005 0406 00 0700 01 aa\n"
#define DONE "! done a 0\nis idle\n"

static const struct test_case sweeps[] = {
	SCRIPT("groups",
	       GROUPS
	       "< 8008 0402 00 0100 0b00 02 0018\n"
	       "! record a 0001-000b 0018\n"
	       "< 8016 0402 00 0c00 ffff 10 000102030405060708090a0b0c0d0e0f\n"
	       "! record a 000c-ffff 000102030405060708090a0b0c0d0e0f\n"
	       COMPLETED("0000") DONE "is requests 1\n"),
	SCRIPT("groups: slowly, each request in its 30 s",
	       GROUPS "wait 29000\n"
	       "< 8008 0402 00 0100 0b00 02 0018\n! record a 0001-000b 0018\n"
	       "wait 29000\n" COMPLETED("0000") DONE),
	SCRIPT("groups: silent after the first",
	       GROUPS "< 8008 0402 00 0100 0b00 02 0018\n! record a 0001-000b 0018\n"
	       "wait 30000\n! done a -ETIMEDOUT\n! closed -ETIMEDOUT 00\n> 0001 0300 00\n"),
	SCRIPT("groups: a long type",
	       "submit a read-group 0001-0002 00112233-4455-6677-8899-aabbccddeeff\n"
	       "> 0016 0401 00 0100 0200 10 ffeeddccbbaa99887766554433221100\n"
	       OK("01") COMPLETED("1004") "! done a 0x10\n"),
	SCRIPT("groups: none", GROUPS COMPLETED("0a04") DONE),
	SCRIPT("groups: none, without an error", GROUPS COMPLETED("0000") DONE),
	SCRIPT("groups: they must rise",
	       GROUPS
	       "< 8008 0402 00 0100 0b00 02 0018\n"
	       "! record a 0001-000b 0018\n"
	       "< 8008 0402 00 0b00 0c00 02 0118\n"
	       COMPLETED("0000") "! done a -EBADMSG\nis idle\n"),
	SCRIPT("groups: an end before its start",
	       GROUPS "< 8008 0402 00 0200 0100 02 0018\n"
	       COMPLETED("0000") "! done a -EBADMSG\n"),
	SCRIPT("groups: a UUID of 3 octets",
	       GROUPS "< 8009 0402 00 0100 0b00 03 001800\n"
	       COMPLETED("0000") "! done a -EBADMSG\n"),
	SCRIPT("groups: of another link",
	       GROUPS "< 8008 0402 01 0100 0b00 02 0018\n"
	       "< 8008 0402 07 0100 0b00 02 0018\n" COMPLETED("0000") DONE),
	SCRIPT("information",
	       INFO
	       "< 8006 0404 00 1000 02 0328\n! record a 0010 0328\n"
	       "< 8006 0404 00 1200 02 0229\n! record a 0012 0229\n"
	       COMPLETED("0000") DONE),
	SCRIPT("information: outside of the range is not told",
	       INFO "< 8006 0404 00 0f00 02 0328\n< 8006 0404 00 2100 02 0328\n"
	       COMPLETED("0000") DONE),
	SCRIPT("by type",
	       BY_TYPE
	       "< 800a 0405 00 1000 03 05 02 1100 002a\n"
	       "! record a 0010 021100002a\n" COMPLETED("0000") DONE),
	SCRIPT("by type: an error after a record",
	       BY_TYPE
	       "< 800a 0405 00 1000 03 05 02 1100 002a\n"
	       "! record a 0010 021100002a\n" COMPLETED("0504") "! done a 0x05\n"),
	SCRIPT("by value",
	       BY_VALUE "< 8006 0402 00 0100 0b00 00\n! record a 0001-000b -\n"
	       COMPLETED("0000") DONE),
	SCRIPT("records of what was not asked for",
	       BY_TYPE "< 8006 0404 00 1000 02 0328\n< 8008 0402 00 1000 1100 02 0018\n"
	       "< 8007 0405 00 1000 00 02 6162\n" COMPLETED("0000") DONE),
	SCRIPT("an end that nobody waits for", COMPLETED("0000") GROUPS COMPLETED("0a04") DONE),
	{ 0 }
};

static const struct test_case values[] = {
	SCRIPT("read",
	       READ "< 8007 0405 00 0300 00 02 6162\n! record a 0003 6162\n" DONE),
	SCRIPT("read: empty", READ "< 8005 0405 00 0300 00 00\n! record a 0003 -\n" DONE),
	SCRIPT("read: refused", READ COMPLETED("0204") "! done a 0x02\nis idle\n"),
	SCRIPT("read: a notification is not the answer",
	       READ
	       "< 8007 0405 00 0300 01 02 6364\n! value 0003 6364\n"
	       "< 8007 0405 00 0400 00 02 6162\n"
	       "< 8007 0405 00 0300 00 02 6162\n! record a 0003 6162\n" DONE),
	SCRIPT("read: an event before the response",
	       "submit a read 0003\n> 0003 0404 00 0300\n"
	       "< 8007 0405 00 0300 00 02 6162\n! record a 0003 6162\n! done a 0\n"
	       OK("04") "is idle\n"),
	SCRIPT("read long",
	       LONG
	       "< 801b 0405 00 0300 00 16 01*22\n! record a 0003 01*22\n"
	       "< 8007 0405 00 0300 04 02 0202\n! record a 0003+22 0202\n"
	       COMPLETED("0000") DONE),
	SCRIPT("read long: slowly",
	       LONG "wait 29000\n"
	       "< 801b 0405 00 0300 00 16 01*22\n! record a 0003 01*22\n"
	       "wait 29000\n"
	       "< 8007 0405 00 0300 04 02 0202\n! record a 0003+22 0202\n"
	       "wait 29000\n" COMPLETED("0000") DONE),
	SCRIPT("read long: a multiple of 22",
	       LONG "< 801b 0405 00 0300 04 16 01*22\n! record a 0003 01*22\n"
	       COMPLETED("0704") DONE),
	SCRIPT("read long: not at all", LONG COMPLETED("0704") "! done a 0x07\n"),
	SCRIPT("read long: not from the middle",
	       "submit a read-var 03000500 = -EOPNOTSUPP\nis idle\n"),
	SCRIPT("read multiple",
	       "submit a read-multi 03000500\n> 0006 040b 00 04 0300 0500\n" OK("0b")
	       "< 8005 0406 00 03 616263\n! record a 0000 616263\n" DONE),
	SCRIPT("write", WRITE OK("05") "< 8005 0401 00 0000 0500\n" DONE),
	SCRIPT("write: refused", WRITE OK("05") "< 8005 0401 00 0304 0500\n! done a 0x03\n"),
	SCRIPT("write: the response refuses",
	       WRITE "< 0003 0405 00 8001\n! done a -EINVAL\nis idle\n"),
	SCRIPT("write: sent again",
	       WRITE "< 0003 0405 00 8201\nwait 10\n> 0006 0405 00 0500 02 0100\n"
	       "< 0003 0405 00 8101\nwait 10\n> 0006 0405 00 0500 02 0100\n"
	       OK("05") "< 8005 0401 00 0000 0500\n" DONE),
	SCRIPT("write: too long", "submit a write 0005 01*21 = -EMSGSIZE\nis idle\n"),
	SCRIPT("prepare and execute",
	       "submit a prepare 0007 18 bb\n> 0007 0409 00 0700 1200 01 bb\n" OK("09")
	       COMPLETED("0000") DONE
	       "submit b execute 1\n> 0002 040a 00 01\n" OK("0a")
	       COMPLETED("0904") "! done b 0x09\n"),
	SCRIPT("command", COMMAND OK("06") DONE),
	SCRIPT("command: sent again",
	       COMMAND "< 0003 0406 00 8201\nwait 10\n> 0005 0406 00 0700 01 aa\n"
	       OK("06") DONE),
	SCRIPT("command: overtakes requests",
	       READ "submit c command 0007 aa\n> 0005 0406 00 0700 01 aa\n"
	       OK("06") "! done c 0\n" COMPLETED("0204") "! done a 0x02\n"),
	SCRIPT("commands without done wait in a ring",
	       "submit a command-bare 0007 01\n> 0005 0406 00 0700 01 01\n"
	       "submit b command-bare 0007 02\n"
	       OK("06") "> 0005 0406 00 0700 01 02\n" OK("06") "is idle\n"),
	SCRIPT("mtu: there is none, but the peer answers",
	       "submit a mtu 517\n> 0003 0404 00 0100\n" OK("04")
	       "< 8007 0405 00 0100 00 02 0018\n" DONE "is mtu 23\n"
	       "submit b mtu 517 = -EALREADY\n"),
	SCRIPT("mtu: a refusal is an answer",
	       "submit a mtu 517\n> 0003 0404 00 0100\n" OK("04")
	       "< 8005 0401 00 0204 0100\n" DONE "is mtu 23\n"),
	SCRIPT("indication: confirmed by the firmware",
	       "< 8007 0405 00 0400 02 02 0102\n! value 0004 0102\nis idle\n"),
	SCRIPT("indication: confirmed by us",
	       "< 8007 0405 00 0400 05 02 0102\n! value 0004 0102\n> 0001 0407 00\n"
	       "< 8006 0405 00 0400 05 01 03\n! value 0004 03\n"
	       "< 0002 0407 0000\n> 0001 0407 00\n< 0002 0407 8201\nwait 10\n"
	       "> 0001 0407 00\n< 0002 0407 0000\nis idle\n"),
	{ 0 }
};

#define SECOND_READ "submit b read 0004\n"
#define SECOND_READ_C "submit c read 0004\n"

static const struct test_case ends[] = {
	SCRIPT("cancelled: the wire stays busy",
	       READ "cancel a\n" SECOND_READ
	       "< 8007 0405 00 0300 00 02 6162\n> 0003 0404 00 0400\n" OK("04")
	       "< 8006 0405 00 0400 00 01 63\n! record b 0004 63\n! done b 0\n"),
	SCRIPT("cancelled: before it left",
	       READ SECOND_READ "cancel b\n"
	       "< 8007 0405 00 0300 00 02 6162\n! record a 0003 6162\n" DONE),
	SCRIPT("cancelled: to be sent again",
	       WRITE "< 0003 0405 00 8201\ncancel a\nwait 10\nis idle\n"),
	SCRIPT("cancelled: refused afterwards",
	       WRITE "cancel a\n< 0003 0405 00 8201\nwait 10\nis idle\n"),
	SCRIPT("cancelled: behind another command",
	       COMMAND "submit b write 0005 0100\n" SECOND_READ_C "cancel b\n"
	       OK("06") "! done a 0\n> 0003 0404 00 0400\n" OK("04")
	       "< 8006 0405 00 0400 00 01 63\n! record c 0004 63\n! done c 0\n"),
	SCRIPT("cancelled: a command, to be sent again",
	       COMMAND "submit b command 0007 bb\n"
	       "< 0003 0406 00 8201\ncancel a\n> 0005 0406 00 0700 01 bb\n"
	       OK("06") "! done b 0\nis idle\n"),
	SCRIPT("cancelled inside its record",
	       "when record a: cancel a\n" LONG
	       "< 801b 0405 00 0300 00 16 01*22\n! record a 0003 01*22\n"
	       "< 8007 0405 00 0300 04 02 0202\n" COMPLETED("0000") "is idle\n"),
	SCRIPT("freed inside a record",
	       "when record a: free\n" LONG
	       "< 801b 0405 00 0300 00 16 01*22\n! record a 0003 01*22\n"
	       "> 0001 0300 00\n"),
	SCRIPT("lost",
	       READ SECOND_READ "submit c command 0007 aa\n> 0005 0406 00 0700 01 aa\n"
	       "< 8003 0304 00 1302\n! done a -ENOTCONN\n! done c -ENOTCONN\n"
	       "! done b -ENOTCONN\n! closed -ENOTCONN 13\n"),
	SCRIPT("lost: somebody else's", "< 8003 0304 01 1302\n< 8003 0304 09 1302\n"),
	SCRIPT("lost: never established", "< 8003 0304 00 3e02\n! closed -ENOTCONN 3e\n"),
	SCRIPT("lost: the response says so",
	       WRITE "< 0003 0405 00 8601\n! done a -ENOTCONN\n! closed -ENOTCONN 00\n"
	       "> 0001 0300 00\n"),
	SCRIPT("30 s without an answer",
	       READ SECOND_READ "wait 30000\n! done a -ETIMEDOUT\n! done b -ENOTCONN\n"
	       "! closed -ETIMEDOUT 00\n> 0001 0300 00\n"),
	SCRIPT("pulled out",
	       READ SECOND_READ
	       "close -ENODEV 00\n! done a -ENOTCONN\n! done b -ENOTCONN\n"
	       "! closed -ENODEV 00\n"),
	SCRIPT("started anew",
	       READ "< 800c 0000 0100 0300 0200 7a00 0300 01 02\n"
	       "! done a -ENOTCONN\n! closed -ENOTCONN 00\n"),
	SCRIPT("a response is lost, its procedure is not",
	       "submit a read 0003\n> 0003 0404 00 0300\n"
	       "< 8007 0405 00 0300 00 02 6162\n! record a 0003 6162\n! done a 0\n"
	       "wait 3000\n> 0000 0001\n< 0000 0001\nis idle\n"),
	SCRIPT("silent for good",
	       WRITE "wait 3000\n> 0000 0001\nwait 10000\n! done a -ENOTCONN\n"
	       "! closed -ENODEV 00\n"),
	SCRIPT("a late response is that",
	       WRITE "wait 3000\n> 0000 0001\n" OK("05") "< 0000 0001\n"
	       "< 8005 0401 00 0000 0500\n" DONE),
	SCRIPT("taken for noise", WRITE "< 8002 0006 8401\n! done a -EIO\nis idle\n"),
	SCRIPT("half a message",
	       READ "< 8007 0405 00 03\nwait 1000\n"
	       "< 8007 0405 00 0300 00 02 6162\n! record a 0003 6162\n" DONE),
	SCRIPT("noise",
	       READ "< 55aa ff 80 41\n< 8007 0405 00 0300 00 02 6162\n"
	       "! record a 0003 6162\n" DONE),
	{ 0 }
};

static const struct test_suite suites[] = {
	{ "sweeps", sweeps }, { "values", values }, { "ends", ends }, { 0 }
};

int main(int argc, char **argv)
{
	script_wire = &dongle_wire;
	return harness_main(argc, argv, suites);
}
