/* SPDX-License-Identifier: MIT */
/* Ends all that runs over an adapter: for a reset, and when it is gone. */
#define _GNU_SOURCE /* for hci.h */
#include "hci/hci.h"
#include "hci/l2cap.h"

/* New scans and connects that the callbacks begin are left alone. */
void hci_adapter_end_all(struct hci_adapter *hci, int error, const char *words)
{
	struct adapter *adapter = &hci->adapter;
	bool scanning = scan_drop(&hci->scan);
	struct list connects, *link;

	deferred_free_hold(&hci->memory);
	connect_take_all(&hci->connector, &connects);
	conn_params_down(&hci->conn_params);
	if (scanning && adapter->events)
		adapter->events->scan_ended(adapter->user,
			loop_set_error(adapter->loop, error, "%s %s", hci->name, words));
	while (!hci->memory.freed && (link = hci->links.next) != &hci->links) {
		/* Its operations end with -ENOTCONN. */
		loop_set_error(adapter->loop, -ENOTCONN, "the connection was lost with its "
			       "adapter: %s %s", hci->name, words);
		loop_set_error_alias(adapter->loop, error);
		l2cap_link_close(list_entry(link, struct l2cap_link, link), error);
	}
	while (!hci->memory.freed && (link = list_pop(&connects))) {
		struct connect_op *op = list_entry(link, struct connect_op, link);

		loop_set_error(adapter->loop, error, "%s %s", hci->name, words);
		op->done(op, error, 0, NULL);
	}
	deferred_free_release(&hci->memory);
}
