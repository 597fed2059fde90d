/* SPDX-License-Identifier: MIT */
/* The four sweeps: valid responses, and ones that are too short, too long or wrong. */
#include "tests/test_engine.h"

#define EMPTY_SWEEP "! done a 0\nis idle\n"
#define MALFORMED "! done a -EBADMSG\nis idle\n"

#define GROUPS "submit a read-group 0001-ffff 2800\n> 10 0100 ffff 0028\n"
#define INFO "submit a find-info 0010-0020\n> 04 1000 2000\n"
#define BY_TYPE "submit a read-type 0010-0020 2803\n> 08 1000 2000 0328\n"
#define BY_VALUE "submit a find-type 0001-ffff 2800 0118\n" \
		 "> 06 0100 ffff 0028 0118\n"

const struct test_case engine_sweeps[] = {
	SCRIPT("group: until not found",
	       GROUPS
	       "< 11 06 0100 0400 0118 0500 0800 0a18\n"
	       "! record a 0001-0004 0118\n"
	       "! record a 0005-0008 0a18\n"
	       "> 10 0900 ffff 0028\n"
	       "< 11 14 0900 0f00 000102030405060708090a0b0c0d0e0f\n"
	       "! record a 0009-000f 000102030405060708090a0b0c0d0e0f\n"
	       "> 10 1000 ffff 0028\n"
	       "< 01 10 1000 0a\n"
	       "! done a 0\n"
	       "is idle\n"
	       "is requests 3\n"),
	SCRIPT("group: nothing is asked after 0xffff",
	       GROUPS
	       "< 11 06 0100 ffff 0118\n"
	       "! record a 0001-ffff 0118\n" EMPTY_SWEEP),
	SCRIPT("group: nothing is asked behind the range",
	       "submit a read-group 0001-0008 2800\n"
	       "> 10 0100 0800 0028\n"
	       "< 11 06 0100 0800 0118\n"
	       "! record a 0001-0008 0118\n" EMPTY_SWEEP),
	SCRIPT("group: the last one may reach beyond the range",
	       "submit a read-group 0001-0008 2800\n"
	       "> 10 0100 0800 0028\n"
	       "< 11 06 0100 0900 0118\n"
	       "! record a 0001-0009 0118\n" EMPTY_SWEEP),
	SCRIPT("group: nothing there", GROUPS "< 01 10 0100 0a\n" EMPTY_SWEEP),
	SCRIPT("group: a long type",
	       "submit a read-group 0001-0002 "
	       "00112233-4455-6677-8899-aabbccddeeff\n"
	       "> 10 0100 0200 ffeeddccbbaa99887766554433221100\n"
	       "< 01 10 0100 10\n"
	       "! done a 0x10\n"),
	SCRIPT("group: a value may be empty",
	       GROUPS "< 11 04 0100 ffff\n! record a 0001-ffff -\n" EMPTY_SWEEP),
	SCRIPT("group: no row", GROUPS "< 11 06\n" MALFORMED),
	SCRIPT("group: no row size", GROUPS "< 11\n" MALFORMED),
	SCRIPT("group: row size 0", GROUPS "< 11 00 0100 0400 0118\n" MALFORMED),
	SCRIPT("group: row size 3", GROUPS "< 11 03 0100 04\n" MALFORMED),
	SCRIPT("group: row size 255", GROUPS "< 11 ff 0100 0400 0118\n" MALFORMED),
	SCRIPT("group: last row short",
	       GROUPS "< 11 06 0100 0400 0118 0500 0800 0a\n" MALFORMED),
	SCRIPT("group: last row long",
	       GROUPS "< 11 06 0100 0400 0118 00\n" MALFORMED),
	SCRIPT("group: ends before it starts",
	       GROUPS "< 11 06 0200 0100 0118\n" MALFORMED),
	SCRIPT("group: handle 0", GROUPS "< 11 06 0000 0100 0118\n" MALFORMED),
	SCRIPT("group: handles go backwards",
	       GROUPS
	       "< 11 06 0500 0600 0118 0100 0400 0118\n"
	       "! record a 0005-0006 0118\n" MALFORMED),
	SCRIPT("group: groups overlap",
	       GROUPS
	       "< 11 06 0100 0400 0118 0400 0500 0118\n"
	       "! record a 0001-0004 0118\n" MALFORMED),
	SCRIPT("group: the same for ever",
	       GROUPS
	       "< 11 06 0100 0400 0118\n"
	       "! record a 0001-0004 0118\n"
	       "> 10 0500 ffff 0028\n"
	       "< 11 06 0100 0400 0118\n" MALFORMED),
	SCRIPT("group: below the range",
	       "submit a read-group 0010-0020 2800\n"
	       "> 10 1000 2000 0028\n"
	       "< 11 06 0f00 1200 0118\n" MALFORMED),
	SCRIPT("group: above the range",
	       "submit a read-group 0010-0020 2800\n"
	       "> 10 1000 2000 0028\n"
	       "< 11 06 2100 2200 0118\n" MALFORMED),
	SCRIPT("group: a failure in the middle",
	       GROUPS
	       "< 11 06 0100 0400 0118\n"
	       "! record a 0001-0004 0118\n"
	       "> 10 0500 ffff 0028\n"
	       "< 01 10 0500 0e\n"
	       "! done a 0x0e\n"),

	SCRIPT("info: short UUIDs, then long ones",
	       INFO
	       "< 05 01 1000 0229 1100 0129\n"
	       "! record a 0010 0229\n"
	       "! record a 0011 0129\n"
	       "> 04 1200 2000\n"
	       "< 05 02 1300 000102030405060708090a0b0c0d0e0f\n"
	       "! record a 0013 000102030405060708090a0b0c0d0e0f\n"
	       "> 04 1400 2000\n"
	       "< 05 01 2000 0329\n"
	       "! record a 0020 0329\n" EMPTY_SWEEP),
	SCRIPT("info: one handle is left",
	       "submit a find-info 0010-0011\n"
	       "> 04 1000 1100\n"
	       "< 05 01 1000 0229\n"
	       "! record a 0010 0229\n"
	       "> 04 1100 1100\n"
	       "< 01 04 1100 0a\n" EMPTY_SWEEP),
	SCRIPT("info: of the last handle there is",
	       "submit a find-info ffff-ffff\n"
	       "> 04 ffff ffff\n"
	       "< 05 01 ffff 0229\n"
	       "! record a ffff 0229\n" EMPTY_SWEEP),
	SCRIPT("info: nothing there", INFO "< 01 04 1000 0a\n" EMPTY_SWEEP),
	SCRIPT("info: no format", INFO "< 05\n" MALFORMED),
	SCRIPT("info: no row", INFO "< 05 01\n" MALFORMED),
	SCRIPT("info: format 0", INFO "< 05 00 1000 0229\n" MALFORMED),
	SCRIPT("info: format 3", INFO "< 05 03 1000 0229\n" MALFORMED),
	SCRIPT("info: half a row behind", INFO "< 05 01 1000 0229 1100\n" MALFORMED),
	SCRIPT("info: long rows called short", INFO "< 05 01 1000 00*16\n" MALFORMED),
	SCRIPT("info: short rows called long", INFO "< 05 02 1000 0229\n" MALFORMED),
	SCRIPT("info: twice the same",
	       INFO
	       "< 05 01 1000 0229 1000 0229\n"
	       "! record a 0010 0229\n" MALFORMED),
	SCRIPT("info: outside", INFO "< 05 01 2100 0229\n" MALFORMED),

	SCRIPT("by type: characteristics",
	       BY_TYPE
	       "< 09 07 1000 02 1100 002a 1200 02 1300 012a\n"
	       "! record a 0010 021100002a\n"
	       "! record a 0012 021300012a\n"
	       "> 08 1300 2000 0328\n"
	       "< 09 15 1400 10 1500 000102030405060708090a0b0c0d0e0f\n"
	       "! record a 0014 101500000102030405060708090a0b0c0d0e0f\n"
	       "> 08 1500 2000 0328\n"
	       "< 01 08 1500 0a\n" EMPTY_SWEEP),
	SCRIPT("by type: a long type that has a short form",
	       "submit a read-type 0001-ffff 00002a00-0000-1000-8000-00805f9b34fb\n"
	       "> 08 0100 ffff 002a\n"
	       "< 09 05 0300 414243\n"
	       "! record a 0003 414243\n"
	       "> 08 0400 ffff 002a\n"
	       "< 01 08 0400 0a\n" EMPTY_SWEEP),
	SCRIPT("by type: a 32-bit type goes in full",
	       "submit a read-type 0001-ffff 12345678\n"
	       "> 08 0100 ffff fb349b5f80000080 00100000 78563412\n"
	       "< 01 08 0100 0a\n" EMPTY_SWEEP),
	SCRIPT("by type: an empty value",
	       BY_TYPE
	       "< 09 02 2000\n"
	       "! record a 0020 -\n" EMPTY_SWEEP),
	SCRIPT("by type: reading is not permitted",
	       BY_TYPE "< 01 08 1000 02\n! done a 0x02\n"),
	SCRIPT("by type: no row size", BY_TYPE "< 09\n" MALFORMED),
	SCRIPT("by type: row size 0", BY_TYPE "< 09 00\n" MALFORMED),
	SCRIPT("by type: row size 1", BY_TYPE "< 09 01 10\n" MALFORMED),
	SCRIPT("by type: no row", BY_TYPE "< 09 07\n" MALFORMED),
	SCRIPT("by type: row size larger than the answer",
	       BY_TYPE "< 09 09 1000 02 1100 002a\n" MALFORMED),
	SCRIPT("by type: row size smaller than the rows",
	       BY_TYPE "< 09 06 1000 02 1100 002a\n" MALFORMED),
	SCRIPT("by type: does not move on",
	       BY_TYPE
	       "< 09 07 1000 02 1100 002a 1000 02 1100 002a\n"
	       "! record a 0010 021100002a\n" MALFORMED),
	SCRIPT("by type: goes back in the second answer",
	       BY_TYPE
	       "< 09 07 1800 02 1900 002a\n"
	       "! record a 0018 021900002a\n"
	       "> 08 1900 2000 0328\n"
	       "< 09 07 1800 02 1900 002a\n" MALFORMED),
	SCRIPT("by type: outside", BY_TYPE "< 09 07 2100 02 2200 002a\n" MALFORMED),

	SCRIPT("by value: one service, several times",
	       BY_VALUE
	       "< 07 0100 0400 0800 0900\n"
	       "! record a 0001-0004 -\n"
	       "! record a 0008-0009 -\n"
	       "> 06 0a00 ffff 0028 0118\n"
	       "< 01 06 0a00 0a\n" EMPTY_SWEEP),
	SCRIPT("by value: a long value",
	       "submit a find-type 0001-ffff 2800 000102030405060708090a0b0c0d0e0f\n"
	       "> 06 0100 ffff 0028 000102030405060708090a0b0c0d0e0f\n"
	       "< 07 0100 ffff\n"
	       "! record a 0001-ffff -\n" EMPTY_SWEEP),
	SCRIPT("by value: an empty value",
	       "submit a find-type 0001-ffff 2800 -\n"
	       "> 06 0100 ffff 0028\n"
	       "< 01 06 0100 0a\n" EMPTY_SWEEP),
	SCRIPT("by value: no row", BY_VALUE "< 07\n" MALFORMED),
	SCRIPT("by value: a short row", BY_VALUE "< 07 0100 04\n" MALFORMED),
	SCRIPT("by value: a long row", BY_VALUE "< 07 0100 0400 00\n" MALFORMED),
	SCRIPT("by value: ends before it starts",
	       BY_VALUE "< 07 0400 0100\n" MALFORMED),
	SCRIPT("by value: rows go backwards",
	       BY_VALUE
	       "< 07 0500 0600 0100 0200\n"
	       "! record a 0005-0006 -\n" MALFORMED),

	SCRIPT("sweep: what cannot be asked",
	       "submit a find-info 0000-ffff = -EINVAL\n"
	       "submit a find-info 0002-0001 = -EINVAL\n"
	       "submit a read-type 0000-ffff 2803 = -EINVAL\n"
	       "submit a read-type 0005-0004 2803 = -EINVAL\n"
	       "submit a read-group 0000-ffff 2800 = -EINVAL\n"
	       "submit a read-group 0009-0001 2800 = -EINVAL\n"
	       "submit a find-type 0000-ffff 2800 01 = -EINVAL\n"
	       "submit a find-type 0001-ffff 12345678 01 = -EINVAL\n"
	       "submit a find-type 0001-ffff 2800 00*17 = -EMSGSIZE\n"
	       "submit a find-type 0001-ffff 2800 00*16\n"
	       "> 06 0100 ffff 0028 00*16\n"
	       "< 01 06 0100 0a\n" EMPTY_SWEEP),
	SCRIPT("sweep: goes on ahead of what was submitted later",
	       GROUPS
	       "submit b read 0003\n"
	       "< 11 06 0100 0400 0118\n"
	       "! record a 0001-0004 0118\n"
	       "> 10 0500 ffff 0028\n"
	       "< 01 10 0500 0a\n"
	       "! done a 0\n"
	       "> 0a 0300\n"
	       "< 0b 01\n"
	       "! record b 0003 01\n"
	       "! done b 0\n"),
	SCRIPT("sweep: cancelled from its record",
	       GROUPS
	       "when record a: cancel a\n"
	       "submit b read 0003\n"
	       "< 11 06 0100 0400 0118 0500 0600 0118\n"
	       "! record a 0001-0004 0118\n"
	       "> 0a 0300\n"
	       "< 0b -\n"
	       "! record b 0003 -\n"
	       "! done b 0\n"
	       "is idle\n"),
	SCRIPT("sweep: link freed from its record",
	       GROUPS
	       "when record a: free\n"
	       "submit b read 0003\n"
	       "< 11 06 0100 0400 0118 0500 0600 0118\n"
	       "! record a 0001-0004 0118\n"),
	SCRIPT("sweep: cancelled between two requests",
	       GROUPS
	       "< 11 06 0100 0400 0118\n"
	       "! record a 0001-0004 0118\n"
	       "> 10 0500 ffff 0028\n"
	       "cancel a\n"
	       "is busy\n"
	       "submit a read 0002\n"
	       "< 11 06 0500 ffff 0118\n"
	       "> 0a 0200\n"
	       "< 0b 07\n"
	       "! record a 0002 07\n"
	       "! done a 0\n"),
	SCRIPT("sweep: the link goes in the middle",
	       GROUPS
	       "< 11 06 0100 0400 0118\n"
	       "! record a 0001-0004 0118\n"
	       "> 10 0500 ffff 0028\n"
	       "close -ECONNRESET 13\n"
	       "! done a -ENOTCONN\n"
	       "! closed -ECONNRESET 13\n"),
	{ 0 },
};
