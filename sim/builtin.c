/* SPDX-License-Identifier: MIT */
/*
 * The peripherals of "sim" without a file: a heart rate sensor and an environment
 * sensor. They have plain and long values, writes with and without response,
 * notifications, indications, and a control point that refuses values.
 */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "sim/model.h"

/* A database being built. After the first error the functions do nothing. */
struct building {
	struct sim_peripheral *p;
	int err;
};

static void service(struct building *b, uint16_t number)
{
	struct ble_uuid uuid = ble_uuid16(number);

	if (!b->err)
		b->err = gatt_add_service(&b->p->table, 0, true, &uuid);
}

static struct sim_source *add_generated(struct building *b, struct ble_uuid uuid,
					uint8_t properties, uint16_t max,
					const struct sim_source *like)
{
	struct gatt_characteristic c = {
		.uuid = uuid,
		.properties = properties,
		.value.max = max,
	};
	struct sim_source *source = NULL;

	if (!b->err)
		b->err = sim_add_characteristic(b->p, &c, like, &source);
	return source;
}

static void add_static(struct building *b, struct ble_uuid uuid, uint8_t properties,
		       uint16_t max, struct ble_bytes value)
{
	struct gatt_characteristic c = {
		.uuid = uuid,
		.properties = properties,
		.value = { .start = value, .max = max },
	};

	if (!b->err)
		b->err = sim_add_characteristic(b->p, &c, NULL, NULL);
}

static void text(struct building *b, uint16_t number, const char *value)
{
	add_static(b, ble_uuid16(number), BLE_READ, 0, bytes(value, strlen(value)));
}

static void descriptor(struct building *b, uint16_t number,
		       struct ble_bytes value)
{
	struct ble_uuid uuid = ble_uuid16(number);
	struct gatt_value v = { .start = value, .permissions = GATT_MAY_READ };

	if (!b->err)
		b->err = sim_add_descriptor(b->p, 0, &uuid, &v, NULL);
}

/* Generic Access, Generic Attribute with Service Changed, Device Information. */
static void basics(struct building *b, uint16_t appearance, const char *model)
{
	static const uint8_t pnp[] = { 1, 0xff, 0xff, 0x01, 0x00, 0x00, 0x01 };
	static const uint8_t nothing_changed[4];

	if (!b->err)
		b->err = gatt_add_generic(&b->p->table, b->p->name, appearance);
	add_static(b, ble_uuid16(0x2a05), BLE_INDICATE, 0, bytes(nothing_changed, 4));
	service(b, 0x180a);
	text(b, 0x2a29, "blewire");
	text(b, 0x2a24, model);
	text(b, 0x2a25, "0001");
	text(b, 0x2a26, "1.0");
	add_static(b, ble_uuid16(0x2a50), BLE_READ, 0, bytes(pnp, sizeof(pnp)));
}

static void battery(struct building *b)
{
	static const struct sim_source level = {
		.interval_ms = 5000,
		.generator = { .kind = SIM_WALK, .size = 1, .min = 70, .max = 100,
			       .step = 1, .seed = 1 },
	};

	service(b, 0x180f);
	add_generated(b, ble_uuid16(0x2a19), BLE_READ | BLE_NOTIFY, 1, &level);
}

static int add(struct sim_model *model, struct building *b, const char *name,
	       const char *address)
{
	struct ble_address a;

	b->err = ble_address_parse(address, &a);
	if (!b->err)
		b->err = sim_add_peripheral(model, name, &a, &b->p);
	if (!b->err)
		sim_advertise_name(b->p);
	return b->err;
}

/* -- The heart rate sensor --------------------------------------------------------- */

/* Heart Rate Service 3.3: 1 resets the energy spent; other values are refused. */
static int control(struct sim_source *source, struct ble_bytes value)
{
	enum { RESET_ENERGY = 1, NOT_SUPPORTED = BLE_ERROR_ATT(0x80) };

	if (value.data[0] != RESET_ENERGY)
		return NOT_SUPPORTED;
	source->target->generator.energy = 0;
	return 0;
}

static int heart_rate(struct sim_model *model)
{
	static const uint8_t services[] = { 0x0d, 0x18, 0x0f, 0x18 };
	static const uint8_t look[] = { 0x41, 0x03 }; /* heart rate belt */
	static const uint8_t chest = 1;
	static const struct sim_source measurement = {
		.interval_ms = 1000,
		.generator = { .kind = SIM_HEART_RATE, .min = 55, .max = 165,
			       .seed = 2 },
	};
	struct sim_source point = { .written = control };
	struct gatt_characteristic control_point = {
		.uuid = ble_uuid16(0x2a39),
		.properties = BLE_WRITE,
		.value = { .max = 1, .permissions = GATT_FIXED },
	};
	struct building b;
	struct sim_advertising *adv;

	if (add(model, &b, "Sim Heart Rate", "C0:FF:EE:00:18:0D/random"))
		return b.err;
	adv = &b.p->advertising;
	adv->rssi = -52;
	b.err = sim_add_ad(adv->data, &adv->data_len, SIM_AD_LEGACY, 0x03,
			   bytes(services, sizeof(services)));
	if (!b.err)
		b.err = sim_add_ad(adv->response, &adv->response_len,
				   SIM_AD_LEGACY, 0x19, bytes(look, sizeof(look)));
	basics(&b, 0x0341, "Heart Rate Belt");
	battery(&b);
	service(&b, 0x180d);
	point.target = add_generated(&b, ble_uuid16(0x2a37), BLE_NOTIFY,
				     SIM_SAMPLE_MAX, &measurement);
	add_static(&b, ble_uuid16(0x2a38), BLE_READ, 0, bytes(&chest, 1));
	if (!b.err)
		b.err = sim_add_characteristic(b.p, &control_point, &point, NULL);
	return b.err ? b.err : sim_peripheral_finish(b.p);
}

/* -- The environment sensor ---------------------------------------------------------- */

static const struct quantity {
	uint16_t uuid;
	const char *description;
	uint8_t format[7]; /* Presentation Format: type, exponent, unit, ... */
	struct sim_source source;
} quantities[] = {
	{ 0x2a6e, "Temperature of the air", /* sint16, 10^-2, degree Celsius */
	  { 0x0e, 0xfe, 0x2f, 0x27, 0x01, 0x00, 0x00 },
	  { .interval_ms = 1000,
	    .generator = { .kind = SIM_SINE, .size = 2, .min = 1850, .max = 2350,
			   .period = 120 } } },
	{ 0x2a6f, "Relative humidity", /* uint16, 10^-2, percent */
	  { 0x06, 0xfe, 0xad, 0x27, 0x01, 0x00, 0x00 },
	  { .interval_ms = 2000,
	    .generator = { .kind = SIM_WALK, .size = 2, .min = 3000, .max = 6000,
			   .step = 40, .seed = 3 } } },
	{ 0x2a6d, "Pressure of the air", /* uint32, 10^-1, pascal */
	  { 0x08, 0xff, 0x24, 0x27, 0x01, 0x00, 0x00 },
	  { .interval_ms = 2000,
	    .generator = { .kind = SIM_WALK, .size = 4, .min = 990000,
			   .max = 1030000, .step = 150, .seed = 4 } } },
};

static struct ble_uuid vendor(uint8_t number)
{
	/* b1e00000-7a11-4c5e-9d3b-62c0ffee0001 */
	struct ble_uuid uuid = { {
		0xb1, 0xe0, 0x00, 0x00, 0x7a, 0x11, 0x4c, 0x5e,
		0x9d, 0x3b, 0x62, 0xc0, 0xff, 0xee, 0x00, 0x01,
	} };

	uuid.octet[3] = number;
	return uuid;
}

/* A long value, a value for write commands, a counter that indicates. */
static void vendor_service(struct building *b)
{
	static const char note[] = "Up to 512 octets may be written here and "
				   "read back, in as many parts as it takes.";
	static const struct sim_source counter = {
		.interval_ms = 3000,
		.generator = { .kind = SIM_COUNTER, .size = 4, .max = UINT32_MAX,
			       .step = 1 },
	};
	struct ble_uuid uuid = vendor(1);

	if (!b->err)
		b->err = gatt_add_service(&b->p->table, 0, true, &uuid);
	add_static(b, vendor(2), BLE_READ | BLE_WRITE, ATT_VALUE_MAX,
		   bytes(note, sizeof(note) - 1));
	descriptor(b, GATT_USER_DESCRIPTION, bytes("Note", 4));
	add_static(b, vendor(3), BLE_READ | BLE_WRITE_COMMAND, ATT_VALUE_MAX,
		   bytes(NULL, 0));
	descriptor(b, GATT_USER_DESCRIPTION, bytes("Last command", 12));
	add_generated(b, vendor(4), BLE_READ | BLE_INDICATE, 4, &counter);
	descriptor(b, GATT_USER_DESCRIPTION, bytes("Counter", 7));
}

static int environment(struct sim_model *model)
{
	static const uint8_t services[] = { 0x1a, 0x18 };
	uint8_t long_service[16];
	struct ble_uuid uuid = vendor(1);
	struct building b;
	struct sim_advertising *adv;

	if (add(model, &b, "Sim Environment", "C0:FF:EE:00:18:1A/random"))
		return b.err;
	adv = &b.p->advertising;
	adv->rssi = -68;
	adv->interval_ms = 250;
	for (size_t i = 0; i < sizeof(long_service); i++)
		long_service[i] = uuid.octet[15 - i];
	b.err = sim_add_ad(adv->data, &adv->data_len, SIM_AD_LEGACY, 0x03,
			   bytes(services, sizeof(services)));
	if (!b.err)
		b.err = sim_add_ad(adv->response, &adv->response_len,
				   SIM_AD_LEGACY, 0x07,
				   bytes(long_service, sizeof(long_service)));
	basics(&b, 0x0540, "Weather Box"); /* generic sensor */
	battery(&b);
	service(&b, 0x181a);
	for (size_t i = 0; i < sizeof(quantities) / sizeof(quantities[0]); i++) {
		const struct quantity *q = &quantities[i];

		add_generated(&b, ble_uuid16(q->uuid), BLE_READ | BLE_NOTIFY,
			      q->source.generator.size, &q->source);
		descriptor(&b, GATT_USER_DESCRIPTION,
			   bytes(q->description, strlen(q->description)));
		descriptor(&b, GATT_PRESENTATION_FORMAT,
			   bytes(q->format, sizeof(q->format)));
	}
	vendor_service(&b);
	return b.err ? b.err : sim_peripheral_finish(b.p);
}

int sim_builtin(struct sim_model *model)
{
	int err = heart_rate(model);

	return err ? err : environment(model);
}
