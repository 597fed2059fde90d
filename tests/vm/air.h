/* SPDX-License-Identifier: MIT */
/* What the parts of the air share; air.c says what it is. */
#ifndef AIR_H
#define AIR_H

#include <stddef.h>
#include <stdint.h>

enum {
	CONTROLLERS = 32, LINKS = 16, ACCEPTED = 16,
	TICK = 30,		/* in milliseconds */
	LOST_AFTER = 14,	/* ticks: the supervision timeout of 420 ms that links begin with */
	PACKET_MAX = 2048,

	PACKET_COMMAND = 1, PACKET_ACL = 2, PACKET_EVENT = 4, PACKET_VENDOR = 0xff,
	EVENT_DISCONNECTED = 0x05, EVENT_ENCRYPTED = 0x08, EVENT_VERSION = 0x0c,
	EVENT_COMPLETE = 0x0e, EVENT_STATUS = 0x0f, EVENT_SENT = 0x13, EVENT_LE = 0x3e,
	LE_CONNECTED = 0x01, LE_REPORT = 0x02, LE_UPDATED = 0x03, LE_FEATURES = 0x04,
	LE_KEY_WANTED = 0x05, LE_CONNECTED_ENHANCED = 0x0a, LE_PHY = 0x0c, LE_EXTENDED_REPORT = 0x0d,

	UNKNOWN_COMMAND = 0x01, NO_LINK = 0x02, PIN_MISSING = 0x06, TOO_MANY_ACCEPTED = 0x07,
	TIMED_OUT = 0x08, TOO_MANY_LINKS = 0x09, DISALLOWED = 0x0c, CONNECTION_LOCAL = 0x16,
	FAILED_TO_ESTABLISH = 0x3e,

	ADV_IND = 0, ADV_DIRECT = 1, ADV_SCAN = 2, ADV_NONCONN = 3, SCAN_RSP = 4,
};

struct guest;

struct address {
	uint8_t type, octets[6];
};

struct link {
	struct controller *peer;	/* NULL: the slot is free */
	struct link *other;		/* NULL: the peer is gone, this end does not know yet */
	int lost;			/* ticks until it does */
	uint8_t key[16];		/* the central's, while it waits for the peer's */
};

struct text {
	uint8_t length, octets[31];
};

struct controller {
	int plugged;
	int fd;			/* its /dev/vhci; -1: unplugged, or in a guest */
	struct guest *guest;
	struct address public, random;
	struct link links[LINKS];
	struct address accepted[ACCEPTED];
	size_t accepts;
	struct {
		int on;
		uint8_t type, own_type;
		struct text data, response;
	} adv;
	struct {
		int on, active, only_accepted, once;
		uint32_t seen;		/* controllers already reported */
	} scan;
	struct {
		int on, only_accepted;
		uint8_t own_type;
		struct address peer;
	} connect;
	struct {	/* what a line of control asks for; a reset does not change it */
		int off;		/* neither hears nor is heard */
		int back;		/* ticks until it is on again; 0: for good */
		int deaf;		/* advertises, but no central can connect */
		int fails;		/* so many links end with 0x3e as soon as they are up */
		int every, due;		/* advertises at each such tick only; ticks until then */
	} radio;
};

extern struct air {
	struct controller controllers[CONTROLLERS];
	size_t count;
	int extended;	/* the legacy commands are disallowed */
	int failures;	/* so many links of any two controllers end with 0x3e */
} air;

/* air.c */
void send_packet(const struct controller *to, const uint8_t *packet, size_t length);
void receive_packet(struct controller *me, uint8_t *packet, size_t length);
/* Non-zero: it is done. */
int plug(struct controller *which);
int unplug(struct controller *which);
/* Its state is that after a reset. Who had a link to it finds out when that times out. */
void forget(struct controller *me);

/* air_links.c */
uint16_t get16(const uint8_t *bytes);
void put16(uint8_t *bytes, uint16_t value);
void event(const struct controller *to, uint8_t code, const void *body, size_t length);
uint16_t handle_of(const struct controller *of, const struct link *link);
struct link *link_by_handle(struct controller *of, uint16_t handle);
struct link *free_link(struct controller *of);
struct address own_address(const struct controller *of, uint8_t type);
void link_up(struct controller *central, struct controller *peripheral);
/* Both ends are told at once, with these reasons. */
void unlink_ends(struct controller *one, struct link *link, uint8_t mine, uint8_t theirs);
/* The radio between both ends is gone: each end is told when its time is up. */
void lose_links(struct controller *of);
void links_tick(void);
void forward(struct controller *from, uint8_t *packet, size_t length);

/* air_advertising.c */
int same(const struct address *a, const struct address *b);
void advertising_tick(void);

/* air_commands.c */
void command(struct controller *me, const uint8_t *packet);

/* air_control.c: does what a line asks for; the reply is one line without its end */
void control(const char *line, char *ret_reply, size_t size);
void control_usage(void);

/* air_guests.c; sets has room for CONTROLLERS, guests_poll() gives how many it used */
struct pollfd;
int guests_listen(const char *path);
size_t guests_poll(struct pollfd *sets);
void guests_serve(const struct pollfd *sets);
void guest_packet(struct guest *guest, const struct controller *to, const uint8_t *packet, size_t length);
void guest_plug(struct guest *guest, const struct controller *which, int in);

#endif
