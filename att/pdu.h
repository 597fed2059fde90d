/* SPDX-License-Identifier: MIT */
/*
 * The ATT PDUs (Vol 3, Part F, 3.4.8) in one table: name, kind, and for a
 * request its response. Pairing, direction and printing derive from it.
 */
#ifndef ATT_PDU_H
#define ATT_PDU_H

#include "blewire.h"

enum att_opcode {
	ATT_ERROR_RSP = 0x01,
	ATT_MTU_REQ = 0x02,
	ATT_MTU_RSP = 0x03,
	ATT_FIND_INFO_REQ = 0x04,
	ATT_FIND_INFO_RSP = 0x05,
	ATT_FIND_BY_TYPE_REQ = 0x06,
	ATT_FIND_BY_TYPE_RSP = 0x07,
	ATT_READ_TYPE_REQ = 0x08,
	ATT_READ_TYPE_RSP = 0x09,
	ATT_READ_REQ = 0x0a,
	ATT_READ_RSP = 0x0b,
	ATT_READ_BLOB_REQ = 0x0c,
	ATT_READ_BLOB_RSP = 0x0d,
	ATT_READ_MULTI_REQ = 0x0e,
	ATT_READ_MULTI_RSP = 0x0f,
	ATT_READ_GROUP_REQ = 0x10,
	ATT_READ_GROUP_RSP = 0x11,
	ATT_WRITE_REQ = 0x12,
	ATT_WRITE_RSP = 0x13,
	ATT_PREPARE_REQ = 0x16,
	ATT_PREPARE_RSP = 0x17,
	ATT_EXECUTE_REQ = 0x18,
	ATT_EXECUTE_RSP = 0x19,
	ATT_NOTIFY = 0x1b,
	ATT_INDICATE = 0x1d,
	ATT_CONFIRM = 0x1e,
	ATT_READ_MULTI_VAR_REQ = 0x20,
	ATT_READ_MULTI_VAR_RSP = 0x21,
	ATT_NOTIFY_MULTI = 0x23,
	ATT_WRITE_CMD = 0x52,
	ATT_SIGNED_WRITE_CMD = 0xd2,
};

enum { ATT_COMMAND_FLAG = 0x40 }; /* 3.3.1: set, the receiver may ignore it */

enum att_error { /* 3.4.1.1, as errors of ours */
	ATT_INVALID_HANDLE = BLE_ERROR_ATT(0x01),
	ATT_READ_NOT_PERMITTED = BLE_ERROR_ATT(0x02),
	ATT_WRITE_NOT_PERMITTED = BLE_ERROR_ATT(0x03),
	ATT_INVALID_PDU = BLE_ERROR_ATT(0x04),
	ATT_REQUEST_NOT_SUPPORTED = BLE_ERROR_ATT(0x06),
	ATT_INVALID_OFFSET = BLE_ERROR_ATT(0x07),
	ATT_PREPARE_QUEUE_FULL = BLE_ERROR_ATT(0x09),
	ATT_ATTRIBUTE_NOT_FOUND = BLE_ERROR_ATT(0x0a),
	ATT_ATTRIBUTE_NOT_LONG = BLE_ERROR_ATT(0x0b),
	ATT_INVALID_VALUE_LENGTH = BLE_ERROR_ATT(0x0d),
	ATT_UNLIKELY = BLE_ERROR_ATT(0x0e),
	ATT_UNSUPPORTED_GROUP_TYPE = BLE_ERROR_ATT(0x10),
	ATT_INSUFFICIENT_RESOURCES = BLE_ERROR_ATT(0x11),
	ATT_DATABASE_OUT_OF_SYNC = BLE_ERROR_ATT(0x12),
};

enum att_kind { /* 3.3 */
	ATT_UNKNOWN,
	ATT_REQUEST,
	ATT_RESPONSE,
	ATT_COMMAND,
	ATT_NOTIFICATION,
	ATT_INDICATION,
	ATT_CONFIRMATION,
};

struct att_pdu_info {
	uint8_t opcode;
	uint8_t kind;     /* enum att_kind */
	uint8_t response; /* of a request */
	const char *name;
};

/* Never NULL: an unassigned opcode is of kind ATT_UNKNOWN. */
const struct att_pdu_info *att_pdu_info(uint8_t opcode);

#endif
