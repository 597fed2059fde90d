/* SPDX-License-Identifier: MIT */
/* usage: glib [ADAPTER [ADDRESS [SECONDS]]]
 * In GLib's main loop, for example of a GTK program: prints a temperature whenever it changes. */
#include <blewire.h>
#include <glib-unix.h>
#include <stdlib.h>

static gboolean dispatch(gint fd G_GNUC_UNUSED, GIOCondition ready G_GNUC_UNUSED, gpointer loop)
{
	ble_loop_dispatch(loop, 0);
	return G_SOURCE_CONTINUE;
}

static gboolean quit(gpointer main_loop)
{
	g_main_loop_quit(main_loop);
	return G_SOURCE_REMOVE;
}

static void temperature(void *user, uint16_t handle, struct ble_bytes v)
{
	(void)user;
	(void)handle;
	if (v.len == 2)
		g_print("%.2f degrees Celsius\n", (gint16)(v.data[0] | v.data[1] << 8) / 100.0);
}

int main(int argc, char **argv)
{
	struct ble_uuid celsius = ble_uuid16(0x2a6e);
	GMainLoop *main_loop = g_main_loop_new(NULL, FALSE);
	const struct ble_characteristic *c;
	struct ble_adapter *adapter = NULL;
	struct ble_client *client = NULL;
	struct ble_address address;
	struct ble_loop *loop = NULL;
	int err;

	if ((err = ble_address_parse(argc > 2 ? argv[2] : "C0:FF:EE:00:18:1A", &address)) ||
	    (err = ble_loop_new(&loop)) || (err = ble_loop_fd(loop)) < 0 ||
	    (err = ble_adapter_open(loop, argc > 1 ? argv[1] : "sim", &adapter)) ||
	    (err = ble_client_new(adapter, &address, &client)) ||
	    (err = ble_client_connect_sync(client, NULL)) ||
	    (err = ble_client_discover_sync(client)) ||
	    (err = ble_services_find_characteristic(ble_client_services(client), &celsius, &c)) ||
	    (err = ble_client_subscribe_sync(client, c->value_handle, BLE_SUBSCRIBE_AUTO,
					     temperature, NULL, NULL))) {
		g_printerr("glib: %s\n", ble_error_text(loop, err));
	} else {
		g_unix_fd_add(ble_loop_fd(loop), G_IO_IN, dispatch, loop);
		g_timeout_add_seconds(argc > 3 ? (guint)atoi(argv[3]) : 10, quit, main_loop);
		g_main_loop_run(main_loop);
	}
	ble_client_unref(client);
	ble_adapter_unref(adapter);
	ble_loop_unref(loop);
	g_main_loop_unref(main_loop);
	return err != 0;
}
