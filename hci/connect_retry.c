/* SPDX-License-Identifier: MIT */
/* What to do after a failed attempt to connect, see attempt.h; and if nothing can
 * be done, the sentence. */
#define _GNU_SOURCE /* for hci.h */
#include <errno.h>

#include "base/error.h"
#include "hci/hci.h"

enum { LONG_MS = 1000 }; /* longer than any immediate refusal */

/* By the errno of the socket; any other is final. */
static const struct {
	int error;
	enum connect_retry retry;
} retries[] = {
	{ ENOSYS, RETRY_SOON }, /* HCI error 0x3e, or one unknown to the kernel */
	{ ECONNABORTED, RETRY_SOON },
	{ EBUSY, RETRY_LATER }, /* another attempt, of any program */
	{ EALREADY, RETRY_LATER },
	{ ENOTCONN, RETRY_LATER }, /* the kernel cancelled its own attempt */
	{ ENETDOWN, RETRY_WITH_SETUP },
	{ EHOSTUNREACH, RETRY_WITH_SETUP },
};

static int ms_since(const struct attempt *a)
{
	return (int)((loop_now(a->adapter->adapter.loop) - a->began) / 1000000);
}

int connect_retry_explain(struct attempt *a, int error)
{
	char text[BLE_ADDRESS_TEXT];
	const char *peer = ble_address_text(&a->op->address, text);
	const char *type = ble_address_type_text(&a->op->address);
	const char *name = a->adapter->name;
	int ms = ms_since(a);

	if (error == -ECONNREFUSED && !a->reason && ms > LONG_MS)
		return deferred_error_set(&a->deferred, -ETIMEDOUT,
					  "%s/%s was not heard by %s in %d s: is it on, "
					  "near, advertising, of that address type, and not "
					  "connected to something else?", peer, type, name,
					  ms / 1000);
	if (a->reason)
		return deferred_error_set(&a->deferred, error_from_hci(a->reason),
					  "connecting to %s on %s failed: %s (0x%02x)%s", peer,
					  name, ble_hci_text(a->reason), a->reason,
					  a->op->repeats ? ", each time" : "");
	if (error == -ENOSYS)
		return deferred_error_set(&a->deferred, -ECONNABORTED,
					  "connecting to %s on %s failed %u times: it was heard "
					  "but did not answer; go nearer", peer, name,
					  a->op->repeats + 1);
	if (error == -ENETDOWN || error == -EHOSTUNREACH)
		return deferred_error_set(&a->deferred, -ENETDOWN,
					  "%s was switched off while connecting to %s", name,
					  peer);
	if (error == -EMLINK)
		return deferred_error_set(&a->deferred, error,
					  "%s holds as many connections as it can: end one",
					  name);
	return deferred_error_set(&a->deferred, error, "connecting to %s on %s failed: %s", peer,
				  name, ble_strerror(error));
}

enum connect_retry connect_retry_after(const struct attempt *a, int error)
{
	/* An immediate refusal: LE was switched off after the set-up. */
	if (error == -ECONNREFUSED && ms_since(a) < LONG_MS && !a->reason)
		return RETRY_WITH_SETUP;
	if (a->reason == 0x3e)
		return RETRY_SOON;
	for (size_t i = 0; i < sizeof(retries) / sizeof(retries[0]); i++)
		if (retries[i].error == -error)
			return retries[i].retry;
	return RETRY_NEVER;
}
