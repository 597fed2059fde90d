/* SPDX-License-Identifier: MIT */
/* blewire rssi: the signal strength of a connection. */
#include "cli/json.h"

static int run(struct cli *cli, const void *options, char **arguments)
{
	struct json_object *object;
	int err, rssi, status = peer_parse(cli, arguments[0]);

	(void)options;
	if (!status)
		status = peer_connect(cli);
	if (status)
		goto out;
	err = ble_client_read_rssi_sync(peer_client(cli), &rssi);
	if (err == -EOPNOTSUPP)
		status = fail_error(cli, STEP_ADAPTER, err, "signal strength");
	else if (err)
		status = peer_fail(cli, err, "signal strength");
	else if (rssi == BLE_NO_RSSI)
		status = fail(cli, STATUS_FAILURE,
			      "the radio could not tell the signal strength of %s: try again",
			      cli->peer.name);
	if (status || err)
		goto out;
	if (cli->json) {
		object = js_new("rssi");
		js_address(object, &cli->peer.address);
		js_number(object, "rssi", rssi);
		js_print(object);
	} else {
		put("%d\n", rssi);
	}
out:
	peer_close(cli);
	return status;
}

const struct command rssi_command = {
	.name = "rssi",
	.arguments = "ADDRESS",
	.takes_address = true,
	.summary = "Show the signal strength of a connection in dBm",
	.details = "It is measured on the connection itself, not on advertisements.\n",
	.n_arguments = 1,
	.run = run,
};
