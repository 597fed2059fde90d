/* SPDX-License-Identifier: MIT */
/* See lingering.h. */
#define _GNU_SOURCE /* for hci.h */
#include "hci/lingering.h"

#include <bluetooth/bluetooth.h>
#include <bluetooth/hci.h>
#include <string.h>
#include <sys/ioctl.h>

#include "hci/hci.h"

/* The kernel's 2 s, and the time that the disconnection takes. */
#define KEPT_NS (3 * 1000000000ull)

/* include/net/bluetooth/hci.h; bluez has no name for it. */
enum { KERNEL_LE_LINK = 0x80 };

void lingering_note(struct lingering *lingering, const struct ble_address *peer,
		    uint64_t now)
{
	size_t i = lingering->next++ % (sizeof(lingering->links) / sizeof(lingering->links[0]));

	lingering->links[i].peer = *peer;
	lingering->links[i].until = now + KEPT_NS;
}

enum kernel_link lingering_state(struct hci_adapter *hci, const struct ble_address *peer)
{
	union {
		struct hci_conn_info_req request;
		uint8_t room[sizeof(struct hci_conn_info_req) +
			     sizeof(struct hci_conn_info)];
	} ask = { .request.type = KERNEL_LE_LINK };

	memcpy(&ask.request.bdaddr, peer->octet, 6);
	if (ioctl(hci->raw.watch.fd, HCIGETCONNINFO, &ask))
		return KERNEL_LINK_NONE;
	return ask.request.conn_info[0].state == BT_CONNECTED ? KERNEL_LINK_UP : KERNEL_LINK_PENDING;
}

bool lingering_has(struct hci_adapter *hci, const struct ble_address *peer,
		   uint64_t now)
{
	struct lingering *lingering = &hci->lingering;
	bool noted = false;

	for (size_t i = 0; i < sizeof(lingering->links) / sizeof(lingering->links[0]); i++)
		noted = noted || (now < lingering->links[i].until &&
				  ble_address_equal(&lingering->links[i].peer, peer));
	return noted && hci->kernel_link(hci, peer) != KERNEL_LINK_NONE;
}
