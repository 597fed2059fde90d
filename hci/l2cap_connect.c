/* SPDX-License-Identifier: MIT */
/* The L2CAP socket of a link: begins to connect it, ends and closes it. */
#define _GNU_SOURCE /* SOCK_NONBLOCK, for hci.h too */
#include <bluetooth/bluetooth.h>
#include <bluetooth/l2cap.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "hci/hci.h"
#include "hci/l2cap.h"
#include "hci/lost_sockets.h"

enum { ATT_CHANNEL = 4 }; /* Vol 3, Part A, 2.1 */

static uint8_t type_of(const struct ble_address *peer)
{
	return peer->type == BLE_ADDRESS_RANDOM ? BDADDR_LE_RANDOM : BDADDR_LE_PUBLIC;
}

int l2cap_connect(struct hci_adapter *hci, const struct ble_address *peer,
		  int *ret_fd)
{
	static const uint8_t nobody[6];
	const struct ble_address *own = &hci->adapter.info.address;
	struct sockaddr_l2 address = {
		.l2_family = AF_BLUETOOTH,
		.l2_bdaddr_type = BDADDR_LE_PUBLIC,
	};
	int fd, error;

	if (lost_sockets_full())
		return -EMFILE;
	fd = socket(AF_BLUETOOTH, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		    BTPROTO_L2CAP);
	if (fd < 0)
		return -errno;
	put_le16((uint8_t *)&address.l2_cid, ATT_CHANNEL);
	/* The address of an adapter without a public one is known to the kernel
	 * only: there the kernel chooses the adapter, too. */
	if (memcmp(own->octet, nobody, 6))
		memcpy(&address.l2_bdaddr, own->octet, 6);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		goto fail;
	memcpy(&address.l2_bdaddr, peer->octet, 6);
	address.l2_bdaddr_type = type_of(peer);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 &&
	    errno != EINPROGRESS)
		goto fail;
	*ret_fd = fd;
	return 0;
fail:
	error = -errno;
	close(fd);
	return error;
}

bool l2cap_connected_to(int fd, const struct ble_address *peer)
{
	struct sockaddr_l2 to = { .l2_family = AF_UNSPEC };
	socklen_t len = sizeof(to);

	return !getpeername(fd, (struct sockaddr *)&to, &len) && len == sizeof(to) &&
	       to.l2_family == AF_BLUETOOTH &&
	       get_le16((const uint8_t *)&to.l2_cid) == ATT_CHANNEL &&
	       to.l2_bdaddr_type == type_of(peer) &&
	       !memcmp(&to.l2_bdaddr, peer->octet, sizeof(peer->octet));
}

void l2cap_close(const struct ble_loop *loop, int fd)
{
	if (!loop_inherited(loop)) {
		if (lost_sockets_keep(fd))
			return;
		shutdown(fd, SHUT_RDWR);
	}
	close(fd);
}
