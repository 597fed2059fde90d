/* SPDX-License-Identifier: MIT */
#include "blewire.h"

const char *ble_version(void)
{
	return BLE_VERSION;
}
