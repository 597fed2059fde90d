/* SPDX-License-Identifier: MIT */
/* Making and freeing the model. */
#include "sim/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

void sim_model_init(struct sim_model *model)
{
	list_init(&model->peripherals);
	model->n = 0;
}

static void free_peripheral(struct sim_peripheral *p)
{
	struct list *l;

	while ((l = list_pop(&p->sources)))
		free(list_entry(l, struct sim_source, link));
	gatt_table_release(&p->table);
	free(p);
}

void sim_model_release(struct sim_model *model)
{
	struct list *l;

	while ((l = list_pop(&model->peripherals)))
		free_peripheral(list_entry(l, struct sim_peripheral, link));
	model->n = 0;
}

int sim_add_peripheral(struct sim_model *model, const char *name,
		       const struct ble_address *address,
		       struct sim_peripheral **ret_peripheral)
{
	struct sim_peripheral *p;

	list_for_each(l, &model->peripherals) {
		p = list_entry(l, struct sim_peripheral, link);
		if (ble_address_equal(&p->address, address))
			return -EEXIST;
	}
	if (model->n == SIM_PERIPHERALS_MAX || strlen(name) > SIM_NAME_MAX)
		return -E2BIG;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	strcpy(p->name, name);
	p->address = *address;
	p->advertising.interval_ms = 100;
	p->advertising.connectable = true;
	p->advertising.rssi = -60;
	p->connect_ms = 20;
	p->mtu = 247;
	p->faults.reason = 0x13; /* remote user terminated connection */
	gatt_table_init(&p->table);
	list_init(&p->sources);
	list_append(&model->peripherals, &p->link);
	model->n++;
	*ret_peripheral = p;
	return 0;
}

/* -- Values ------------------------------------------------------------------- */

static int refuse(struct sim_source *source, uint8_t code)
{
	if (!code)
		return 0;
	if (source->refusals && --source->refusals == 0)
		source->read_error = source->write_error = 0;
	return BLE_ERROR_ATT(code);
}

static int on_read(struct gatt_session *session, struct gatt_attribute *a)
{
	struct sim_source *source = a->user;

	(void)session; /* all links have the same values */
	return refuse(source, source->read_error);
}

static int on_write(struct gatt_session *session, struct gatt_attribute *a,
		    struct ble_bytes value)
{
	struct sim_source *source = a->user;

	(void)session;
	if (source->write_error)
		return refuse(source, source->write_error);
	if (source->written) {
		int err = source->written(source, value);

		if (err)
			return err;
	}
	source->writes += source->on_write;
	return 0;
}

static const struct gatt_hooks hooks = { on_read, on_write };

static int new_source(const struct sim_source *like,
		      struct sim_source **ret_source)
{
	struct sim_source *source = malloc(sizeof(*source));

	if (!source)
		return -ENOMEM;
	*source = *like;
	*ret_source = source;
	return 0;
}

static void keep_source(struct sim_peripheral *p, struct sim_source *source)
{
	list_append(&p->sources, &source->link);
	p->n_sources++;
}

int sim_add_characteristic(struct sim_peripheral *p,
			   const struct gatt_characteristic *characteristic,
			   const struct sim_source *like,
			   struct sim_source **ret_source)
{
	struct gatt_characteristic c = *characteristic;
	struct sim_source *source = NULL;
	size_t declaration = p->table.n;
	int err;

	if (!like)
		return gatt_add_characteristic(&p->table, &c);
	err = new_source(like, &source);
	if (err)
		return err;
	c.value.hooks = &hooks;
	c.value.user = source;
	err = gatt_add_characteristic(&p->table, &c);
	if (err) {
		free(source);
		return err;
	}
	source->handle = p->table.attributes[declaration + 1].handle;
	source->configuration = 0;
	if (p->table.n > declaration + 2)
		source->configuration = p->table.attributes[declaration + 2].handle;
	keep_source(p, source);
	if (ret_source)
		*ret_source = source;
	return 0;
}

int sim_add_descriptor(struct sim_peripheral *p, uint16_t handle,
		       const struct ble_uuid *uuid,
		       const struct gatt_value *value,
		       const struct sim_source *like)
{
	struct gatt_value v = *value;
	struct sim_source *source = NULL;
	int err;

	if (!like)
		return gatt_add_descriptor(&p->table, handle, uuid, value);
	err = new_source(like, &source);
	if (err)
		return err;
	v.hooks = &hooks;
	v.user = source;
	err = gatt_add_descriptor(&p->table, handle, uuid, &v);
	if (err) {
		free(source);
		return err;
	}
	source->handle = gatt_table_last(&p->table);
	source->configuration = 0;
	keep_source(p, source);
	return 0;
}

void sim_source_step(struct sim_source *source)
{
	uint8_t sample[SIM_SAMPLE_MAX];
	size_t len = sim_generate(&source->generator, sample);

	if (len)
		gatt_set_value(source->attribute, bytes(sample, len));
}

int sim_peripheral_finish(struct sim_peripheral *p)
{
	int err = gatt_table_finish(&p->table);

	if (err)
		return err;
	list_for_each(l, &p->sources) {
		struct sim_source *source = list_entry(l, struct sim_source, link);

		source->peripheral = p;
		source->attribute = gatt_table_find(&p->table, source->handle);
		sim_generator_start(&source->generator);
		if (source->attribute->len)
			continue;
		sim_source_step(source); /* the value before the first sample is sent */
		sim_generator_start(&source->generator);
	}
	return 0;
}

/* -- Advertising data ------------------------------------------------------------- */

int sim_add_ad(uint8_t *data, uint8_t *len, size_t room, uint8_t type,
	       struct ble_bytes value)
{
	if (value.len > 254 || *len + 2 + value.len > room)
		return -EMSGSIZE;
	data[*len] = (uint8_t)(1 + value.len);
	data[*len + 1] = type;
	if (value.len)
		memcpy(data + *len + 2, value.data, value.len);
	*len = (uint8_t)(*len + 2 + value.len);
	return 0;
}

void sim_advertise_name(struct sim_peripheral *p)
{
	enum { FLAGS = 0x01, SHORT_NAME = 0x08, NAME = 0x09 };
	static const uint8_t le_only = 0x06; /* general discoverable, no BR/EDR */
	struct sim_advertising *adv = &p->advertising;
	size_t len = strlen(p->name);

	adv->data_len = 0;
	sim_add_ad(adv->data, &adv->data_len, SIM_AD_LEGACY, FLAGS,
		   bytes(&le_only, 1));
	if (!len)
		return;
	if (!sim_add_ad(adv->data, &adv->data_len, SIM_AD_LEGACY, NAME,
			bytes(p->name, len)))
		return;
	len = (size_t)(SIM_AD_LEGACY - adv->data_len - 2);
	while ((p->name[len] & 0xc0) == 0x80) /* not within a UTF-8 character */
		len--;
	sim_add_ad(adv->data, &adv->data_len, SIM_AD_LEGACY, SHORT_NAME,
		   bytes(p->name, len));
}
