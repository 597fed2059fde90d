/* SPDX-License-Identifier: MIT */
/* usage: many ADAPTER ADDRESS...
 * Stays connected to all of these, up to 16, in one thread, and prints whatever
 * they notify, until it is interrupted. What they have is kept in the user's
 * folder for caches: a peer that says it is the same is not asked again. */
#include <blewire.h>
#include <stdio.h>

enum { MOST = 16 };

static struct ble_loop *loop;

static void connect_to(struct ble_client *client);

static void say(const struct ble_client *client, const char *what)
{
	char address[BLE_ADDRESS_TEXT];

	printf("%s: %s\n", ble_address_text(ble_client_address(client), address), what);
	fflush(stdout);
}

static void notified(void *user, uint16_t handle, struct ble_bytes value)
{
	char text[80];

	snprintf(text, sizeof(text), "%zu bytes from @0x%04x", value.len, handle);
	say(user, text);
}

/* Without a connection disconnected() comes, too, and connects again. */
static void subscribed(void *user, int err)
{
	if (err && err != -ENOTCONN)
		say(user, ble_error_text(loop, err));
}

/* The requests queue up in the client, and each client waits for its own. */
static void discovered(void *user, int err)
{
	const struct ble_services *tree = ble_client_services(user);

	for (size_t i = 0; !err && i < tree->n_characteristics; i++) {
		const struct ble_characteristic *c = &tree->characteristics[i];

		if (c->properties & BLE_NOTIFY)
			err = ble_client_subscribe(user, c->value_handle,
						   BLE_SUBSCRIBE_NOTIFY, notified,
						   subscribed, user, NULL, NULL);
	}
	subscribed(user, err);
}

static void disconnected(void *user, uint8_t reason, bool asked)
{
	(void)asked;
	say(user, ble_hci_text(reason));
	connect_to(user);
}

static void connected(void *user, int err)
{
	say(user, err ? ble_error_text(loop, err) : "connected");
	if (err == -ETIMEDOUT) /* not there yet */
		connect_to(user);
	else if (!err && (err = ble_client_discover(user, discovered, user, NULL)))
		subscribed(user, err);
}

static void connect_to(struct ble_client *client)
{
	int err = ble_client_connect(client, NULL, connected, client, NULL);

	if (err)
		say(client, ble_error_text(loop, err));
}

int main(int argc, char **argv)
{
	struct ble_client *clients[MOST] = { NULL };
	struct ble_adapter *adapter = NULL;
	struct ble_address address;
	int err;

	if (argc < 3 || argc - 2 > MOST) {
		fprintf(stderr, "usage: many ADAPTER ADDRESS... (up to %d)\n", MOST);
		return 2;
	}
	if (!(err = ble_loop_new(&loop)))
		err = ble_adapter_open(loop, argv[1], &adapter);
	if (!err && ble_adapter_set_cache(adapter, NULL))
		fprintf(stderr, "many: nothing is kept: no folder for caches\n");
	for (int i = 0; !err && i < argc - 2; i++) {
		if ((err = ble_address_parse(argv[i + 2], &address)) ||
		    (err = ble_client_new(adapter, &address, &clients[i])))
			break;
		ble_client_on_disconnected(clients[i], disconnected, clients[i]);
		connect_to(clients[i]);
	}
	while (!err)
		err = ble_loop_dispatch(loop, -1);
	fprintf(stderr, "many: %s\n", ble_error_text(loop, err));
	for (int i = 0; i < MOST; i++)
		ble_client_unref(clients[i]);
	ble_adapter_unref(adapter);
	ble_loop_unref(loop);
	return 1;
}
