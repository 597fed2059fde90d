/* SPDX-License-Identifier: MIT */
/*
 * A BLED112 in software: octets of BGAPI in, octets out, the simulator's
 * peripherals as the air. It behaves as such dongles are described to, not as
 * our host would like it, and shares no code with the host but the table of
 * messages. It stands in a loop and works by its clock, a frozen one too.
 *
 *	dongle_config_init(&config);
 *	config.links = 3;
 *	dongle_new(loop, &model, &config, &dongle);
 *	dongle_plug(dongle, &stream);          the host's end, in the same loop
 *	...
 *	stream->class->free(stream);           the host's process dies
 *	dongle_free(dongle);                   silent
 *	sim_model_release(&model);
 *
 * Power. A reset by the host (system_reset) and an unplugging, by the script or
 * dongle_unplug(), take all that the dongle knows but what lies in its flash:
 * links, scan, settings. Its port goes away at once. After a reset it is back
 * 700 ms later (config.reset_ms). A host that only lets go of the port changes
 * nothing: scan and links go on, and what the dongle had to say, up to some
 * messages, is waiting for the next host.
 */
#ifndef TESTS_DONGLE_DONGLE_H
#define TESTS_DONGLE_DONGLE_H

#include "bgapi/stream.h"
#include "sim/model.h"

enum { DONGLE_LINKS_MAX = 8 };

struct dongle_info { /* as get_info says */
	uint16_t major, minor, patch, build, ll_version;
	uint8_t protocol_version, hw;
};

struct dongle_config {
	unsigned int links;  /* of the firmware's image, 1 to 8 */
	bool manual_confirm; /* the image waits for indicate_confirm */
	bool boot_event;     /* after power came; USB has none */
	struct ble_address address;
	struct dongle_info info;
	unsigned int reset_ms;   /* until it is back */
	unsigned int tx_buffers; /* PDUs that wait for the air, for each link */
	unsigned int air_ms;     /* between connection events; 0: as negotiated */
	uint16_t local_reason;   /* of a disconnect by the host: 0, or 0x0216 */
	/* Not 0: messages come in pieces, and a command is executed up to some
	 * ms late, so that events come before its response. The same seed does
	 * the same again. */
	uint32_t seed;
	/* Every message, both ways, as octets, and noise. May be NULL. Whole
	 * messages, but from_host ones may be malformed or cut short. */
	void (*trace)(void *user, bool from_host, struct ble_bytes octets);
	void *trace_user;
};

/* What a factory's dongle would be: 8 links, no manual_confirm, no boot event,
 * 00:07:80:C0:FF:EE, SDK 1.3.2 build 122, reset_ms 700, tx_buffers 6, air_ms 0,
 * local_reason 0, seed 0. */
void dongle_config_init(struct dongle_config *config);

struct dongle;

/* 0, -EINVAL (config), -ENOMEM. The model is borrowed and outlives the dongle;
 * its peripherals are the dongle's alone meanwhile. config is copied. */
int dongle_new(struct ble_loop *loop, struct sim_model *model,
	       const struct dongle_config *config, struct dongle **ret_dongle);

/* Silent. A stream that is still there is closed with -ENODEV by the next
 * dispatch. NULL is fine. */
void dongle_free(struct dongle *dongle);

/* -- Its port, at most one ------------------------------------------------- */

struct dongle_port {
	/* Takes octets to the host, from dispatch only: returns how many. If
	 * not all, dongle_writable() follows when there is room. */
	size_t (*output)(struct dongle_port *port, struct ble_bytes octets);
	/* The dongle went away, from dispatch or from inside dongle_unplug().
	 * The port is detached already. May be NULL. */
	void (*gone)(struct dongle_port *port);
};

/* 0. -ENODEV: the dongle is away. -EBUSY: another one is attached. */
int dongle_attach(struct dongle *dongle, struct dongle_port *port);
void dongle_detach(struct dongle *dongle, struct dongle_port *port);

/* Octets from the host, in any pieces. Whatever follows comes from dispatch. */
void dongle_input(struct dongle *dongle, struct ble_bytes octets);
void dongle_writable(struct dongle *dongle);

/* Attaches a port that lies in memory and gives its other end, a host's stream
 * (see bgapi/stream.h), to be freed by its class. wait() dispatches the loop:
 * time goes by in it, and on a frozen clock jumps. When the dongle goes away it
 * is closed with -ENODEV, and dongle_plug() does it again once the dongle is
 * back. Errors of dongle_attach(), -ENOMEM. */
int dongle_plug(struct dongle *dongle, struct bgapi_stream **ret_stream);

/* -- Power ----------------------------------------------------------------- */

enum { DONGLE_FOR_EVER = 0 };

bool dongle_is_there(const struct dongle *dongle);

/* Pulled out now, back by itself after ms, or DONGLE_FOR_EVER. */
void dongle_unplug(struct dongle *dongle, unsigned int ms);

/* In again, where it is not. */
void dongle_replug(struct dongle *dongle);

/* Told when it went away (after its port was) and when it is back, from dispatch
 * or from inside the call that did it. NULL: nobody. */
void dongle_on_power(struct dongle *dongle, void (*changed)(void *user), void *user);

/* -- What goes wrong ------------------------------------------------------- */

/*
 * Adds rules to its script, one a line or a part between semicolons; # begins a
 * remark where a rule could. A rule:
 *
 *	KIND NAME [WHICH] ACTION [ARGUMENT]
 *
 * KIND is cmd, rsp or evt; NAME a message as bgapi/table.h calls it
 * (gap_discover), or *. WHICH says which of them, counted from when the rule was
 * added: 3, 3-5 or 3- (the third and on); without it, all. Of several rules that
 * match the first one counts. NUMBERs are decimal or 0x. A command is
 *
 *	silence         not executed, no response
 *	result CODE     not executed; CODE is the result in its response
 *	hang            an attclient procedure: accepted, and never ends
 *	fail [MS]       gap_connect_*: the link is announced, and MS (60) later
 *	                disconnected with 0x023e
 *	delay MS        executed so much later, and those behind it too
 *	unplug [MS]     not executed: the dongle goes, for MS (0: for ever)
 *
 * A response or an event is
 *
 *	lose            not sent
 *	twice           sent two times
 *	delay MS        sent so much later; others overtake it
 *	half [N]        its first N octets are sent (half of it), no more
 *	before HEX      octets (ff00 or ff 00) are sent before it,
 *	after HEX       after it,
 *	inside [N] HEX  after its first N (4)
 *	wrong           the response of another command is sent in its place,
 *	                for an event one with a length that it cannot have
 *	unplug [MS]     not sent: the dongle goes
 *
 * 0 or -errno: -EINVAL, nothing is added then and *ret_bad (may be NULL) points
 * into text, at the rule that is none. -ENOMEM.
 */
int dongle_script(struct dongle *dongle, const char *text, const char **ret_bad);

/* Forgets all rules. */
void dongle_script_clear(struct dongle *dongle);

/* -- For tests that look inside -------------------------------------------- */

/* The peripheral of a link goes: as if it was lost, with that reason (0x13: it
 * ended it, 0x08: out of reach). -ENOTCONN: no such link. */
int dongle_drop_link(struct dongle *dongle, unsigned int connection, uint8_t reason);

unsigned int dongle_count_links(const struct dongle *dongle);
bool dongle_scanning(const struct dongle *dongle);
bool dongle_connecting(const struct dongle *dongle);

#endif
