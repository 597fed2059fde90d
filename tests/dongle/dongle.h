/* SPDX-License-Identifier: MIT */
/*
 * An emulator of the BLED112: it takes and gives octets of BGAPI, and its radio
 * reaches the simulator's peripherals. It does what is known of the firmware, not
 * what our host expects, and shares only the table of messages with the host. It
 * runs in a loop and uses the loop's clock, which may be frozen.
 *
 *	dongle_config_init(&config);
 *	config.links = 3;
 *	dongle_new(loop, &model, &config, &dongle);
 *	dongle_plug(dongle, &stream);          the host's end, in the same loop
 *	...
 *	stream->class->free(stream);           as if the host's process died
 *	dongle_free(dongle);                   silent
 *	sim_model_release(&model);
 *
 * Power. The dongle loses its power by a reset of the host (system_reset) or when
 * it is unplugged, by the script or dongle_unplug(). Its links, its scan and its
 * settings are then gone, only its flash remains. Its port disappears at once.
 * After a reset it is back 700 ms later (config.reset_ms). A host that only closes
 * the port changes nothing: the scan and the links continue, and some messages
 * are kept for the next host.
 */
#ifndef TESTS_DONGLE_DONGLE_H
#define TESTS_DONGLE_DONGLE_H

#include "bgapi/stream.h"
#include "sim/model.h"

enum { DONGLE_LINKS_MAX = 8 };

struct dongle_info { /* the response to get_info */
	uint16_t major, minor, patch, build, ll_version;
	uint8_t protocol_version, hw;
};

struct dongle_config {
	unsigned int links;  /* maximum of the firmware's image, 1 to 8 */
	bool manual_confirm; /* the host confirms indications, by indicate_confirm */
	bool boot_event;     /* send it at power on; a dongle on USB sends none */
	struct ble_address address;
	struct dongle_info info;
	unsigned int reset_ms;   /* from a reset until it is back */
	unsigned int tx_buffers; /* PDUs queued for each link, at most */
	unsigned int air_ms;     /* between connection events; 0: as negotiated */
	uint16_t local_reason;   /* of a disconnect by the host: 0, or 0x0216 */
	/* Not 0: messages are sent in pieces, and commands are executed up to some
	 * ms late, so that events may come before a response. The same seed gives
	 * the same run. */
	uint32_t seed;
	/* Called with the octets of every message in both directions, and with
	 * noise. Messages are whole, except that those from the host may be
	 * malformed or cut. NULL: no trace. */
	void (*trace)(void *user, bool from_host, struct ble_bytes octets);
	void *trace_user;
};

/* Sets the values of a new dongle: 8 links, no manual_confirm, no boot event,
 * 00:07:80:C0:FF:EE, SDK 1.3.2 build 122, reset_ms 700, tx_buffers 6, air_ms 0,
 * local_reason 0, seed 0. */
void dongle_config_init(struct dongle_config *config);

struct dongle;

/* Returns 0, -EINVAL (config) or -ENOMEM. The model is borrowed: it must outlive the
 * dongle, and nothing else may use its peripherals until then. config is copied. */
int dongle_new(struct ble_loop *loop, struct sim_model *model,
	       const struct dongle_config *config, struct dongle **ret_dongle);

/* Calls nothing back. A stream that is still attached is closed with -ENODEV by the
 * next dispatch. NULL is allowed and does nothing. */
void dongle_free(struct dongle *dongle);

/* -- Its port, at most one ------------------------------------------------- */

struct dongle_port {
	/* Sends octets to the host and returns how many were taken. If that is less
	 * than all, dongle_writable() is called once there is room. Called from
	 * dispatch only. */
	size_t (*output)(struct dongle_port *port, struct ble_bytes octets);
	/* The dongle lost its power; the port is detached already. Called from
	 * dispatch or in dongle_unplug(). May be NULL. */
	void (*gone)(struct dongle_port *port);
};

/* Returns 0; -ENODEV: the dongle has no power; -EBUSY: another port is attached. */
int dongle_attach(struct dongle *dongle, struct dongle_port *port);
void dongle_detach(struct dongle *dongle, struct dongle_port *port);

/* Takes octets from the host, in any pieces. They are handled by the next dispatch. */
void dongle_input(struct dongle *dongle, struct ble_bytes octets);
void dongle_writable(struct dongle *dongle);

/* Attaches a port in memory and returns its other end: a host's stream (see
 * bgapi/stream.h), which is freed by its class. The stream's wait() dispatches the
 * loop, so that time passes; a frozen clock jumps. When the dongle loses its power
 * the stream is closed with -ENODEV; dongle_plug() makes a new one once the dongle
 * is back. Returns 0, -ENOMEM or an error of dongle_attach(). */
int dongle_plug(struct dongle *dongle, struct bgapi_stream **ret_stream);

/* -- Power ----------------------------------------------------------------- */

enum { DONGLE_FOR_EVER = 0 };

bool dongle_is_there(const struct dongle *dongle);

/* Unplugs the dongle, and plugs it in again after ms, or with DONGLE_FOR_EVER never. */
void dongle_unplug(struct dongle *dongle, unsigned int ms);

/* Plugs it in again, unless it is plugged in. */
void dongle_replug(struct dongle *dongle);

/* changed is called when the dongle lost its power, after the port's gone(), and when
 * it is back; from dispatch or in the call that did it. NULL: no callback. */
void dongle_on_power(struct dongle *dongle, void (*changed)(void *user), void *user);

/* -- Faults ---------------------------------------------------------------- */

/*
 * Adds rules to its script. A rule ends with its line or a semicolon; a # in place of
 * a rule starts a comment. A rule:
 *
 *	KIND NAME [WHICH] ACTION [ARGUMENT]
 *
 * KIND is cmd, rsp or evt. NAME is a message's name in bgapi/table.h (gap_discover),
 * or * for all. WHICH selects some of them, counted from when the rule was added: 3,
 * 3-5 or 3- (the third and all later ones); without it, all. If several rules match,
 * the first one is used. Numbers are decimal or start with 0x. Actions on a command:
 *
 *	silence         not executed, no response
 *	result CODE     not executed; CODE is the result in its response
 *	hang            for an attclient procedure: accepted, but never ends
 *	fail [MS]       for gap_connect_*: the link is announced, and disconnected
 *	                with 0x023e after MS (60)
 *	delay MS        executed MS later, and so are the commands behind it
 *	unplug [MS]     not executed: the dongle is unplugged for MS (0: for ever)
 *
 * Actions on a response or an event:
 *
 *	lose            not sent
 *	twice           sent twice
 *	delay MS        sent MS later; other messages may overtake it
 *	half [N]        only its first N octets are sent (N: half of it)
 *	before HEX      octets (ff00 or ff 00) are sent before it
 *	after HEX       octets are sent after it
 *	inside [N] HEX  octets are sent after its first N (4)
 *	wrong           a response is replaced by that of another command; an event
 *	                gets a length that it cannot have
 *	unplug [MS]     not sent: the dongle is unplugged
 *
 * Returns 0, -ENOMEM or -EINVAL. After -EINVAL no rule was added, and *ret_bad, if
 * ret_bad is not NULL, points at the wrong rule in text.
 */
int dongle_script(struct dongle *dongle, const char *text, const char **ret_bad);

/* Removes all rules. */
void dongle_script_clear(struct dongle *dongle);

/* -- For tests that look inside -------------------------------------------- */

/* Ends a link from the peripheral's side with this reason (0x13: ended by the
 * peripheral, 0x08: supervision timeout). 0, or -ENOTCONN: there is no such link. */
int dongle_drop_link(struct dongle *dongle, unsigned int connection, uint8_t reason);

/* A peripheral of the model may be connected to now, which could not before. */
void dongle_look_again(struct dongle *dongle);

unsigned int dongle_count_links(const struct dongle *dongle);
bool dongle_scanning(const struct dongle *dongle);
bool dongle_connecting(const struct dongle *dongle);

#endif
