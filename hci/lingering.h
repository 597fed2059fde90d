/* SPDX-License-Identifier: MIT */
/*
 * Links that were left with loose ends. The kernel keeps a link for some 2 s
 * after its last socket closed (HCI_DISCONN_TIMEOUT), and for the peer the socket
 * of a connect within that time is the same bearer: an indication that nobody
 * confirmed still blocks the peer's next ones, and the answer to a request that
 * nobody waits for any more would be taken for that of another. Such a link has
 * to go before the peer is connected to again.
 */
#ifndef HCI_LINGERING_H
#define HCI_LINGERING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

enum { LINGERING_LOOK_MS = 50 }; /* a good time between two looks */

struct hci_adapter;

struct lingering {
	struct {
		struct ble_address peer;
		uint64_t until; /* of the loop's clock; what is kept longer, others keep */
	} links[16]; /* the newest ones */
	unsigned int next;
};

void lingering_note(struct lingering *lingering, const struct ble_address *peer,
		  uint64_t now);

/* Whether the kernel still holds a link to this peer that was noted. */
bool lingering_has(struct hci_adapter *hci, const struct ble_address *peer,
		uint64_t now);

/* What it asks the kernel with; true if it holds a link to this peer. */
bool lingering_in_kernel(struct hci_adapter *hci, const struct ble_address *peer);

#endif
