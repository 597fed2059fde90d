/* SPDX-License-Identifier: MIT */
/* What becomes of an attempt to connect that failed: which remedy there is, and
 * if there is none, the sentence. */
#define _GNU_SOURCE /* for hci.h */
#include <errno.h>

#include "base/error.h"
#include "hci/hci.h"

enum { LONG_MS = 1000 }; /* longer than any refusal on the spot */

/* What to do about an attempt's errno; what is not listed is final. */
static const struct {
	int error;
	enum remedy remedy;
} remedies[] = {
	{ ENOSYS, AT_ONCE }, /* the kernel's word for 0x3e, and for what it
				does not know */
	{ ECONNABORTED, AT_ONCE },
	{ EBUSY, LATER }, /* another attempt, of whomever */
	{ EALREADY, LATER },
	{ ENOTCONN, LATER }, /* the kernel called off its own attempt */
	{ ENETDOWN, LOOK_AGAIN },
	{ EHOSTUNREACH, LOOK_AGAIN },
};

static int ms_since(const struct connector *c)
{
	return (int)((loop_now(c->adapter->adapter.loop) - c->began) / 1000000);
}

int connect_explain(struct connector *c, int error)
{
	char text[BLE_ADDRESS_TEXT];
	const char *peer = ble_address_text(&c->op->address, text);
	const char *type = ble_address_type_text(&c->op->address);
	const char *name = c->adapter->name;
	int ms = ms_since(c);

	if (error == -ECONNREFUSED && !c->reason && ms > LONG_MS)
		return fault_set(&c->fault, -ETIMEDOUT,
				 "%s/%s was not heard by %s in %d s: is it on, "
				 "near, advertising, of that address type, and not "
				 "connected to something else?", peer, type, name,
				 ms / 1000);
	if (c->reason)
		return fault_set(&c->fault, error_from_hci(c->reason),
				 "connecting to %s on %s failed: %s (0x%02x)%s", peer,
				 name, ble_hci_text(c->reason), c->reason,
				 c->op->repeats ? ", each time" : "");
	if (error == -ENOSYS)
		return fault_set(&c->fault, -ECONNABORTED,
				 "connecting to %s on %s failed %u times: it was heard "
				 "but did not answer; go nearer", peer, name,
				 c->op->repeats + 1);
	if (error == -ENETDOWN || error == -EHOSTUNREACH)
		return fault_set(&c->fault, -ENETDOWN,
				 "%s was switched off while connecting to %s", name,
				 peer);
	if (error == -EMLINK)
		return fault_set(&c->fault, error,
				 "%s holds as many connections as it can: end one",
				 name);
	return fault_set(&c->fault, error, "connecting to %s on %s failed: %s", peer,
			 name, ble_strerror(error));
}

enum remedy connect_remedy(const struct connector *c, int error)
{
	/* Refused on the spot: LE was switched off since the set-up looked. */
	if (error == -ECONNREFUSED && ms_since(c) < LONG_MS && !c->reason)
		return LOOK_AGAIN;
	if (c->reason == 0x3e)
		return AT_ONCE;
	for (size_t i = 0; i < sizeof(remedies) / sizeof(remedies[0]); i++)
		if (remedies[i].error == -error)
			return remedies[i].remedy;
	return FINAL;
}
