/* SPDX-License-Identifier: MIT */
/* See report.h. */
#include "bgapi/report.h"

#include <errno.h>

enum { LEGACY_DATA_MAX = 31 }; /* Vol 6, Part B, 2.3.1.1 */

/* scan_response's packet_type as the event of HCI's legacy reports. */
static const struct {
	bool known;
	uint8_t event;
} packets[] = {
	[0] = { true, BLE_EVENT_CONNECTABLE | BLE_EVENT_SCANNABLE },
	[1] = { true, BLE_EVENT_CONNECTABLE | BLE_EVENT_DIRECTED },
	[2] = { true, 0 },
	[4] = { true, BLE_EVENT_SCANNABLE | BLE_EVENT_SCAN_RESPONSE },
	[6] = { true, BLE_EVENT_SCANNABLE },
};

int bgapi_report(const struct bgapi_frame *frame, struct ble_advertisement *ret_report)
{
	struct bgapi_evt_gap_scan_response event;
	int error = bgapi_read(evt_gap_scan_response, frame, &event);

	if (error)
		return error;
	if (event.packet_type >= sizeof(packets) / sizeof(packets[0]) ||
	    !packets[event.packet_type].known || event.data.len > LEGACY_DATA_MAX)
		return -EBADMSG;
	*ret_report = (struct ble_advertisement){
		.address = event.sender,
		.event = (uint8_t)(packets[event.packet_type].event | BLE_EVENT_LEGACY),
		.rssi = event.rssi,
		.tx_power = BLE_NO_TX_POWER,
		.primary_phy = 1,
		.sid = BLE_NO_SID,
		.data = event.data,
	};
	ret_report->address.type = event.address_type;
	return 0;
}
