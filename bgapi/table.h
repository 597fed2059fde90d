/* SPDX-License-Identifier: MIT */
/*
 * The messages of BGAPI for BLE112 and BLED112 (SDK 1.x), classes 0 to 9, one row for
 * each message. The file is included several times, each time with other definitions
 * of the macros. So it has no guard, and undefines all macros at its end.
 *
 *	CLASS(name, number)
 *	COMMAND(class, number, name, parameters, parameters of the response)
 *	SILENT(class, number, name, parameters)      a command without response
 *	OLD(class, number, name, parameters, parameters of the response)
 *	    the number's older layout (SDK 1.1). Only the length tells the two
 *	    apart, so both are tried, the newer one first
 *	EVENT(class, number, name, parameters)
 *	OPEN_EVENT(class, number, name, parameters)  octets may follow
 *
 * Parameters are in the order of the wire, packed, little endian:
 *
 *	U8 I8 U16 I16 U32   numbers
 *	X16 X32             numbers that are shown in hexadecimal
 *	RESULT              16 bits, see bgapi/result.h
 *	ADDR                6 octets, least significant first
 *	ARR                 one octet of length, which counts only what follows
 *	                    it; always the last parameter
 *	UUID                an ARR of 2 or 16 octets, or empty
 *	NONE                no parameters
 *
 * Points on which the sources disagree, and what is assumed here:
 *
 * - Some mocks write an array's length one too high. All sources of the vendor count
 *   the data only, so any other length is malformed.
 * - Old manuals call the header's length a minimum. No message of any SDK is longer
 *   than its parameters, so it is exact, except of attribute_found, which no
 *   documented command causes.
 * - boot is documented never to be sent over USB; it is accepted there.
 * - connection_status has interval, timeout, latency, and connect_direct the
 *   same; connection_update has latency before timeout. Both are right.
 * - A payload of 60 octets has no room for the 64 octets that the manual allows for
 *   spi_transfer, endpoint_tx and flash_upload.
 */

/* -- System ---------------------------------------------------------------- */

CLASS(system, 0)

/* 1: into the bootloader. Over USB the port vanishes and comes back. */
SILENT(system, 0x00, reset, U8(boot_in_dfu))
COMMAND(system, 0x01, hello, NONE, NONE)
COMMAND(system, 0x02, address_get, NONE, ADDR(address))
COMMAND(system, 0x03, reg_write, X16(address) U8(value), RESULT(result))
COMMAND(system, 0x04, reg_read, X16(address), X16(address) U8(value))
COMMAND(system, 0x05, get_counters,
	NONE,
	U8(txok) U8(txretry) U8(rxok) U8(rxfail) U8(mbuf))
/* Then a connection_status for each slot 0..maxconn-1, flags 0 where it is free. */
COMMAND(system, 0x06, get_connections, NONE, U8(maxconn))
COMMAND(system, 0x07, read_memory, X32(address) U8(length), X32(address) ARR(data))
/* hw is no test for what it is: vendor and users disagree on a BLED112's. */
COMMAND(system, 0x08, get_info,
	NONE,
	U16(major) U16(minor) U16(patch) U16(build) U16(ll_version) U8(protocol_version)
		U8(hw))
COMMAND(system, 0x09, endpoint_tx, U8(endpoint) ARR(data), RESULT(result))
COMMAND(system, 0x0a, whitelist_append, ADDR(address) U8(address_type), RESULT(result))
COMMAND(system, 0x0b, whitelist_remove, ADDR(address) U8(address_type), RESULT(result))
COMMAND(system, 0x0c, whitelist_clear, NONE, NONE)
COMMAND(system, 0x0d, endpoint_rx, U8(endpoint) U8(size), RESULT(result) ARR(data))
COMMAND(system, 0x0e, endpoint_set_watermarks, U8(endpoint) U8(rx) U8(tx), RESULT(result))
COMMAND(system, 0x0f, aes_setkey, ARR(key), NONE)
COMMAND(system, 0x10, aes_encrypt, ARR(data), ARR(data))
COMMAND(system, 0x11, aes_decrypt, ARR(data), ARR(data))
COMMAND(system, 0x12, usb_enumeration_status_get, NONE, RESULT(result) U8(status))
COMMAND(system, 0x13, get_bootloader_crc, NONE, X16(crc))
SILENT(system, 0x14, delay_reset, U8(boot_in_dfu) U16(reset_delay_ms))

EVENT(system, 0x00, boot,
	U16(major) U16(minor) U16(patch) U16(build) U16(ll_version) U8(protocol_version)
		U8(hw))
EVENT(system, 0x01, debug, ARR(data))
EVENT(system, 0x02, endpoint_watermark_rx, U8(endpoint) U8(data))
EVENT(system, 0x03, endpoint_watermark_tx, U8(endpoint) U8(data))
EVENT(system, 0x04, script_failure, X16(address) RESULT(reason))
EVENT(system, 0x05, no_license_key, NONE)
/* A command stayed incomplete for 1 s or was malformed, and was dropped. That an unknown
 * command gives 0x0184 is an assumption. */
EVENT(system, 0x06, protocol_error, RESULT(reason))
EVENT(system, 0x07, usb_enumerated, U8(state))

/* -- Persistent store and flash -------------------------------------------- */

CLASS(flash, 1)

COMMAND(flash, 0x00, ps_defrag, NONE, NONE)
COMMAND(flash, 0x01, ps_dump, NONE, NONE)
COMMAND(flash, 0x02, ps_erase_all, NONE, NONE)
COMMAND(flash, 0x03, ps_save, X16(key) ARR(value), RESULT(result))
COMMAND(flash, 0x04, ps_load, X16(key), RESULT(result) ARR(value))
COMMAND(flash, 0x05, ps_erase, X16(key), NONE)
COMMAND(flash, 0x06, erase_page, U8(page), RESULT(result))
COMMAND(flash, 0x07, write_data, X32(address) ARR(data), RESULT(result))
OLD(flash, 0x07, write_words, X16(address) ARR(words), NONE)
COMMAND(flash, 0x08, read_data, X32(address) U8(length), ARR(data))

/* ps_dump ends with key 0xffff, empty. */
EVENT(flash, 0x00, ps_key, X16(key) ARR(value))

/* -- Attribute database: the server of the dongle itself ------------------- */

CLASS(attributes, 2)

COMMAND(attributes, 0x00, write, X16(handle) U8(offset) ARR(value), RESULT(result))
COMMAND(attributes, 0x01, read,
	X16(handle) U16(offset),
	X16(handle) U16(offset) RESULT(result) ARR(value))
COMMAND(attributes, 0x02, read_type, X16(handle), X16(handle) RESULT(result) UUID(value))
COMMAND(attributes, 0x03, user_read_response,
	U8(connection) U8(att_error) ARR(value),
	NONE)
COMMAND(attributes, 0x04, user_write_response, U8(connection) U8(att_error), NONE)
COMMAND(attributes, 0x05, send, U8(connection) X16(handle) ARR(value), RESULT(result))

EVENT(attributes, 0x00, value,
	U8(connection) U8(reason) X16(handle) U16(offset) ARR(value))
EVENT(attributes, 0x01, user_read_request,
	U8(connection) X16(handle) U16(offset) U8(maxsize))
EVENT(attributes, 0x02, status, X16(handle) U8(flags))

/* -- Connections ----------------------------------------------------------- */

CLASS(connection, 3)

COMMAND(connection, 0x00, disconnect, U8(connection), U8(connection) RESULT(result))
/* No result: 0 not open, 127 no such handle, else -103..-38 dBm. */
COMMAND(connection, 0x01, get_rssi, U8(connection), U8(connection) I8(rssi))
COMMAND(connection, 0x02, update,
	U8(connection) U16(interval_min) U16(interval_max) U16(latency) U16(timeout),
	U8(connection) RESULT(result))
COMMAND(connection, 0x03, version_update, U8(connection), U8(connection) RESULT(result))
COMMAND(connection, 0x04, channel_map_get, U8(connection), U8(connection) ARR(map))
COMMAND(connection, 0x05, channel_map_set,
	U8(connection) ARR(map),
	U8(connection) RESULT(result))
COMMAND(connection, 0x06, features_get, U8(connection), U8(connection) RESULT(result))
/* The data come in a connection_status. */
COMMAND(connection, 0x07, get_status, U8(connection), U8(connection))
COMMAND(connection, 0x08, raw_tx, U8(connection) ARR(data), U8(connection))
COMMAND(connection, 0x09, slave_latency_disable, U8(disable), RESULT(result))

/* flags: 1 connected, 2 encrypted, 4 new, 8 parameters changed. bonding 255: none. */
EVENT(connection, 0x00, status,
	U8(connection) U8(flags) ADDR(address) U8(address_type) U16(conn_interval)
		U16(timeout) U16(latency) U8(bonding))
EVENT(connection, 0x01, version_ind,
	U8(connection) U8(vers_nr) U16(comp_id) U16(sub_vers_nr))
EVENT(connection, 0x02, feature_ind, U8(connection) ARR(features))
EVENT(connection, 0x03, raw_rx, U8(connection) ARR(data))
/* For a disconnect by the host some sources give 0, some 0x0216: see bgapi_reason(). */
EVENT(connection, 0x04, disconnected, U8(connection) RESULT(reason))

/* -- Attribute client ------------------------------------------------------ */

CLASS(attclient, 4)

COMMAND(attclient, 0x00, find_by_type_value,
	U8(connection) X16(start) X16(end) X16(uuid) ARR(value),
	U8(connection) RESULT(result))
COMMAND(attclient, 0x01, read_by_group_type,
	U8(connection) X16(start) X16(end) UUID(uuid),
	U8(connection) RESULT(result))
COMMAND(attclient, 0x02, read_by_type,
	U8(connection) X16(start) X16(end) UUID(uuid),
	U8(connection) RESULT(result))
COMMAND(attclient, 0x03, find_information,
	U8(connection) X16(start) X16(end),
	U8(connection) RESULT(result))
/* Ends with one attribute_value of type 0, or procedure_completed if it failed. */
COMMAND(attclient, 0x04, read_by_handle,
	U8(connection) X16(chrhandle),
	U8(connection) RESULT(result))
COMMAND(attclient, 0x05, attribute_write,
	U8(connection) X16(atthandle) ARR(data),
	U8(connection) RESULT(result))
COMMAND(attclient, 0x06, write_command,
	U8(connection) X16(atthandle) ARR(data),
	U8(connection) RESULT(result))
/* Its response has no connection. */
COMMAND(attclient, 0x07, indicate_confirm, U8(connection), RESULT(result))
COMMAND(attclient, 0x08, read_long,
	U8(connection) X16(chrhandle),
	U8(connection) RESULT(result))
COMMAND(attclient, 0x09, prepare_write,
	U8(connection) X16(atthandle) U16(offset) ARR(data),
	U8(connection) RESULT(result))
COMMAND(attclient, 0x0a, execute_write,
	U8(connection) U8(commit),
	U8(connection) RESULT(result))
/* handles: 16 bits each. */
COMMAND(attclient, 0x0b, read_multiple,
	U8(connection) ARR(handles),
	U8(connection) RESULT(result))

EVENT(attclient, 0x00, indicated, U8(connection) X16(attrhandle))
EVENT(attclient, 0x01, procedure_completed, U8(connection) RESULT(result) X16(chrhandle))
EVENT(attclient, 0x02, group_found, U8(connection) X16(start) X16(end) UUID(uuid))
OPEN_EVENT(attclient, 0x03, attribute_found,
	U8(connection) X16(chrdecl) X16(value) U8(properties) UUID(uuid))
EVENT(attclient, 0x04, find_information_found, U8(connection) X16(chrhandle) UUID(uuid))
/* type: 0 read, 1 notified, 2 indicated, 3 read by type, 4 read_long (whose first part
 * may be 0), 5 indicated and waiting for indicate_confirm. */
EVENT(attclient, 0x05, attribute_value, U8(connection) X16(atthandle) U8(type) ARR(value))
/* handles, despite its name, has the concatenated values. */
EVENT(attclient, 0x06, read_multiple_response, U8(connection) ARR(handles))

/* -- Security manager ------------------------------------------------------ */

CLASS(sm, 5)

COMMAND(sm, 0x00, encrypt_start, U8(handle) U8(bonding), U8(handle) RESULT(result))
COMMAND(sm, 0x01, set_bondable_mode, U8(bondable), NONE)
COMMAND(sm, 0x02, delete_bonding, U8(handle), RESULT(result))
COMMAND(sm, 0x03, set_parameters, U8(mitm) U8(min_key_size) U8(io_capabilities), NONE)
COMMAND(sm, 0x04, passkey_entry, U8(handle) U32(passkey), RESULT(result))
COMMAND(sm, 0x05, get_bonds, NONE, U8(bonds))
COMMAND(sm, 0x06, set_oob_data, ARR(oob), NONE)
COMMAND(sm, 0x07, whitelist_bonds, NONE, RESULT(result) U8(count))
COMMAND(sm, 0x08, set_pairing_distribution_keys,
	U8(initiator_keys) U8(responder_keys),
	RESULT(result))

EVENT(sm, 0x00, smp_data, U8(handle) U8(packet) ARR(data))
EVENT(sm, 0x01, bonding_fail, U8(handle) RESULT(result))
EVENT(sm, 0x02, passkey_display, U8(handle) U32(passkey))
EVENT(sm, 0x03, passkey_request, U8(handle))
EVENT(sm, 0x04, bond_status, U8(bond) U8(keysize) U8(mitm) U8(keys))

/* -- Generic access profile ------------------------------------------------ */

CLASS(gap, 6)

COMMAND(gap, 0x00, set_privacy_flags, U8(peripheral_privacy) U8(central_privacy), NONE)
COMMAND(gap, 0x01, set_mode, U8(discover) U8(connect), RESULT(result))
/* Runs until end_procedure. mode is one octet; some hosts send 16 bits. */
COMMAND(gap, 0x02, discover, U8(mode), RESULT(result))
/* No time limit. The handle is reserved; if result is not 0, it has no meaning. */
COMMAND(gap, 0x03, connect_direct,
	ADDR(address) U8(addr_type) U16(conn_interval_min) U16(conn_interval_max)
		U16(timeout) U16(latency),
	RESULT(result) U8(connection_handle))
COMMAND(gap, 0x04, end_procedure, NONE, RESULT(result))
COMMAND(gap, 0x05, connect_selective,
	U16(conn_interval_min) U16(conn_interval_max) U16(timeout) U16(latency),
	RESULT(result) U8(connection_handle))
COMMAND(gap, 0x06, set_filtering,
	U8(scan_policy) U8(adv_policy) U8(scan_duplicate_filtering),
	RESULT(result))
COMMAND(gap, 0x07, set_scan_parameters,
	U16(scan_interval) U16(scan_window) U8(active),
	RESULT(result))
COMMAND(gap, 0x08, set_adv_parameters,
	U16(adv_interval_min) U16(adv_interval_max) U8(adv_channels),
	RESULT(result))
COMMAND(gap, 0x09, set_adv_data, U8(set_scanrsp) ARR(adv_data), RESULT(result))
COMMAND(gap, 0x0a, set_directed_connectable_mode,
	ADDR(address) U8(addr_type),
	RESULT(result))
COMMAND(gap, 0x0b, set_initiating_con_parameters,
	U16(scan_interval) U16(scan_window),
	RESULT(result))
COMMAND(gap, 0x0c, set_nonresolvable_address, ADDR(address), RESULT(result))

EVENT(gap, 0x00, scan_response,
	I8(rssi) U8(packet_type) ADDR(sender) U8(address_type) U8(bond) ARR(data))
EVENT(gap, 0x01, mode_changed, U8(discover) U8(connect))

/* -- Hardware -------------------------------------------------------------- */

CLASS(hardware, 7)

COMMAND(hardware, 0x00, io_port_config_irq,
	U8(port) U8(enable_bits) U8(falling_edge),
	RESULT(result))
COMMAND(hardware, 0x01, set_soft_timer,
	U32(time) U8(handle) U8(single_shot),
	RESULT(result))
COMMAND(hardware, 0x02, adc_read,
	U8(input) U8(decimation) U8(reference_selection),
	RESULT(result))
COMMAND(hardware, 0x03, io_port_config_direction, U8(port) U8(direction), RESULT(result))
COMMAND(hardware, 0x04, io_port_config_function, U8(port) U8(function), RESULT(result))
COMMAND(hardware, 0x05, io_port_config_pull,
	U8(port) U8(tristate_mask) U8(pull_up),
	RESULT(result))
COMMAND(hardware, 0x06, io_port_write, U8(port) U8(mask) U8(data), RESULT(result))
COMMAND(hardware, 0x07, io_port_read, U8(port) U8(mask), RESULT(result) U8(port) U8(data))
COMMAND(hardware, 0x08, spi_config,
	U8(channel) U8(polarity) U8(phase) U8(bit_order) U8(baud_e) U8(baud_m),
	RESULT(result))
COMMAND(hardware, 0x09, spi_transfer,
	U8(channel) ARR(data),
	RESULT(result) U8(channel) ARR(data))
COMMAND(hardware, 0x0a, i2c_read,
	U8(address) U8(stop) U8(length),
	RESULT(result) ARR(data))
COMMAND(hardware, 0x0b, i2c_write, U8(address) U8(stop) ARR(data), U8(written))
COMMAND(hardware, 0x0c, set_txpower, U8(power), NONE)
COMMAND(hardware, 0x0d, timer_comparator,
	U8(timer) U8(channel) U8(mode) U16(comparator_value),
	RESULT(result))
COMMAND(hardware, 0x0e, io_port_irq_enable, U8(port) U8(enable_bits), RESULT(result))
COMMAND(hardware, 0x0f, io_port_irq_direction, U8(port) U8(falling_edge), RESULT(result))
COMMAND(hardware, 0x10, analog_comparator_enable, U8(enable), NONE)
COMMAND(hardware, 0x11, analog_comparator_read, NONE, RESULT(result) U8(output))
COMMAND(hardware, 0x12, analog_comparator_config_irq, U8(enabled), RESULT(result))
COMMAND(hardware, 0x13, set_rxgain, U8(gain), NONE)
COMMAND(hardware, 0x14, usb_enable, U8(enable), RESULT(result))
COMMAND(hardware, 0x15, sleep_enable, U8(enable), RESULT(result))
COMMAND(hardware, 0x16, get_timestamp, NONE, U32(value))

EVENT(hardware, 0x00, io_port_status, U32(timestamp) U8(port) U8(irq) U8(state))
EVENT(hardware, 0x01, soft_timer, U8(handle))
EVENT(hardware, 0x02, adc_result, U8(input) I16(value))
EVENT(hardware, 0x03, analog_comparator_status, U32(timestamp) U8(output))
EVENT(hardware, 0x04, radio_error, NONE)

/* -- Radio tests. No events ------------------------------------------------ */

CLASS(test, 8)

COMMAND(test, 0x00, phy_tx, U8(channel) U8(length) U8(type), NONE)
COMMAND(test, 0x01, phy_rx, U8(channel), NONE)
COMMAND(test, 0x02, phy_end, NONE, U16(counter))
COMMAND(test, 0x03, phy_reset, NONE, NONE)
COMMAND(test, 0x04, get_channel_map, NONE, ARR(channel_map))
COMMAND(test, 0x05, debug, U8(opcode) ARR(input), U8(opcode) ARR(output))
OLD(test, 0x05, debug_first, ARR(input), ARR(output))
COMMAND(test, 0x06, channel_mode, U8(mode), NONE)

/* -- Firmware update. All but reset only in a UART bootloader -------------- */

CLASS(dfu, 9)

SILENT(dfu, 0x00, reset, U8(dfu))
COMMAND(dfu, 0x01, flash_set_address, X32(address), RESULT(result))
COMMAND(dfu, 0x02, flash_upload, ARR(data), RESULT(result))
COMMAND(dfu, 0x03, flash_upload_finish, NONE, RESULT(result))

EVENT(dfu, 0x00, boot, U32(version))

#undef CLASS
#undef COMMAND
#undef SILENT
#undef OLD
#undef EVENT
#undef OPEN_EVENT
#undef U8
#undef I8
#undef U16
#undef I16
#undef U32
#undef X16
#undef X32
#undef RESULT
#undef ADDR
#undef ARR
#undef UUID
#undef NONE
