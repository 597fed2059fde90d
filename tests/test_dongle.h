/* SPDX-License-Identifier: MIT */
/*
 * A host at the emulator's port that follows a list of lines. The lines are written
 * from the protocol's description; nothing is shared with our host. The clock is
 * frozen: time passes only in these lines.
 *
 *	"> 00 00 00 01"    sends these octets
 *	"< 00 00 00 01"    the next message must be this one. ".." is any octet, a "*"
 *	                   at the end any rest. Waits up to a minute
 *	"^ 80 .. 04 05 *"  skips messages up to one like this
 *	"= 500"            waits 500 ms, in which no message may come
 *	"~ 500"            waits 500 ms, and discards messages
 */
#ifndef TESTS_TEST_DONGLE_H
#define TESTS_TEST_DONGLE_H

#include "bgapi/frame.h"
#include "tests/dongle/dongle.h"
#include "tests/harness.h"

struct host {
	struct ble_loop *loop;
	struct sim_model model;
	struct dongle *dongle;
	struct dongle_port port;
	bool attached;
	bool split; /* lines are sent in pieces of any size */
	unsigned int gone;
	uint8_t octet[1 << 16]; /* received and not read yet */
	size_t len;
	unsigned long messages; /* read so far */
};

extern struct host host;

/* Handles of the peripheral C0:FF:EE:00:00:01/random, at -60 dBm:
 *	1 service 1800: 3 read "ab"
 *	4 service 180D: 6 notify each 100 ms (a count, 2 octets), 7 configuration;
 *	  9 read and write, 1 to 64 octets; 11 write command and read, up to 64
 *	12 service 128 bits: 14 read, 50 octets, 128 bits; 16 indicate each 100 ms,
 *	  17 configuration; 19 read, 44 octets; 21 write, refused with 0x80
 * A second one, 00:11:22:33:44:55/public, is not connectable and has no scan response.
 * A third one, C0:FF:EE:00:00:03/random, is like the first, but limited discoverable. */
enum { H_NAME = 3, H_NOTIFY = 6, H_WRITE = 9, H_COMMAND = 11, H_LONG = 14, H_INDICATE = 16,
       H_44 = 19, H_REFUSED = 21 };

/* Makes a dongle with these peripherals. config may be NULL. */
void host_open(const struct dongle_config *config);
void host_close(void);
void host_attach(void);
void host_detach(void);

/* Runs lines up to a NULL. Stops at the first that fails, reports it and returns
 * false. */
bool host_says(const char *const lines[]);
bool host_line(const char *line);
#define SAYS(...) host_says((const char *const[]){ __VA_ARGS__, NULL })

void host_pass(unsigned int ms);

/* host_connect() connects link 0 to the first peripheral, with an interval of 20 ms;
 * host_connect_third() connects this link to the third one. */
void host_connect(void);
void host_connect_third(unsigned int connection);

struct sim_peripheral *host_peripheral(unsigned int index); /* 0, 1, 2 */

extern const struct test_case dongle_hosts[], dongle_rules[], dongle_links[],
	dongle_faults[], dongle_noise[], dongle_plugs[], dongle_program[];

#endif
