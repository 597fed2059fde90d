/* SPDX-License-Identifier: MIT */
/* BGAPI's own result codes and those of pairing. The controller's and the peer's codes
 * are in base/error.c. */
#include "bgapi/result.h"

#include <errno.h>

#include "base/error.h"

enum { CONTROLLER = 2, ATT = 4 }; /* the upper octet of those */

static const struct {
	uint16_t result;
	int error;
	const char *text;
} results[] = {
	{ 0x0180, EINVAL, "invalid parameter" },
	{ 0x0181, EBUSY, "wrong state" }, /* something runs, or nothing to end */
	{ 0x0182, EAGAIN, "out of memory" }, /* or the queue of the link is full */
	{ 0x0183, EOPNOTSUPP, "not implemented" },
	{ 0x0184, ENOSYS, "command not recognised" },
	{ 0x0185, ETIMEDOUT, "timeout" },
	{ 0x0186, ENOTCONN, "not connected" },
	{ 0x0187, EAGAIN, "overflow or underflow" },
	{ 0x0188, EPERM, "user attribute" },
	{ 0x0189, EPERM, "invalid licence key" },
	{ 0x018a, EMSGSIZE, "command too long" },
	/* Some hosts print "out of bounds"; it is bonds. */
	{ 0x018b, ENOSPC, "out of bonds" },
	/* So on a BLE112 from SDK 1.7 on; unspecified in other families. */
	{ 0x018c, EIO, "script stack overflow" },

	/* Not from a BLE112: the families beside it. */
	{ 0x0101, ENOTCONN, "invalid connection handle" },
	{ 0x0102, EBUSY, "waiting for a response" },
	{ 0x0103, ETIMEDOUT, "GATT timeout" },
	{ 0x018d, EIO, "hardware failure" },
	{ 0x018e, EAGAIN, "buffers full" },
	{ 0x018f, ENOTCONN, "disconnected" },
	{ 0x0190, EAGAIN, "too many requests" },
	{ 0x0191, EOPNOTSUPP, "not supported" },
	{ 0x0192, EACCES, "no bonding" },
	{ 0x0193, EACCES, "crypto failure" },
	{ 0x0194, EBADMSG, "data corrupted" },
	{ 0x0195, EPROTO, "command incomplete" },
	{ 0x0196, EBUSY, "not initialized" },
	{ 0x0197, EINVAL, "invalid sync handle" },
	{ 0x0198, EINVAL, "invalid module action" },
	{ 0x0199, EIO, "radio failure" },

	/* Vol 3, Part H, 3.5.5 */
	{ 0x0301, ECANCELED, "passkey entry failed" },
	{ 0x0302, EACCES, "OOB data not available" },
	{ 0x0303, EACCES, "authentication requirements not met" },
	{ 0x0304, EACCES, "confirm value mismatch" },
	{ 0x0305, EOPNOTSUPP, "pairing not supported" },
	{ 0x0306, EACCES, "encryption key size too small" },
	{ 0x0307, EOPNOTSUPP, "pairing command not supported" },
	{ 0x0308, EACCES, "pairing failed, unspecified" },
	{ 0x0309, EAGAIN, "repeated attempts" },
	{ 0x030a, EINVAL, "invalid pairing parameters" },
};

enum { N_RESULTS = sizeof(results) / sizeof(results[0]) };

int bgapi_result_error(uint16_t result)
{
	uint8_t code = (uint8_t)result;

	if (result == BGAPI_SUCCESS)
		return 0;
	if (result >> 8 == CONTROLLER && code)
		return error_from_hci(code);
	if (result >> 8 == ATT && code)
		return BLE_ERROR_ATT(code);
	for (unsigned int i = 0; i < N_RESULTS; i++) {
		if (results[i].result == result)
			return -results[i].error;
	}
	return -EIO;
}

const char *bgapi_result_text(uint16_t result)
{
	uint8_t code = (uint8_t)result;

	if (result == BGAPI_SUCCESS)
		return "success";
	if (result >> 8 == CONTROLLER && code)
		return ble_hci_text(code);
	if (result >> 8 == ATT && code)
		return ble_strerror(BLE_ERROR_ATT(code));
	for (unsigned int i = 0; i < N_RESULTS; i++) {
		if (results[i].result == result)
			return results[i].text;
	}
	return "unknown result";
}

uint8_t bgapi_reason(uint16_t result)
{
	enum { BY_THIS_HOST = 0x16 };

	if (result == BGAPI_SUCCESS)
		return BY_THIS_HOST;
	return result >> 8 == CONTROLLER ? (uint8_t)result : 0;
}
