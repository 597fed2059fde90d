/* SPDX-License-Identifier: MIT */
/*
 * The conformance suite with failing allocations. This header is included before each
 * file of the suite. A call of the library that fails with -ENOMEM is made once more,
 * as a program may do, and must then succeed. So the checks of the cases stay the same.
 */
#ifndef TESTS_ALLOCATION_H
#define TESTS_ALLOCATION_H

#include "blewire.h"

enum starved_kind { STARVED_KEEPER, STARVED_CLIENT, STARVED_SCANNER, STARVED_DEVICE, STARVED_ADAPTER,
		    STARVED_TIMER, STARVED_LOOP };

/* starved_begin() is called before a call. starved_again() and starved_once() get its
 * result; starved_again() tells whether to repeat it, because its allocation failed. */
void starved_begin(const char *name);
bool starved_again(int result);
bool starved_once(int result);
int starved_result(void);

/* Records the references that a case has, to release them if the case ends early. */
int starved_made(int result, enum starved_kind kind, void *object);
void *starved_held(enum starved_kind kind, void *object);
void *starved_left(void *object);

void starved_cancel(struct ble_op *op);
void starved_set_timeout(struct ble_op *op, int ms);
#define ble_op_set_timeout(op, ms) starved_set_timeout(op, ms)
#define ble_op_cancel(op) starved_cancel(op)

#define STARVED(name, ...)                                             \
	(starved_begin(#name), starved_again(name(__VA_ARGS__))        \
				       ? starved_again(name(__VA_ARGS__)) \
				       : 0,                            \
	 starved_result())
/* The object is freed even if the call fails, so the call is not repeated. */
#define STARVED_ONCE(name, ...) \
	(starved_begin(#name), starved_once(name(__VA_ARGS__)), starved_result())

#define ble_adapter_list(...) STARVED(ble_adapter_list, __VA_ARGS__)
#define ble_adapter_reset(...) STARVED(ble_adapter_reset, __VA_ARGS__)
#define ble_adapter_reset_sync(...) STARVED(ble_adapter_reset_sync, __VA_ARGS__)
#define ble_adapter_set_cache(...) STARVED(ble_adapter_set_cache, __VA_ARGS__)
#define ble_scanner_start(...) STARVED(ble_scanner_start, __VA_ARGS__)
#define ble_scanner_listen(...) STARVED(ble_scanner_listen, __VA_ARGS__)
#define ble_adapter_scan_sync(...) STARVED(ble_adapter_scan_sync, __VA_ARGS__)
#define ble_adapter_find(...) STARVED(ble_adapter_find, __VA_ARGS__)
#define ble_adapter_find_sync(...) STARVED(ble_adapter_find_sync, __VA_ARGS__)
#define ble_client_connect(...) STARVED(ble_client_connect, __VA_ARGS__)
#define ble_client_connect_sync(...) STARVED(ble_client_connect_sync, __VA_ARGS__)
#define ble_client_disconnect_sync(...) STARVED(ble_client_disconnect_sync, __VA_ARGS__)
#define ble_client_update_link(...) STARVED(ble_client_update_link, __VA_ARGS__)
#define ble_client_update_link_sync(...) STARVED(ble_client_update_link_sync, __VA_ARGS__)
#define ble_client_read_rssi(...) STARVED(ble_client_read_rssi, __VA_ARGS__)
#define ble_client_read_rssi_sync(...) STARVED(ble_client_read_rssi_sync, __VA_ARGS__)
#define ble_client_discover(...) STARVED(ble_client_discover, __VA_ARGS__)
#define ble_client_discover_sync(...) STARVED(ble_client_discover_sync, __VA_ARGS__)
#define ble_client_discover_only(...) STARVED(ble_client_discover_only, __VA_ARGS__)
#define ble_client_discover_only_sync(...) STARVED(ble_client_discover_only_sync, __VA_ARGS__)
#define ble_client_describe(...) STARVED(ble_client_describe, __VA_ARGS__)
#define ble_client_describe_sync(...) STARVED(ble_client_describe_sync, __VA_ARGS__)
#define ble_client_read(...) STARVED(ble_client_read, __VA_ARGS__)
#define ble_client_read_sync(...) STARVED(ble_client_read_sync, __VA_ARGS__)
#define ble_client_read_by_uuid(...) STARVED(ble_client_read_by_uuid, __VA_ARGS__)
#define ble_client_read_by_uuid_sync(...) STARVED(ble_client_read_by_uuid_sync, __VA_ARGS__)
#define ble_client_read_multiple(...) STARVED(ble_client_read_multiple, __VA_ARGS__)
#define ble_client_read_multiple_sync(...) STARVED(ble_client_read_multiple_sync, __VA_ARGS__)
#define ble_client_read_joined(...) STARVED(ble_client_read_joined, __VA_ARGS__)
#define ble_client_read_joined_sync(...) STARVED(ble_client_read_joined_sync, __VA_ARGS__)
#define ble_client_write(...) STARVED(ble_client_write, __VA_ARGS__)
#define ble_client_write_sync(...) STARVED(ble_client_write_sync, __VA_ARGS__)
#define ble_client_write_auto(...) STARVED(ble_client_write_auto, __VA_ARGS__)
#define ble_client_write_auto_sync(...) STARVED(ble_client_write_auto_sync, __VA_ARGS__)
#define ble_client_write_reliable(...) STARVED(ble_client_write_reliable, __VA_ARGS__)
#define ble_client_write_reliable_sync(...) STARVED(ble_client_write_reliable_sync, __VA_ARGS__)
#define ble_client_write_command(...) STARVED(ble_client_write_command, __VA_ARGS__)
#define ble_client_write_command_sync(...) STARVED(ble_client_write_command_sync, __VA_ARGS__)
#define ble_client_subscribe(...) STARVED(ble_client_subscribe, __VA_ARGS__)
#define ble_client_subscribe_sync(...) STARVED(ble_client_subscribe_sync, __VA_ARGS__)
#define ble_subscription_free(...) STARVED_ONCE(ble_subscription_free, __VA_ARGS__)
#define ble_subscription_free_sync(...) STARVED_ONCE(ble_subscription_free_sync, __VA_ARGS__)
#define ble_client_resubscribe(...) STARVED(ble_client_resubscribe, __VA_ARGS__)
#define ble_client_resubscribe_sync(...) STARVED(ble_client_resubscribe_sync, __VA_ARGS__)

#define ble_loop_new(ret) \
	starved_made(STARVED(ble_loop_new, ret), STARVED_LOOP, ret)
#define ble_timer_new(loop, fire, user, ret) \
	starved_made(STARVED(ble_timer_new, loop, fire, user, ret), STARVED_TIMER, ret)
#define ble_adapter_open(loop, name, ret) \
	starved_made(STARVED(ble_adapter_open, loop, name, ret), STARVED_ADAPTER, ret)
#define ble_scanner_new(adapter, seen, ended, user, ret) \
	starved_made(STARVED(ble_scanner_new, adapter, seen, ended, user, ret), STARVED_SCANNER, ret)
#define ble_client_new(adapter, address, ret) \
	starved_made(STARVED(ble_client_new, adapter, address, ret), STARVED_CLIENT, ret)
#define ble_client_new_for_device(device, ret) \
	starved_made(STARVED(ble_client_new_for_device, device, ret), STARVED_CLIENT, ret)
#define ble_keeper_new(client, params, changed, user, ret) \
	starved_made(STARVED(ble_keeper_new, client, params, changed, user, ret), STARVED_KEEPER, ret)
#define ble_keeper_free(p) ble_keeper_free((struct ble_keeper *)starved_left(p))
#define ble_client_ref(p) \
	((struct ble_client *)starved_held(STARVED_CLIENT, ble_client_ref(p)))
#define ble_client_unref(p) ble_client_unref((struct ble_client *)starved_left(p))
#define ble_scanner_ref(p) \
	((struct ble_scanner *)starved_held(STARVED_SCANNER, ble_scanner_ref(p)))
#define ble_scanner_unref(p) ble_scanner_unref((struct ble_scanner *)starved_left(p))
#define ble_device_ref(p) \
	((struct ble_device *)starved_held(STARVED_DEVICE, ble_device_ref(p)))
#define ble_device_unref(p) ble_device_unref((struct ble_device *)starved_left(p))
#define ble_adapter_ref(p) \
	((struct ble_adapter *)starved_held(STARVED_ADAPTER, ble_adapter_ref(p)))
#define ble_adapter_unref(p) ble_adapter_unref((struct ble_adapter *)starved_left(p))
#define ble_loop_ref(p) \
	((struct ble_loop *)starved_held(STARVED_LOOP, ble_loop_ref(p)))
#define ble_loop_unref(p) ble_loop_unref((struct ble_loop *)starved_left(p))
#define ble_timer_free(p) ble_timer_free((struct ble_timer *)starved_left(p))

#endif
