/* SPDX-License-Identifier: MIT */
/* The names of the assigned numbers where the library was built without them. */
#include <errno.h>

#include "base/portable.h"
#include "blewire.h"

char *ble_uuid_name(const struct ble_uuid *uuid, char name[BLE_NAME_TEXT])
{
	(void)uuid;
	(void)name;
	return NULL;
}

int ble_uuid_from_name(const char *name, struct ble_uuid *ret_uuid)
{
	(void)name;
	(void)ret_uuid;
	return -ENOENT;
}

char *ble_company_name(uint16_t company, char name[BLE_NAME_TEXT])
{
	(void)company;
	(void)name;
	return NULL;
}

char *ble_appearance_category(uint16_t appearance, char name[BLE_NAME_TEXT])
{
	(void)appearance;
	(void)name;
	return NULL;
}

char *ble_appearance_name(uint16_t appearance, char name[BLE_NAME_TEXT])
{
	(void)appearance;
	(void)name;
	return NULL;
}

char *ble_ad_name(uint8_t type, char name[BLE_NAME_TEXT])
{
	(void)type;
	(void)name;
	return NULL;
}
