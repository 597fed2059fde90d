/* SPDX-License-Identifier: MIT */
/* What to do after a failed attempt to connect, see attempt.h; and if nothing can
 * be done, the sentence. */
#define _GNU_SOURCE /* for hci.h */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "hci/hci.h"
#include "hci/l2cap.h"
#include "hci/lost_sockets.h"

enum { LONG_MS = 1000 }; /* longer than any immediate refusal */

/* By the errno of the socket, where the controller's reason is not known; any other is
 * final. */
static const struct {
	int error;
	enum connect_retry retry;
} retries[] = {
	{ ENOSYS, RETRY_SOON }, /* HCI error 0x3e, or one unknown to the kernel */
	{ ECONNABORTED, RETRY_SOON },
	{ ETIMEDOUT, RETRY_SOON }, /* the peer was heard, but did not answer */
	{ EBUSY, RETRY_LATER }, /* another attempt, of any program; see taken() */
	{ EALREADY, RETRY_LATER },
	{ ENOTCONN, RETRY_LATER }, /* the kernel cancelled its own attempt */
	{ ENETDOWN, RETRY_WITH_SETUP },
	{ EHOSTUNREACH, RETRY_WITH_SETUP },
};

static uint64_t ms_since(const struct attempt *a)
{
	return (loop_now(a->adapter->adapter.loop) - a->began) / 1000000;
}

static bool is_bluetoothd(const char *process)
{
	char path[300], name[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/comm", process);
	file = fopen(path, "re");
	if (!file)
		return false;
	if (!fgets(name, sizeof(name), file))
		name[0] = '\0';
	fclose(file);
	return !strcmp(name, "bluetoothd\n");
}

static bool bluetoothd_runs(void)
{
	DIR *processes = opendir("/proc");
	const struct dirent *entry;
	bool found = false;

	if (!processes)
		return false;
	while (!found && (entry = readdir(processes)))
		found = isdigit((unsigned char)entry->d_name[0]) && is_bluetoothd(entry->d_name);
	closedir(processes);
	return found;
}

/* Whether a socket of any program has the ATT channel of the link to the peer. */
static bool taken(const struct attempt *a)
{
	return a->adapter->kernel_link(a->adapter, &a->op->address) == KERNEL_LINK_UP;
}

static bool ours(const struct attempt *a)
{
	list_for_each(l, &a->adapter->links)
		if (ble_address_equal(&list_entry(l, struct l2cap_link, link)->peer,
				      &a->op->address))
			return true;
	list_for_each(l, &a->adapter->connector.attempts) {
		const struct attempt *other = list_entry(l, struct attempt, link);

		if (other->fd >= 0 && ble_address_equal(&other->op->address, &a->op->address))
			return true;
	}
	return false;
}

/* Whether a socket of this process has it: another adapter object's, or not even ours. */
static bool of_this_process(const struct attempt *a)
{
	DIR *descriptors = opendir("/proc/self/fd");
	const struct dirent *entry;
	bool found = false;

	if (!descriptors)
		return false;
	while (!found && (entry = readdir(descriptors)))
		found = isdigit((unsigned char)entry->d_name[0]) &&
			atoi(entry->d_name) != a->fd &&
			l2cap_connected_to(atoi(entry->d_name), &a->op->address);
	closedir(descriptors);
	return found;
}

static int taken_explain(struct attempt *a, const char *peer)
{
	if (ours(a))
		return deferred_error_set(&a->deferred, -EBUSY, "%s is connected by this "
					  "program already", peer);
	if (of_this_process(a))
		return deferred_error_set(&a->deferred, -EBUSY, "%s is connected by this "
					  "program already, through another open of the "
					  "adapter: only clients of one ble_adapter share a "
					  "connection", peer);
	if (bluetoothd_runs())
		return deferred_error_set(&a->deferred, -EBUSY, "%s is connected by another "
					  "program of this machine, which may be bluetoothd: "
					  "\"bluetoothctl disconnect %s\" ends that", peer,
					  peer);
	return deferred_error_set(&a->deferred, -EBUSY, "%s is connected by another program of "
				  "this machine: end that program or its connection", peer);
}

int connect_retry_explain(struct attempt *a, int error)
{
	char text[BLE_ADDRESS_TEXT];
	const char *peer = ble_address_text(&a->op->address, text);
	const char *name = a->adapter->name;
	const char *words;
	int off = hci_adapter_off(a->adapter, &words);

	if (off)
		return deferred_error_set(&a->deferred, off, "connecting to %s failed: %s %s",
					  peer, name, words);
	if (error == -EBUSY)
		return taken_explain(a, peer);
	if (a->reason)
		return deferred_error_set(&a->deferred, error_from_hci(a->reason),
					  "connecting to %s on %s failed: %s (0x%02x)", peer,
					  name, ble_hci_text(a->reason), a->reason);
	if (error == -ENETDOWN || error == -EHOSTUNREACH)
		return deferred_error_set(&a->deferred, -ENETDOWN,
					  "%s went down while connecting to %s: it was switched off, "
					  "reset or pulled out", name, peer);
	if (error == -EMFILE && lost_sockets_full())
		return deferred_error_set(&a->deferred, error,
					  "this kernel kills programs that close the socket of "
					  "a lost connection, so this program keeps %u of them "
					  "open, as many as it may: install kernel %s",
					  lost_sockets_count(), lost_sockets_kernel()->good);
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
	if (error == -ECONNREFUSED && !a->reason)
		return RETRY_UNHEARD;
	/* No peer ends a link before it is up: the adapter is being switched off. */
	if (error == -ECONNRESET && !a->reason && a->handle == CONN_NO_HANDLE)
		return RETRY_WITH_SETUP;
	if (a->reason == 0x3e)
		return RETRY_SOON;
	if (error == -EBUSY && taken(a))
		return RETRY_NEVER;
	for (size_t i = 0; i < sizeof(retries) / sizeof(retries[0]); i++)
		if (retries[i].error == -error)
			return retries[i].retry;
	return RETRY_NEVER;
}

int connect_retry_error(const struct attempt *a, int error)
{
	if (a->reason)
		return error_from_hci(a->reason);
	return error == -ENOSYS ? -ECONNABORTED : error;
}
