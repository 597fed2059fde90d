/* SPDX-License-Identifier: MIT */
/* doc/from-bleak-and-pygatt.md, the rows about services, characteristics and
 * descriptors: see conformance_map_client.c. */
#include <errno.h>
#include <string.h>

#include "tests/conformance.h"

static struct ble_client *open_one(struct fixture *fixture)
{
	REQUIRE(fixture_open(fixture, NULL, 0) == 0);
	return fixture_connect(fixture, 0, true);
}

static struct ble_uuid parsed(const char *text)
{
	struct ble_uuid uuid = ble_uuid16(0);

	CHECK_INT(ble_uuid_parse(text, &uuid), 0);
	return uuid;
}

static void collection(void)
{
	struct ble_uuid uuid = parsed(REFERENCE_LENGTHS);
	const struct ble_characteristic *c = NULL;
	const struct ble_service *service = NULL;
	const struct ble_descriptor *d = NULL;
	const struct ble_services *tree;
	struct ble_client *client;
	uint16_t handle = 0x0045;
	unsigned int n = 0, n_characteristics = 0, n_descriptors = 0;
	struct fixture fixture;

	client = open_one(&fixture);
	ROW("BleakGATTServiceCollection");
	tree = ble_client_services(client);
	ROW("for service in client.services");
	while ((service = ble_services_next(tree, service)))
		n++;
	ROW("BleakGATTServiceCollection.services");
	CHECK_INT(n, ble_services_count(tree));
	ROW("BleakGATTServiceCollection.characteristics");
	while ((c = ble_services_next_characteristic(tree, c)))
		n_characteristics++;
	CHECK_INT(n_characteristics, ble_services_count_characteristics(tree));
	ROW("BleakGATTServiceCollection.descriptors");
	while ((d = ble_services_next_descriptor(tree, d)))
		n_descriptors++;
	CHECK_INT(n_descriptors, ble_services_count_descriptors(tree));
	ROW("BleakGATTServiceCollection.get_service(int)");
	CHECK((service = ble_services_service(tree, 0x0040)));
	CHECK_INT(service->handle, 0x0040);
	ROW("BleakGATTServiceCollection.get_service(uuid)");
	CHECK_INT(ble_services_find_service(tree, &uuid, &service), 0);
	CHECK_INT(service->handle, 0x0020);
	ROW("BleakGATTServiceCollection.get_characteristic(int)");
	CHECK((c = ble_services_characteristic(tree, 0x0027)));
	CHECK_INT(c->value_handle, REFERENCE_22);
	uuid = c->uuid;
	c = NULL;
	ROW("BleakGATTServiceCollection.get_characteristic(uuid)");
	CHECK_INT(ble_services_find_characteristic(tree, &uuid, &c), 0);
	CHECK(c && c->value_handle == REFERENCE_22);
	ROW("BleakGATTServiceCollection.get_descriptor(int)");
	CHECK(ble_services_descriptor(tree, 0x0045) != NULL);
	ROW("BleakGATTServiceCollection[x]");
	CHECK(ble_services_characteristic(tree, handle) == NULL);
	CHECK(!ble_services_service(tree, handle) && ble_services_descriptor(tree, handle));
	CHECK(!ble_services_descriptor(tree, 0x0044));
	uuid = ble_uuid16(0x2a56);
	ROW("several with one UUID");
	CHECK(ble_services_find_characteristic(tree, &uuid, &c) == -ENOTUNIQ);
	CHECK(strstr(ble_error_text(fixture.loop, -ENOTUNIQ), "82") != NULL);
	CHECK_INT(c->value_handle, REFERENCE_22); /* untouched */
	ROW("BleakGATTServiceCollection.add_service(), add_characteristic(), add_descriptor()");
	CHECK_INT(ble_client_discover_sync(client), 0);
	CHECK_INT(ble_services_count(ble_client_services(client)), n);
	ble_client_unref(client);
	fixture_close(&fixture);
}

static void service(void)
{
	struct ble_uuid uuid = ble_uuid16(0x2a00);
	const struct ble_characteristic *c = NULL;
	const struct ble_service *service;
	struct ble_client *client;
	struct fixture fixture;
	unsigned int n = 0;
	char text[BLE_UUID_TEXT], name[BLE_NAME_TEXT];

	client = open_one(&fixture);
	service = ble_services_next(ble_client_services(client), NULL);
	ROW("BleakGATTService");
	CHECK(service->primary);
	ROW("BleakGATTService.handle");
	CHECK_INT(service->handle, 1);
	ROW("BleakGATTService.uuid");
	CHECK_STR(ble_uuid_text(&service->uuid, text), "1800");
	ROW("BleakGATTService.description");
	CHECK_NAME(ble_uuid_name(&service->uuid, name), "Generic Access");
	ROW("BleakGATTService.characteristics");
	while ((c = ble_service_next_characteristic(service, c)))
		n += c->service == service;
	CHECK(n && n == service->n_characteristics);
	ROW("BleakGATTService.get_characteristic()");
	CHECK((c = ble_service_find_characteristic(service, &uuid)));
	CHECK(c == ble_service_next_characteristic(service, NULL));
	uuid = ble_uuid16(0x1899);
	CHECK(!ble_service_find_characteristic(service, &uuid));
	ble_client_unref(client);
	fixture_close(&fixture);
}

static void characteristic(void)
{
	struct ble_uuid uuid = ble_uuid16(0x2904);
	const struct ble_characteristic *c;
	const struct ble_services *tree;
	const struct ble_descriptor *d = NULL;
	struct ble_client *client;
	char text[BLE_UUID_TEXT], name[BLE_NAME_TEXT];
	struct fixture fixture;
	uint16_t last = 0;

	client = open_one(&fixture);
	tree = ble_client_services(client);
	ROW("BleakGATTCharacteristic");
	c = ble_services_characteristic(tree, 0x0044);
	REQUIRE(c != NULL);
	ROW("BleakGATTCharacteristic.handle");
	CHECK_INT(c->handle, 0x0043);
	ROW("the handle that reads and writes take");
	CHECK_INT(c->value_handle, 0x0044);
	ROW("BleakGATTCharacteristic.uuid");
	CHECK_STR(ble_uuid_text(&c->uuid, text), "2a56");
	ROW("BleakGATTCharacteristic.description");
	CHECK_NAME(ble_uuid_name(&c->uuid, name), "Digital");
	ROW("BleakGATTCharacteristic.properties");
	CHECK(c->properties & BLE_WRITE);
	ROW("the strings of properties");
	CHECK_STR(ble_property_text(BLE_WRITE_COMMAND), "write-without-response");
	ROW("GattCharacteristicsFlags");
	CHECK(BLE_SIGNED_WRITE == 0x40);
	ROW("properties reliable-write and writable-auxiliaries");
	CHECK_INT(ble_client_describe_sync(client), 0);
	CHECK(!(c->extended & (BLE_RELIABLE_WRITE + BLE_WRITABLE_AUXILIARIES)));
	ROW("the user description and the presentation format");
	CHECK(c->description != NULL);
	CHECK_INT(c->format.format, reference_octet(0));
	ROW("BleakGATTCharacteristic.max_write_without_response_size");
	CHECK_INT(ble_client_max_write_command(client), ble_client_mtu(client) - 3);
	ROW("BleakGATTCharacteristic.service_handle");
	CHECK(c->service->handle == 0x0040);
	ROW("BleakGATTCharacteristic.service_uuid");
	CHECK(ble_uuid_short(&c->service->uuid) == 0x1815);
	ROW("BleakGATTCharacteristic.descriptors");
	while ((d = ble_characteristic_next_descriptor(c, d)))
		last = d->handle;
	CHECK(c->n_descriptors == 2 && last == 0x0046);
	ROW("BleakGATTCharacteristic.get_descriptor(int)");
	CHECK((d = ble_services_descriptor(tree, 0x0046)));
	CHECK(d->characteristic == c);
	ROW("BleakGATTCharacteristic.get_descriptor(uuid)");
	CHECK((d = ble_characteristic_find_descriptor(c, &uuid)));
	CHECK(d->handle == 0x0046);
	ble_client_unref(client);
	fixture_close(&fixture);
}

static void texts(void)
{
	const char *text = "0000180D-0000-1000-8000-00805F9B34FB";
	const struct ble_uuid heart = ble_uuid16(0x180d);
	struct ble_uuid uuid, same;
	int err;

	ROW("normalize_uuid_str(), uuidstr_to_str()");
	err = ble_uuid_parse(text, &uuid);
	CHECK_INT(err, 0);
	CHECK(ble_uuid_equal(&uuid, &heart));
	ROW("normalize_uuid_16()");
	uuid = ble_uuid16(0x1234);
	CHECK_INT(ble_uuid_parse("00001234-0000-1000-8000-00805f9b34fb", &same), 0);
	CHECK(ble_uuid_equal(&uuid, &same));
	ROW("normalize_uuid_32()");
	uuid = ble_uuid32(0x12345678);
	CHECK_INT(ble_uuid_parse("12345678-0000-1000-8000-00805f9b34fb", &same), 0);
	CHECK(ble_uuid_equal(&uuid, &same));
}

static void descriptor(void)
{
	const struct ble_services *tree;
	const struct ble_descriptor *d;
	struct ble_client *client;
	char text[BLE_UUID_TEXT], name[BLE_NAME_TEXT];
	struct fixture fixture;

	client = open_one(&fixture);
	tree = ble_client_services(client);
	ROW("BleakGATTDescriptor");
	d = ble_services_descriptor(tree, 0x0046);
	REQUIRE(d != NULL);
	ROW("BleakGATTDescriptor.handle");
	CHECK(d->handle == 0x0046);
	ROW("BleakGATTDescriptor.uuid");
	CHECK_STR(ble_uuid_text(&d->uuid, text), "2904");
	ROW("BleakGATTDescriptor.description");
	CHECK_NAME(ble_uuid_name(&d->uuid, name), "Characteristic Presentation Format");
	ROW("BleakGATTDescriptor.characteristic_handle");
	CHECK(d->characteristic->handle == 0x0043);
	ROW("BleakGATTDescriptor.characteristic_uuid");
	CHECK(ble_uuid_short(&d->characteristic->uuid) == 0x2a56);
	ble_client_unref(client);
	fixture_close(&fixture);
}

const struct conformance_case conformance_map_tree[] = {
	CASE("map: service collection", collection),
	CASE("map: service", service),
	CASE("map: characteristic", characteristic),
	CASE("map: descriptor", descriptor),
	CASE("map: UUIDs", texts),
	{ 0 }
};
