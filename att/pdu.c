/* SPDX-License-Identifier: MIT */
#include "att/pdu.h"

/* Indexed by opcode, as each PDU needs a look-up. */
static const struct att_pdu_info infos[] = {
	[ATT_ERROR_RSP] = { ATT_ERROR_RSP, ATT_RESPONSE, 0, "Error Response" },
	[ATT_MTU_REQ] = { ATT_MTU_REQ, ATT_REQUEST, ATT_MTU_RSP, "Exchange MTU Request" },
	[ATT_MTU_RSP] = { ATT_MTU_RSP, ATT_RESPONSE, 0, "Exchange MTU Response" },
	[ATT_FIND_INFO_REQ] = { ATT_FIND_INFO_REQ, ATT_REQUEST, ATT_FIND_INFO_RSP,
	  "Find Information Request" },
	[ATT_FIND_INFO_RSP] = { ATT_FIND_INFO_RSP, ATT_RESPONSE, 0, "Find Information Response" },
	[ATT_FIND_BY_TYPE_REQ] = { ATT_FIND_BY_TYPE_REQ, ATT_REQUEST, ATT_FIND_BY_TYPE_RSP,
	  "Find By Type Value Request" },
	[ATT_FIND_BY_TYPE_RSP] = { ATT_FIND_BY_TYPE_RSP, ATT_RESPONSE, 0, "Find By Type Value Response" },
	[ATT_READ_TYPE_REQ] = { ATT_READ_TYPE_REQ, ATT_REQUEST, ATT_READ_TYPE_RSP,
	  "Read By Type Request" },
	[ATT_READ_TYPE_RSP] = { ATT_READ_TYPE_RSP, ATT_RESPONSE, 0, "Read By Type Response" },
	[ATT_READ_REQ] = { ATT_READ_REQ, ATT_REQUEST, ATT_READ_RSP, "Read Request" },
	[ATT_READ_RSP] = { ATT_READ_RSP, ATT_RESPONSE, 0, "Read Response" },
	[ATT_READ_BLOB_REQ] = { ATT_READ_BLOB_REQ, ATT_REQUEST, ATT_READ_BLOB_RSP,
	  "Read Blob Request" },
	[ATT_READ_BLOB_RSP] = { ATT_READ_BLOB_RSP, ATT_RESPONSE, 0, "Read Blob Response" },
	[ATT_READ_MULTI_REQ] = { ATT_READ_MULTI_REQ, ATT_REQUEST, ATT_READ_MULTI_RSP,
	  "Read Multiple Request" },
	[ATT_READ_MULTI_RSP] = { ATT_READ_MULTI_RSP, ATT_RESPONSE, 0, "Read Multiple Response" },
	[ATT_READ_GROUP_REQ] = { ATT_READ_GROUP_REQ, ATT_REQUEST, ATT_READ_GROUP_RSP,
	  "Read By Group Type Request" },
	[ATT_READ_GROUP_RSP] = { ATT_READ_GROUP_RSP, ATT_RESPONSE, 0, "Read By Group Type Response" },
	[ATT_WRITE_REQ] = { ATT_WRITE_REQ, ATT_REQUEST, ATT_WRITE_RSP, "Write Request" },
	[ATT_WRITE_RSP] = { ATT_WRITE_RSP, ATT_RESPONSE, 0, "Write Response" },
	[ATT_PREPARE_REQ] = { ATT_PREPARE_REQ, ATT_REQUEST, ATT_PREPARE_RSP,
	  "Prepare Write Request" },
	[ATT_PREPARE_RSP] = { ATT_PREPARE_RSP, ATT_RESPONSE, 0, "Prepare Write Response" },
	[ATT_EXECUTE_REQ] = { ATT_EXECUTE_REQ, ATT_REQUEST, ATT_EXECUTE_RSP,
	  "Execute Write Request" },
	[ATT_EXECUTE_RSP] = { ATT_EXECUTE_RSP, ATT_RESPONSE, 0, "Execute Write Response" },
	[ATT_NOTIFY] = { ATT_NOTIFY, ATT_NOTIFICATION, 0, "Handle Value Notification" },
	[ATT_INDICATE] = { ATT_INDICATE, ATT_INDICATION, ATT_CONFIRM, "Handle Value Indication" },
	[ATT_CONFIRM] = { ATT_CONFIRM, ATT_CONFIRMATION, 0, "Handle Value Confirmation" },
	[ATT_READ_MULTI_VAR_REQ] = { ATT_READ_MULTI_VAR_REQ, ATT_REQUEST, ATT_READ_MULTI_VAR_RSP,
	  "Read Multiple Variable Request" },
	[ATT_READ_MULTI_VAR_RSP] = { ATT_READ_MULTI_VAR_RSP, ATT_RESPONSE, 0,
	  "Read Multiple Variable Response" },
	[ATT_NOTIFY_MULTI] = { ATT_NOTIFY_MULTI, ATT_NOTIFICATION, 0,
	  "Multiple Handle Value Notification" },
};

/* Opcodes far above the others */
static const struct att_pdu_info commands[] = {
	{ ATT_WRITE_CMD, ATT_COMMAND, 0, "Write Command" },
	{ ATT_SIGNED_WRITE_CMD, ATT_COMMAND, 0, "Signed Write Command" },
};

const struct att_pdu_info *att_pdu_info(uint8_t opcode)
{
	static const struct att_pdu_info unknown = { 0, ATT_UNKNOWN, 0, "unknown" };

	if (opcode < sizeof(infos) / sizeof(infos[0]) && infos[opcode].opcode)
		return &infos[opcode];
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (commands[i].opcode == opcode)
			return &commands[i];
	}
	return &unknown;
}
