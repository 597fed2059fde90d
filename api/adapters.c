/* SPDX-License-Identifier: MIT */
/* Which adapters there are: the backends, their adapters, and which come and go. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "api/internal.h"

const struct backend *const adapter_backends[] = {
	&sim_backend,
#ifdef HAVE_HCI
	&hci_backend,
#endif
#ifdef HAVE_BGAPI
	&bgapi_backend,
#endif
};

enum { N_BACKENDS = sizeof(adapter_backends) / sizeof(adapter_backends[0]) };

const size_t adapter_n_backends = N_BACKENDS;

/* The error of all backends together. That some are not there (-ENODEV) counts only if all
 * are not. */
static void add_error(int *failed, int error)
{
	if (error && (!*failed || *failed == -ENODEV))
		*failed = error;
}

/* -- The list ------------------------------------------------------------------------- */

struct listing {
	void (*found)(void *user, const struct ble_adapter_info *info);
	void *user;
	bool any;
};

static void on_found(void *user, const struct ble_adapter_info *info)
{
	struct listing *listing = user;

	listing->any = true;
	listing->found(listing->user, info);
}

int ble_adapter_list(struct ble_loop *loop,
		     void (*found)(void *user, const struct ble_adapter_info *info),
		     void *user)
{
	struct listing listing = { found, user, false };
	int failed = 0;

	for (size_t i = 0; i < N_BACKENDS; i++) {
		int error = adapter_backends[i]->list
			? adapter_backends[i]->list(loop, on_found, &listing) : 0;

		if (error == -ENOMEM)
			return error;
		add_error(&failed, error);
	}
	return failed == -ENODEV && listing.any ? 0 : failed;
}

/* -- Arrivals ------------------------------------------------------------------------- */

struct ble_adapter_watch {
	struct ble_loop *loop; /* ref'd */
	ble_adapter_func changed;
	void *user;
	struct adapter_watch *backend[N_BACKENDS]; /* NULL: none comes or goes there */
};

static void on_change(void *user, bool arrived, const struct ble_adapter_info *info)
{
	struct ble_adapter_watch *watch = user;

	watch->changed(watch->user, arrived ? BLE_ADAPTER_ARRIVED : BLE_ADAPTER_LEFT, info);
}

static int begin(struct ble_adapter_watch *watch)
{
	bool any = false;
	int failed = 0;

	for (size_t i = 0; i < N_BACKENDS; i++) {
		int error;

		if (!adapter_backends[i]->watch)
			continue;
		error = adapter_backends[i]->watch(watch->loop, on_change, watch, &watch->backend[i]);
		any |= !error;
		if (error == -ENOMEM)
			return error;
		add_error(&failed, error);
	}
	return failed == -ENODEV && any ? 0 : failed;
}

int ble_adapter_watch_new(struct ble_loop *loop, ble_adapter_func changed, void *user,
			  struct ble_adapter_watch **ret_watch)
{
	struct ble_adapter_watch *watch = calloc(1, sizeof(*watch));
	int error;

	if (!watch)
		return -ENOMEM;
	watch->loop = ble_loop_ref(loop);
	watch->changed = changed;
	watch->user = user;
	error = begin(watch);
	if (error) {
		ble_adapter_watch_free(watch);
		return error;
	}
	*ret_watch = watch;
	return 0;
}

struct ble_adapter_watch *ble_adapter_watch_free(struct ble_adapter_watch *watch)
{
	if (!watch)
		return NULL;
	for (size_t i = 0; i < N_BACKENDS; i++)
		if (watch->backend[i])
			watch->backend[i]->free(watch->backend[i]);
	ble_loop_unref(watch->loop);
	free(watch);
	return NULL;
}
