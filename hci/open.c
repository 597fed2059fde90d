/* SPDX-License-Identifier: MIT */
/*
 * Finds adapters: lists them, and opens one by index, by address, or the first.
 * It only reads, and changes nothing on any of them.
 */
#define _GNU_SOURCE /* for hci.h */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "hci/hci.h"

enum { ASK_MS = 2000, RAW_ASK_MS = 500 };

struct found {
	uint16_t index;
	char name[16];
	struct ble_adapter_info info;
};

struct finding {
	size_t count;
	struct found adapters[HCI_ADAPTERS_MAX];
};

/* -- Asking the kernel ----------------------------------------------------------- */

static int socket_error(struct ble_loop *loop, int error)
{
	switch (error) {
	case -EAFNOSUPPORT:
	case -EPROTONOSUPPORT:
		return loop_set_error(loop, -ENODEV,
				      "this system gives no Bluetooth sockets: load the "
				      "kernel's module bluetooth; in a container, run it "
				      "with the host's network. The simulated adapter sim "
				      "works anywhere");
	case -EPERM:
	case -EACCES:
		return loop_set_error(loop, error,
				      "Bluetooth sockets are forbidden to this program, "
				      "perhaps by a sandbox: allow AF_BLUETOOTH");
	default:
		return loop_set_error(loop, error, "cannot open a Bluetooth socket: %s",
				      ble_strerror(error));
	}
}

static int by_index(const void *a, const void *b)
{
	const uint16_t *left = a, *right = b;

	return *left < *right ? -1 : *left > *right;
}

static void read_adapter(int fd, uint16_t index, struct finding *finding)
{
	struct found *found = &finding->adapters[finding->count];
	uint8_t reply[64], status;
	struct mgmt_info info;
	size_t len;

	if (mgmt_ask(fd, MGMT_READ_INFO, index, bytes(NULL, 0), ASK_MS, &status,
		     reply, sizeof(reply), &len) ||
	    status || mgmt_parse_info(bytes(reply, len), &info))
		return; /* removed meanwhile */
	found->index = index;
	hci_describe(index, &info, found->name, &found->info);
	finding->count++;
}

/* All adapters, in the order of their index. */
static int find_all(struct ble_loop *loop, int fd, struct finding *finding)
{
	uint8_t reply[2 + 2 * HCI_ADAPTERS_MAX], status;
	uint16_t indexes[HCI_ADAPTERS_MAX];
	size_t len, count;
	int error = mgmt_ask(fd, MGMT_READ_INDEX_LIST, MGMT_INDEX_NONE,
			     bytes(NULL, 0), ASK_MS, &status, reply,
			     sizeof(reply), &len);

	if (!error && (status || len < 2))
		error = -EIO;
	if (error)
		return loop_set_error(loop, error, "the kernel does not list its Bluetooth "
				      "adapters: %s", ble_strerror(error));
	count = get_le16(reply);
	if (count > (len - 2) / 2)
		count = (len - 2) / 2;
	for (size_t i = 0; i < count; i++)
		indexes[i] = get_le16(reply + 2 + 2 * i);
	qsort(indexes, count, sizeof(indexes[0]), by_index);
	finding->count = 0;
	for (size_t i = 0; i < count; i++)
		read_adapter(fd, indexes[i], finding);
	return 0;
}

/* Opens a management socket and finds all adapters. */
static int look(struct ble_loop *loop, struct finding *finding, int *ret_fd)
{
	int fd, error = mgmt_socket(&fd);

	if (error)
		return socket_error(loop, error);
	error = find_all(loop, fd, finding);
	if (error) {
		close(fd);
		return error;
	}
	*ret_fd = fd;
	return 0;
}

/* False too for a controller that is off: it cannot be asked. */
static bool scans_extended(const struct found *found)
{
	uint8_t reply[1 + 64];
	size_t len = 0;
	int fd;

	if (!found->info.powered || raw_socket(found->index, &fd))
		return false;
	if (raw_ask(fd, RAW_READ_COMMANDS, bytes(NULL, 0), RAW_ASK_MS, reply,
		    sizeof(reply), &len))
		len = 0;
	close(fd);
	return scan_family(bytes(reply, len)) == SCAN_EXTENDED;
}

/* -- The backend --------------------------------------------------------------------- */

static bool is_index_name(const char *name)
{
	size_t digits;

	if (strncmp(name, "hci", 3))
		return false;
	digits = strspn(name + 3, "0123456789");
	return digits > 0 && digits < 6 && name[3 + digits] == '\0';
}

static bool claims(const char *name)
{
	struct ble_address address;

	return !name || is_index_name(name) || !ble_address_parse(name, &address);
}

static bool is_called(const struct found *found, const char *name)
{
	struct ble_address address;

	if (!name)
		return found->info.low_energy;
	if (is_index_name(name))
		return strtoul(name + 3, NULL, 10) == found->index;
	return !ble_address_parse(name, &address) &&
	       !memcmp(address.octet, found->info.address.octet, 6);
}

static int none_found(struct ble_loop *loop, const struct finding *finding,
		      const char *name)
{
	char names[120] = "";
	size_t len = 0;

	for (size_t i = 0; i < finding->count && len < sizeof(names) - 8; i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s",
					i ? ", " : "", finding->adapters[i].name);
	if (finding->count == 0)
		return loop_set_error(loop, -ENODEV,
				      "no Bluetooth adapter found: plug one in, or use the "
				      "simulated one, sim");
	if (!name)
		return loop_set_error(loop, -ENODEV,
				      "no adapter here has Low Energy (there is %s): plug "
				      "one in that has, or use the simulated one, sim", names);
	return loop_set_error(loop, -ENODEV,
			      "no adapter %s (there is %s), or another program has it all "
			      "for itself", name, names);
}

static int reopen_adapter(const struct adapter *gone, struct adapter **ret_adapter);
static int watch_adapters(struct ble_loop *loop, adapter_changed changed, void *user,
			  struct adapter_watch **ret_watch);

static int open_found(struct ble_loop *loop, struct found *found, int mgmt_fd,
		      struct adapter **ret_adapter)
{
	struct hci_adapter *hci;
	int raw_fd, error = raw_socket(found->index, &raw_fd);

	if (error)
		return loop_set_error(loop, error, "cannot open %s: %s", found->name,
				      ble_strerror(error));
	found->info.extended = scans_extended(found);
	error = hci_adapter_new(loop, found->index, mgmt_fd, raw_fd, &found->info, &hci);
	if (error) {
		close(raw_fd);
		return error;
	}
	if (found->info.extended)
		hci->scan.family_known = hci->scan.extended = true;
	hci->adapter.reopen = reopen_adapter;
	hci->adapter.watch = watch_adapters;
	*ret_adapter = &hci->adapter;
	return 0;
}

static int open_adapter(struct ble_loop *loop, const char *name,
			struct adapter **ret_adapter)
{
	struct finding finding;
	int fd, error = look(loop, &finding, &fd);

	if (error)
		return error;
	error = -ENOENT;
	for (size_t i = 0; i < finding.count && error == -ENOENT; i++)
		if (is_called(&finding.adapters[i], name))
			error = open_found(loop, &finding.adapters[i], fd, ret_adapter);
	if (error == -ENOENT)
		error = none_found(loop, &finding, name);
	if (error)
		close(fd);
	return error;
}

/* By its address: it may come back with another index, and its index may be another's.
 * A controller without an address keeps its name. */
static int reopen_adapter(const struct adapter *gone, struct adapter **ret_adapter)
{
	static const uint8_t none[6];
	const struct ble_address *address = &gone->info.address;
	char text[BLE_ADDRESS_TEXT];
	bool named = !memcmp(address->octet, none, sizeof(none));

	return open_adapter(gone->loop, named ? gone->info.name : ble_address_text(address, text),
			    ret_adapter);
}

static int list_adapters(struct ble_loop *loop,
			 void (*found)(void *user, const struct ble_adapter_info *info),
			 void *user)
{
	struct finding finding;
	int fd, error = look(loop, &finding, &fd);

	if (error)
		return error;
	close(fd);
	for (size_t i = 0; i < finding.count; i++) {
		finding.adapters[i].info.extended = scans_extended(&finding.adapters[i]);
		found(user, &finding.adapters[i].info);
	}
	return 0;
}

static int watch_adapters(struct ble_loop *loop, adapter_changed changed, void *user,
			  struct adapter_watch **ret_watch)
{
	int error = hci_arrivals_new(loop, mgmt_socket, changed, user, ret_watch);

	return error ? socket_error(loop, error) : 0;
}

const struct backend hci_backend = {
	.name = "hci",
	.claims = claims,
	.open = open_adapter,
	.list = list_adapters,
	.watch = watch_adapters,
};
