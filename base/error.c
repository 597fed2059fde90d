/* SPDX-License-Identifier: MIT */
/* Tables of texts for ATT errors, controller errors and -errno. */
#include "base/error.h"

#include <string.h>

#include "base/portable.h"

/* Vol 3, Part F, 3.4.1.1, and the common profile errors of the Core
 * Specification Supplement, Part B. */
static const char *const att_text[256] = {
	[0x01] = "invalid handle",
	[0x02] = "reading is not permitted",
	[0x03] = "writing is not permitted",
	[0x04] = "the peer found the request malformed",
	[0x05] = "the peer wants authentication (pairing) first",
	[0x06] = "the peer does not support this request",
	[0x07] = "the offset is past the end of the value",
	[0x08] = "the peer wants authorization first",
	[0x09] = "the peer's queue of prepared writes is full",
	[0x0a] = "attribute not found",
	[0x0b] = "the attribute is not long: it cannot be read in parts",
	[0x0c] = "the encryption key is too short for the peer",
	[0x0d] = "the value has the wrong length for this attribute",
	[0x0e] = "the peer failed for an unlikely reason of its own",
	[0x0f] = "the peer wants encryption (pairing) first",
	[0x10] = "not a type that groups attributes",
	[0x11] = "the peer is out of resources",
	[0x12] = "the peer's database has changed since it was discovered",
	[0x13] = "the peer does not allow this value",
	[0xfc] = "the peer rejected the write",
	[0xfd] = "the peer's client configuration is improper",
	[0xfe] = "the peer is busy with the same procedure",
	[0xff] = "the value is out of the peer's range",
};

/* Vol 1, Part F, 1.3, and the errno for it. */
static const struct {
	const char *text;
	int error;
} hci_status[] = {
	[0x00] = { "success", 0 },
	[0x01] = { "unknown HCI command", EBADRQC },
	[0x02] = { "unknown connection identifier", ENOTCONN },
	[0x03] = { "hardware failure", EIO },
	[0x04] = { "page timeout", EHOSTDOWN },
	[0x05] = { "authentication failure", EACCES },
	[0x06] = { "PIN or key missing", EBADE },
	[0x07] = { "memory capacity exceeded", ENOMEM },
	[0x08] = { "connection timeout", ETIMEDOUT },
	[0x09] = { "connection limit exceeded", EMLINK },
	[0x0a] = { "synchronous connection limit exceeded", EMLINK },
	[0x0b] = { "connection already exists", EALREADY },
	[0x0c] = { "command disallowed", EBUSY },
	[0x0d] = { "rejected: limited resources", ECONNREFUSED },
	[0x0e] = { "rejected: security reasons", ECONNREFUSED },
	[0x0f] = { "rejected: unacceptable address", ECONNREFUSED },
	[0x10] = { "connection accept timeout", ETIMEDOUT },
	[0x11] = { "unsupported feature or parameter", EOPNOTSUPP },
	[0x12] = { "invalid HCI command parameters", EINVAL },
	[0x13] = { "the peer ended the connection", ECONNRESET },
	[0x14] = { "the peer ended the connection: low resources", ECONNRESET },
	[0x15] = { "the peer ended the connection: power off", ECONNRESET },
	[0x16] = { "ended by this host", ECONNABORTED },
	[0x17] = { "repeated attempts", ELOOP },
	[0x18] = { "pairing not allowed", EACCES },
	[0x19] = { "unknown LMP PDU", EPROTO },
	[0x1a] = { "unsupported remote feature", EPROTONOSUPPORT },
	[0x1b] = { "SCO offset rejected", ECONNREFUSED },
	[0x1c] = { "SCO interval rejected", ECONNREFUSED },
	[0x1d] = { "SCO air mode rejected", ECONNREFUSED },
	[0x1e] = { "invalid link layer parameters", EINVAL },
	[0x1f] = { "unspecified error", EIO },
	[0x20] = { "unsupported link layer parameters", EOPNOTSUPP },
	[0x21] = { "role change not allowed", EPERM },
	[0x22] = { "link layer response timeout", ETIMEDOUT },
	[0x23] = { "link layer procedure collision", EBUSY },
	[0x24] = { "link layer PDU not allowed", EPROTO },
	[0x25] = { "encryption mode not acceptable", EACCES },
	[0x26] = { "link key cannot be changed", EACCES },
	[0x27] = { "requested quality of service not supported", EOPNOTSUPP },
	[0x28] = { "instant passed", ETIMEDOUT },
	[0x29] = { "pairing with unit key not supported", EACCES },
	[0x2a] = { "different transaction collision", EBUSY },
	[0x2c] = { "unacceptable quality of service", ECONNREFUSED },
	[0x2d] = { "quality of service rejected", ECONNREFUSED },
	[0x2e] = { "channel classification not supported", EOPNOTSUPP },
	[0x2f] = { "insufficient security", EACCES },
	[0x30] = { "parameter out of range", EINVAL },
	[0x32] = { "role switch pending", EBUSY },
	[0x34] = { "reserved slot violation", EPROTO },
	[0x35] = { "role switch failed", EIO },
	[0x36] = { "extended inquiry response too large", EMSGSIZE },
	[0x37] = { "simple pairing not supported by the host", EOPNOTSUPP },
	[0x38] = { "host busy: pairing", EBUSY },
	[0x39] = { "rejected: no suitable channel", ECONNREFUSED },
	[0x3a] = { "controller busy", EBUSY },
	[0x3b] = { "unacceptable connection parameters", EINVAL },
	[0x3c] = { "advertising timeout", ETIMEDOUT },
	[0x3d] = { "message integrity failure", EBADMSG },
	[0x3e] = { "connection failed to be established", ECONNABORTED },
	[0x3f] = { "MAC connection failed", ECONNABORTED },
	[0x40] = { "coarse clock adjustment rejected", EIO },
	[0x41] = { "submap not defined", EIO },
	[0x42] = { "unknown advertising identifier", EINVAL },
	[0x43] = { "limit reached", EMLINK },
	[0x44] = { "cancelled by this host", ECANCELED },
	[0x45] = { "packet too long", EMSGSIZE },
	[0x46] = { "too late", ETIMEDOUT },
	[0x47] = { "too early", EBUSY },
	[0x48] = { "insufficient channels", EIO },
};

enum { N_HCI = sizeof(hci_status) / sizeof(hci_status[0]) };

/* Texts that replace those of strerror(), which would mislead the caller of a
 * Bluetooth operation. */
static const struct {
	int error;
	const char *text;
} errno_text[] = {
	{ ENOTCONN, "not connected" },
	{ ETIMEDOUT, "no answer in time" },
	{ ECONNABORTED, "the connection failed to be established" },
	{ ECONNRESET, "the peer ended the connection" },
	{ ENETRESET, "the adapter was reset" },
	{ ECONNREFUSED, "the peer was not seen or refused the connection" },
	{ EBADMSG, "the peer's answer is malformed" },
	{ ENODEV, "no such adapter" },
	{ EPERM, "permission is missing" },
	{ ENETDOWN, "the adapter is switched off" },
	{ ENOENT, "not found" },
	{ ENOTUNIQ, "there are several: choose one by its handle" },
	{ EMSGSIZE, "the value is too long" },
	{ EDEADLK, "the loop cannot be run from inside a callback" },
	{ EINTR, "interrupted" },
	{ EALREADY, "under way already" },
	{ EISCONN, "connected already" },
	{ EMLINK, "the adapter has no free slot for another connection" },
	{ EOPNOTSUPP, "not supported here" },
	{ ENOTSUP, "not supported here" }, /* another one on some systems */
	{ EINVAL, "invalid argument" },
	{ ENOMEM, "out of memory" },
	{ ECHILD, "made in another process, before a fork()" },
};

int error_from_hci(uint8_t status)
{
	if (status == 0)
		return 0;
	if (status < N_HCI && hci_status[status].error)
		return -hci_status[status].error;
	return -EIO;
}

const char *ble_hci_text(uint8_t code)
{
	if (code < N_HCI && hci_status[code].text)
		return hci_status[code].text;
	return "unknown reason";
}

uint8_t ble_error_att(int error)
{
	return error < BLE_ERROR_ATT(0) && error >= BLE_ERROR_ATT(255) ?
		       (uint8_t)(BLE_ERROR_ATT(0) - error) : 0;
}

const char *ble_strerror(int error)
{
	uint8_t code = ble_error_att(error);

	if (code) {
		if (att_text[code])
			return att_text[code];
		if (code >= 0x80 && code <= 0x9f)
			return "error of the peer's application";
		return "unknown ATT error";
	}
	if (error == 0)
		return "success";
	for (size_t i = 0; i < sizeof(errno_text) / sizeof(errno_text[0]); i++) {
		if (-errno_text[i].error == error)
			return errno_text[i].text;
	}
	if (error > 0 || error < -4095)
		return "unknown error";
	return strerror(-error);
}
