/* SPDX-License-Identifier: MIT */
/* usage: glib [ADAPTER [SECONDS]]
 * Inside GLib's main loop: prints the temperature that the first weather
 * sensor notifies. GTK and everything else that GLib runs go on meanwhile. */
#include <blewire.h>
#include <glib-unix.h>
#include <stdlib.h>

static GMainLoop *main_loop;
static struct ble_loop *loop;
static struct ble_client *client;
static int failed;

static gboolean dispatch(gint fd, GIOCondition condition, gpointer user)
{
	(void)fd;
	(void)condition;
	(void)user;
	ble_loop_dispatch(loop, 0);
	return G_SOURCE_CONTINUE;
}

static gboolean quit(gpointer user)
{
	(void)user;
	g_main_loop_quit(main_loop);
	return G_SOURCE_REMOVE;
}

static void check(void *user, int err)
{
	(void)user;
	if (!err)
		return;
	failed = 1;
	g_printerr("glib: %s\n", ble_error_text(loop, err));
	g_main_loop_quit(main_loop);
}

static void temperature(void *user, uint16_t handle, struct ble_bytes value)
{
	(void)user;
	(void)handle;
	if (value.len == 2)
		g_print("%.2f degrees Celsius\n",
			(gint16)(value.data[0] | value.data[1] << 8) / 100.0);
}

static void discovered(void *user, int err)
{
	struct ble_uuid celsius = ble_uuid16(0x2a6e);
	const struct ble_characteristic *c;

	if (!err)
		err = ble_services_find(ble_client_services(client), &celsius, &c);
	check(user, err ? err : ble_client_subscribe(client, c->value_handle, BLE_SUBSCRIBE_AUTO,
						     temperature, check, NULL, NULL, NULL));
}

static void connected(void *user, int err)
{
	check(user, err ? err : ble_client_discover(client, discovered, NULL, NULL));
}

static void found(void *user, int err, struct ble_device *device)
{
	if (!err)
		err = ble_client_new_for_device(device, &client);
	check(user, err ? err : ble_client_connect(client, NULL, connected, NULL, NULL));
}

int main(int argc, char **argv)
{
	struct ble_uuid weather = ble_uuid16(0x181a);
	struct ble_scan_params params = { .services = &weather, .n_services = 1 };
	struct ble_adapter *adapter = NULL;
	int err;

	main_loop = g_main_loop_new(NULL, FALSE);
	if ((err = ble_loop_new(&loop)) ||
	    (err = ble_adapter_open(loop, argc > 1 ? argv[1] : "sim", &adapter)) ||
	    (err = ble_loop_fd(loop)) < 0 ||
	    (err = ble_scan_find(adapter, &params, 10000, found, NULL, NULL))) {
		check(NULL, err);
	} else {
		g_unix_fd_add(ble_loop_fd(loop), G_IO_IN, dispatch, NULL);
		g_timeout_add_seconds(argc > 2 ? (guint)atoi(argv[2]) : 10, quit, NULL);
		g_main_loop_run(main_loop);
	}
	ble_client_unref(client);
	ble_adapter_unref(adapter);
	ble_loop_unref(loop);
	g_main_loop_unref(main_loop);
	return failed;
}
